"""Network: the weights of a two-layer teacher or student; Architecture: the shape of any."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.types import Array, ArrayLike
from tutelage.base.value import Shown
from tutelage.layout import Layout
from tutelage.weights import Normal, Weights, as_bias_law, as_weight_law

if TYPE_CHECKING:
    import torch

LAYERS = ("W", "b", "a", "c")
"""The layers of a two-layer network in the order of θ."""


class Network(eqx.Module):
    r"""A two-layer network :math:`f(x) = \sum_i a_i\,\sigma(w_i\cdot x + b_i) + c`.

    Parameters
    ----------
    W : array_like, shape (k, d)
        Rows are neurons.
    a : array_like, shape (k,) or (m, k)
        Read-out, of one output or of m; the PyTorch shape (1, k) is one output.
    activation : Activation or str
        For example ``Erf()`` or ``"erf"``.
    b : array_like, shape (k,), optional
        Hidden biases.
    c : array_like, shape () or (m,), optional
        Output bias.

    Raises
    ------
    InputError
        Mismatched, empty, complex or non-finite arrays; unknown activation.

    Examples
    --------
    >>> Network([[1.0, 2.0]], [3.0], "linear")([1.0, 1.0])
    array(9.)
    >>> Network([[1.0, 2.0]], [[3.0], [1.0]], "linear", b=[0.5])([1.0, 1.0])
    array([10.5,  3.5])
    """

    W: np.ndarray
    a: np.ndarray
    activation: Activation = eqx.field(static=True)
    b: np.ndarray | None
    c: np.ndarray | None

    def __init__(
        self,
        W: ArrayLike,
        a: ArrayLike,
        activation: Activation | str,
        b: ArrayLike | None = None,
        c: ArrayLike | None = None,
    ):
        self.W = check.float_array(W, "Network", "W", ndim=2)
        self.a = _read_out(check.float_array(a, "Network", "a"), self.W.shape)
        self.activation = as_activation(activation)
        self.b = _bias(b, "b", self.W.shape[:1])
        self.c = _bias(c, "c", self.a.shape[:-1])

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.W.shape[1]

    @property
    def k(self) -> int:
        """Hidden width."""
        return self.W.shape[0]

    @property
    def n_outputs(self) -> int:
        """m."""
        return 1 if self.a.ndim == 1 else self.a.shape[0]

    @property
    def layers(self) -> dict[str, np.ndarray]:
        """The arrays it has by name, in the order of θ: W, b, a, c."""
        arrays = {"W": self.W, "b": self.b, "a": self.a, "c": self.c}
        return {name: array for name, array in arrays.items() if array is not None}

    @property
    def layout(self) -> Layout:
        """Where they stand in θ."""
        return Layout({name: array.shape for name, array in self.layers.items()})

    @property
    def n_params(self) -> int:
        """P = k d + m k, and the biases."""
        return self.layout.size

    @property
    def theta(self) -> np.ndarray:
        """All parameters, W row-major, b, a row-major, c: shape (P,)."""
        return self.layout.flatten(self.layers)

    def with_layers(self, layers: Mapping[str, Array]) -> Network:
        """The network with these arrays in place of its own."""
        return Network(activation=self.activation, **{**self.layers, **layers})

    @classmethod
    def from_torch(cls, module: torch.nn.Module, activation: Activation | str | None = None) -> Network:
        """The network that a torch module of two linear layers computes, its biases included.

        The activation is that of the module between them, unless named here. Checked: both give the same outputs.

        Raises
        ------
        InputError
            Other layers, an activation that tutelage has not, a module that computes something else.
        MissingExtraError
            Without torch.
        """
        from tutelage.network_torch import layers_of_module, require_same_function

        who = f"{cls.__name__}.from_torch"
        layers, activation = layers_of_module(module, activation, who)
        network = cls(activation=activation, **layers)
        require_same_function(module, network, network.d, who)
        return network

    def with_theta(self, theta: ArrayLike) -> Network:
        """The network of the same shape with these parameters."""
        theta = check.float_array(theta, "Network.with_theta", "theta", ndim=1)
        check.same_length(theta.size, self.n_params, "Network.with_theta", "the length of theta and P")
        return self.with_layers(self.layout.split(theta))

    @float64
    def __call__(self, x: ArrayLike) -> np.ndarray:
        """f(x) for inputs of shape (..., d): shape (...), or (..., m) for several outputs."""
        x = check.float_array(x, "Network", "x")
        check.same_length(x.shape[-1] if x.ndim else 1, self.d, "Network", "the last dimension of x and d")
        x = np.atleast_1d(x)
        return np.asarray(evaluate(lambda u: np.asarray(self.activation(jnp.asarray(u))), self.layers, x))

    def _shape(self) -> str:
        parts = f"d={self.d}, k={self.k}" + (f", m={self.n_outputs}" if self.a.ndim > 1 else "")
        biases = "".join(f", {name}" for name in ("b", "c") if name in self.layers)
        return f"{parts}{biases}, P={self.n_params}"

    def __repr__(self) -> str:
        return f"Network({self.activation.spec}, {self._shape()})"

    def _repr_html_(self) -> str:
        return f"<b>Network</b> <code>{self.activation.spec}</code>: {self._shape().replace('=', ' = ')}"


def evaluate(activation: Callable[[Array], Array], layers: Mapping[str, Array], x: Array) -> Array:
    """f(x) of a two-layer network with these layers, NumPy or traced, x (..., d)."""
    u = x @ layers["W"].T
    value = activation(u + layers["b"] if "b" in layers else u) @ layers["a"].T
    return value + layers["c"] if "c" in layers else value


def _read_out(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(k,) or (m, k), one output being (k,)."""
    k = shape[0]
    if a.ndim not in (1, 2) or a.shape[-1] != k:
        of_a = a.ndim == 2 and a.shape[0] == k
        turned = (
            "transpose a, whose rows are outputs"
            if of_a
            else "rows of W are neurons (transpose W if it is (d, k))"
        )
        raise InputError(
            f"Network: expected a of shape ({k},), or (m, {k}) for m outputs, for W of shape {shape}, got {a.shape}; "
            f"{turned}"
        )
    return a[0] if a.ndim == 2 and len(a) == 1 else a


def _bias(value: ArrayLike | None, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    if value is None:
        return None
    bias = check.float_array(value, "Network", name)
    if bias.size != math.prod(shape) or bias.ndim > 1:
        layer = "one number for every neuron" if name == "b" else "one number for every output"
        raise InputError(f"Network: expected {name} of shape {shape}, {layer}, got {bias.shape}")
    return bias.reshape(shape)


def require_network(network: object, who: str) -> Network:
    """A network; one in which an operation on trees has put arrays that are not float64 is refused too."""
    if not isinstance(network, Network):
        raise InputError(
            f"{who}: expected a Network, got {type(network).__name__}; see tutelage.Network(W, a, activation)"
        )
    dtypes = sorted({str(array.dtype) for array in network.layers.values()} - {"float64"})
    if dtypes:
        raise InputError(
            f"{who}: expected a Network of float64 arrays, got {', '.join(dtypes)} in it; make it anew with "
            "Network(W, a, activation), which converts them"
        )
    return network


def require_plain(network: Network, who: str) -> Network:
    """A network with one output and no biases, which is all that the formulas of the caller hold for."""
    require_network(network, who)
    names = {"b": "hidden biases b", "c": "an output bias c"}
    found = [words for name, words in names.items() if name in network.layers]
    if network.n_outputs > 1:
        found.append(f"{network.n_outputs} outputs")
    if found:
        raise NotAvailableError(
            f"{who}: expected a network with one output and without biases, got one with {' and '.join(found)}; "
            "its formulas hold for f(x) = sum a_i sigma(w_i.x) alone"
        )
    return network


@dataclasses.dataclass(frozen=True)
class Architecture(Shown):
    """The shape of a fully connected network, without weights.

    Parameters
    ----------
    widths : tuple of int
        Layer sizes from the input on: ``(d, k, 1)`` for the two-layer network.
    activations : Activation, str or tuple of them
        One per hidden layer; a single one is used for all. The output layer is linear.
    biases : bool or tuple of bool
        One per weight layer (hidden layers and the output); a single one is used for all.

    Examples
    --------
    >>> Architecture((10, 20, 1), "erf").n_params
    220
    """

    widths: tuple[int, ...]
    activations: tuple[Activation, ...]
    biases: tuple[bool, ...]

    def __init__(
        self,
        widths: Sequence[int],
        activations: Activation | str | Sequence[Activation | str],
        biases: bool | Sequence[bool] = False,
    ):
        widths = tuple(check.integer(w, "Architecture", "width") for w in widths)
        if len(widths) < 2:
            raise InputError(f"Architecture: expected at least an input and an output width, got {widths}")
        n_layers = len(widths) - 1
        if isinstance(activations, (Activation, str)):
            activations = (activations,) * (n_layers - 1)
        if isinstance(biases, (bool, np.bool_)):
            biases = (bool(biases),) * n_layers
        if not isinstance(biases, Sequence) or not all(isinstance(b, (bool, np.bool_)) for b in biases):
            raise InputError(
                f"Architecture: expected True or False as biases, or a tuple of them, got {biases!r}"
            )
        activations = tuple(as_activation(s) for s in activations)
        check.same_length(len(activations), n_layers - 1, "Architecture", "activations and hidden layers")
        check.same_length(len(biases), n_layers, "Architecture", "biases and weight layers")
        object.__setattr__(self, "widths", widths)
        object.__setattr__(self, "activations", activations)
        object.__setattr__(self, "biases", tuple(bool(b) for b in biases))

    @property
    def n_params(self) -> int:
        """P, weights and biases."""
        pairs = zip(self.widths[:-1], self.widths[1:], self.biases, strict=True)
        return sum(m * n + (n if bias else 0) for m, n, bias in pairs)

    @classmethod
    def of(cls, network: Network) -> Architecture:
        """The architecture of a two-layer network."""
        biases = ("b" in network.layers, "c" in network.layers)
        return cls((network.d, network.k, network.n_outputs), network.activation, biases)


def layer_rng(seed: int, realization: int, layer: int, shape: tuple[int, ...] = ()) -> np.random.Generator:
    """The random stream of one layer of one realization: the same on any machine, in any order.

    Streams of different ``shape`` are independent; without one, arrays of different sizes begin with the same numbers.
    """
    seed, realization = (
        check.seed(seed, "layer_rng"),
        check.integer(realization, "layer_rng", "realization", minimum=0),
    )
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(realization, layer, *shape)))


def sample_teacher(
    activation: Activation | str,
    d: int,
    k: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    realization: int = 0,
    biases: Weights | None = None,
    outputs: int = 1,
    *,
    coupled: bool = False,
) -> Network:
    """A random teacher: entries of W have variance 1/d, of a 1/k ([C25] section 1.1).

    Teachers of different seeds, realizations or sizes (d, k) are independent; those that differ in activation, weight
    law or number of outputs only are made from the same random numbers.

    Parameters
    ----------
    activation : Activation or str
    d, k : int
        Input dimension and hidden width.
    seed : int
        Entropy of a NumPy SeedSequence; layer l of realization r uses the spawn key (r, l, d, k).
    weights : WeightLaw, str or frozen scipy.stats distribution
        Scaled to variance 1/fan-in where the variance exists, else by quartiles (:class:`WeightLaw`).
    realization : int
        Index of the teacher; each has its own stream.
    biases : as ``weights``, optional
        Hidden biases of variance 1/d and output biases of variance 1/k, scaled like the weights beside them; without
        any by default, or with ``"none"``.
    outputs : int
        m; W and one output's read-out do not depend on it.
    coupled : bool
        Leave d and k out of the spawn key, (r, l), as tutelage did before streams were keyed by size: teachers of
        different sizes then begin with the same numbers, which correlates them (the smallest eigenvalues of linear
        teachers at d = k = 70 and 100 by more than 0.9), so that errors over sizes are not independent.
    """
    activation = as_activation(activation)
    d = check.integer(d, "sample_teacher", "d")
    k = check.integer(k, "sample_teacher", "k")
    seed = check.seed(seed, "sample_teacher")
    realization = check.integer(realization, "sample_teacher", "realization", minimum=0)
    law = as_weight_law(weights)
    outputs = check.integer(outputs, "sample_teacher", "outputs")
    n_params = d * k + k * outputs
    check.fits_in_memory(
        16.0 * n_params, "sample_teacher", f"a network of P = {n_params} parameters",
        f"k = {int(0.9 * check.available_bytes() / 16 / (d + outputs))} at this d", "choose a smaller d or k",
    )  # fmt: skip
    shape = () if check.flag(coupled, "sample_teacher", "coupled") else (d, k)
    W = law.sample(layer_rng(seed, realization, 0, shape), (k, d), d)
    a = law.sample(layer_rng(seed, realization, 1, shape), (outputs, k), k)
    own = as_bias_law(biases)
    if own is None:
        return Network(W, a, activation)
    b = own.sample(layer_rng(seed, realization, _BIASES[0], shape), (k,), d)
    c = own.sample(layer_rng(seed, realization, _BIASES[1], shape), (outputs,), k)
    return Network(W, a, activation, b, c)


def sample_teachers(
    activation: Activation | str,
    d: int,
    k: int,
    count: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    biases: Weights | None = None,
    outputs: int = 1,
) -> list[Network]:
    """``count`` random teachers: those of :func:`sample_teacher` with realization 0 ... count - 1.

    Parameters
    ----------
    count : int
        How many; the first ones do not depend on it.
    activation, d, k, seed, weights, biases, outputs
        As in :func:`sample_teacher`.

    Returns
    -------
    list of Network

    Raises
    ------
    InputError, AllocationError
        What :func:`sample_teacher` of one of them raises; a count below 1.

    Examples
    --------
    >>> [teacher.k for teacher in sample_teachers("erf", d=3, k=2, count=3)]
    [2, 2, 2]
    """
    count = check.integer(count, "sample_teachers", "count")
    activation, law = as_activation(activation), as_weight_law(weights)
    return [
        sample_teacher(activation, d, k, seed, law, realization, biases, outputs)
        for realization in range(count)
    ]


_BIASES = (5, 6)
"""Streams of b and c: 0 and 1 are those of the weights, 2 to 4 those of starts."""

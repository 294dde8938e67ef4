"""Network: the weights of a two-layer teacher or student."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.types import Array, ArrayLike
from tutelage.layout import Layout

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
        own = vars(self)  # an attribute of an equinox module takes ten times longer to read
        return {name: own[name] for name in LAYERS if own[name] is not None}

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
        return np.asarray(evaluate(self._activate, self.layers, x))

    def _activate(self, u: np.ndarray) -> np.ndarray:
        """Polynomials in NumPy: JAX would compile every product and sum for every number of inputs."""
        if self.activation.degree is None:
            return np.asarray(self.activation(jnp.asarray(u)))
        with np.errstate(all="ignore"):
            return np.asarray(self.activation(u))

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


def with_same_shapes(network: Network, layers: Mapping[str, np.ndarray]) -> Network:
    """``network.with_layers(layers)`` of all its layers, which takes a tenth of the time where they are finite float64 arrays
    of the shapes of its own."""
    own = network.layers
    for name, layer in layers.items():
        if layer.dtype != np.float64 or layer.shape != own[name].shape or not np.isfinite(layer).all():
            return network.with_layers(layers)
    leaves = [layers[name] for name in ("W", "a", "b", "c") if name in layers]
    return jax.tree.unflatten(jax.tree.structure(network), leaves)


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

"""Network: the weights of a two-layer teacher or student; sampling, saving and loading."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from typing import Any

import equinox as eqx
import numpy as np

from tutelage.activations import Activation, as_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.files import atomic_write
from tutelage.weights import Normal, WeightLaw, as_weight_law

_FORMAT_VERSION = 1


class Network(eqx.Module):
    r"""A two-layer network :math:`f(x) = \sum_i a_i\,\sigma(w_i\cdot x)`.

    Parameters
    ----------
    W : array_like, shape (k, d)
        Rows are neurons.
    a : array_like, shape (k,) or (1, k)
        Read-out; the PyTorch shape (1, k) is accepted.
    activation : Activation or str
        For example ``Erf()`` or ``"erf"``.

    Raises
    ------
    InputError
        Mismatched, empty, complex or non-finite arrays; unknown activation.

    Examples
    --------
    >>> Network([[1.0, 2.0]], [3.0], "linear")([1.0, 1.0])
    array(9.)
    """

    W: Any
    a: Any
    activation: Activation = eqx.field(static=True)

    def __init__(self, W: Any, a: Any, activation: Activation | str):
        self.W = check.float_array(W, "Network", "W", ndim=2)
        a = check.float_array(a, "Network", "a")
        if a.ndim == 2 and a.shape[0] == 1:
            a = a[0]
        if a.shape != self.W.shape[:1]:
            raise InputError(
                f"Network: expected a of shape ({self.W.shape[0]},) for W of shape {self.W.shape}, got {a.shape}; "
                "rows of W are neurons (transpose W if it is (d, k))"
            )
        self.a = a
        self.activation = as_activation(activation)

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.W.shape[1]

    @property
    def k(self) -> int:
        """Hidden width."""
        return self.W.shape[0]

    @property
    def n_params(self) -> int:
        """P = k d + k."""
        return self.W.size + self.a.size

    @property
    def theta(self) -> np.ndarray:
        """All parameters, W row-major, then a: shape (P,)."""
        return np.concatenate([np.ravel(self.W), self.a])

    def with_theta(self, theta: Any) -> Network:
        """The network of the same shape with these parameters."""
        theta = check.float_array(theta, "Network.with_theta", "theta", ndim=1)
        check.same_length(theta.size, self.n_params, "Network.with_theta", "the length of theta and P")
        return Network(theta[: self.W.size].reshape(self.W.shape), theta[self.W.size :], self.activation)

    def __call__(self, x: Any) -> np.ndarray:
        """f(x) for inputs of shape (..., d)."""
        import jax

        x = check.float_array(x, "Network", "x")
        check.same_length(x.shape[-1], self.d, "Network", "the last dimension of x and d")
        with jax.enable_x64(True):
            return np.asarray(np.asarray(self.activation(jax.numpy.asarray(x @ self.W.T))) @ self.a)

    def __repr__(self) -> str:
        return f"Network({self.activation.spec}, d={self.d}, k={self.k}, P={self.n_params})"

    def _repr_html_(self) -> str:
        return (
            f"<b>Network</b> <code>{self.activation.spec}</code>: "
            f"d = {self.d}, k = {self.k}, P = {self.n_params}"
        )


@dataclasses.dataclass(frozen=True)
class Architecture:
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

    def __init__(self, widths: Any, activations: Any, biases: Any = False):
        widths = tuple(check.integer(w, "Architecture", "width") for w in widths)
        if len(widths) < 2:
            raise InputError(f"Architecture: expected at least an input and an output width, got {widths}")
        n_layers = len(widths) - 1
        if isinstance(activations, (Activation, str)):
            activations = (activations,) * (n_layers - 1)
        if isinstance(biases, (bool, np.bool_)):
            biases = (bool(biases),) * n_layers
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
        return cls((network.d, network.k, 1), network.activation)


def layer_rng(seed: int, realization: int, layer: int) -> np.random.Generator:
    """The random stream of one layer of one realization: the same on any machine, in any order."""
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(realization, layer)))


def sample_teacher(
    activation: Activation | str,
    d: int,
    k: int,
    seed: int = 0,
    weights: WeightLaw | str | Any = Normal(),  # noqa: B008  (a frozen value)
    realization: int = 0,
) -> Network:
    """A random teacher: entries of W have variance 1/d, of a 1/k ([C25] section 1.1).

    Parameters
    ----------
    activation : Activation or str
    d, k : int
        Input dimension and hidden width.
    seed : int
        Entropy of a NumPy SeedSequence; layer l of realization r uses the spawn key (r, l).
    weights : WeightLaw, str or frozen scipy.stats distribution
        Scaled to variance 1/fan-in where the variance exists, else by quartiles (:class:`WeightLaw`).
    realization : int
        Index of the teacher; each has its own stream.
    """
    activation = as_activation(activation)
    d = check.integer(d, "sample_teacher", "d")
    k = check.integer(k, "sample_teacher", "k")
    seed = check.integer(seed, "sample_teacher", "seed", minimum=0)
    realization = check.integer(realization, "sample_teacher", "realization", minimum=0)
    law = as_weight_law(weights)
    W = law.sample(layer_rng(seed, realization, 0), (k, d), d)
    a = law.sample(layer_rng(seed, realization, 1), (k,), k)
    return Network(W, a, activation)


def save_network(network: Network, path: str | os.PathLike) -> None:
    """Write ``W``, ``a`` and the activation to an npz file, atomically (temporary name, then rename)."""
    with atomic_write(path, "wb", "save_network") as stream:
        np.savez(
            stream, W=network.W, a=network.a, activation=network.activation.spec, version=_FORMAT_VERSION
        )


def load_network(path: str | os.PathLike, activation: Activation | str | None = None) -> Network:
    """Read a network from an npz file with arrays ``W`` and ``a`` (and ``activation``, unless given here)."""
    who = f"load_network({str(path)!r})"
    try:
        with open(path, "rb") as stream:  # np.load leaves its own handle open when the archive is broken
            data = np.load(stream, allow_pickle=False)
            if not isinstance(data, np.lib.npyio.NpzFile):
                raise InputError(f"{who}: expected an npz archive with W and a, got a single npy array")
            arrays = {key: data[key] for key in data.files}
    except FileNotFoundError:
        raise InputError(f"{who}: no such file; check the path") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{who}: expected an npz archive, could not read it ({error}); write it again"
        ) from None
    missing = [key for key in ("W", "a") if key not in arrays]
    if missing:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(f"{who}: expected arrays W and a, missing {', '.join(missing)} (found {found})")
    _require_known_version(arrays.get("version", _FORMAT_VERSION), who)
    if activation is None:
        if "activation" not in arrays:
            raise InputError(
                f"{who}: the file names no activation; pass one (--activation on the command line)"
            )
        activation = str(arrays["activation"])
    return Network(arrays["W"], arrays["a"], activation)


def _require_known_version(version: Any, who: str) -> None:
    try:
        number = int(version)
    except (TypeError, ValueError):
        raise InputError(
            f"{who}: expected a whole number as version, got {version!r}; leave it out or write the file again"
        ) from None
    if number > _FORMAT_VERSION:
        raise InputError(f"{who}: format version {number} is newer than {_FORMAT_VERSION}; upgrade tutelage")

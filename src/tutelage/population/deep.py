"""The Hessian of a deep network at its optimum: averages over the plane of its first neurons, copies outside."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.activations.derivatives import derivative_tables
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.normal_points import normal_points
from tutelage.base.precision import float64, require_64_bit
from tutelage.base.rows import row_space
from tutelage.base.types import Array
from tutelage.deep_network import DeepNetwork
from tutelage.layout import Layout
from tutelage.operators import Copies, Entries, LossHessian, Reduction, Structure
from tutelage.population.deep_linear import DeepLinearHessian, is_identity, linear_hessian

POINTS = 2**16
"""Points by default: errors of 1e-4 of the largest eigenvalue for a few smooth neurons, 1e-3 for ten or kinked ones."""

_SETS = 8
"""Independent sets of points, between which the error is read: known to 1/sqrt(14), a quarter of itself."""

_AT_ONCE = 512

_KEPT = 2**16
"""Coordinates up to which the sets of points are kept: few take 7 ms to draw, as long as a small network's averages."""


class DeepHessian(LossHessian):
    r""":math:`H = E[J^TJ]` where the inputs enter by :math:`W_1x` alone (science D4): one block, and C outside of it.

    Attributes
    ----------
    inside : ndarray, shape (p, p)
        The Hessian of the network of r inputs, r the rank of :math:`W_1`.
    repeated : ndarray, shape (k_1, k_1)
        :math:`C = E[\delta\delta^T]`, summed over outputs, :math:`\delta_i = \partial f/\partial u_i` at the first layer.
    frame : ndarray, shape (r, d), or None
        Orthonormal rows spanning those of :math:`W_1`; None where that is all of the inputs.
    layout, inner : Layout
        Of all parameters, and of the block's.
    errors : (float, float)
        Standard errors of ``inside`` and ``repeated``, in the spectral norm.
    """

    inside: np.ndarray
    repeated: np.ndarray
    frame: np.ndarray | None
    layout: Layout = eqx.field(static=True)
    inner: Layout = eqx.field(static=True)
    errors: tuple[float, float] = eqx.field(static=True, default=(0.0, 0.0))
    semidefinite: bool = eqx.field(static=True, default=True)

    @property
    def outer(self) -> DeepHessian:
        return self

    @property
    def functional(self) -> None:
        return None

    def product(self, vector: Array) -> Array:
        require_64_bit("DeepHessian.product")
        if self.frame is None:
            return jnp.asarray(self.inside) @ vector
        layers = self.layout.split(vector)
        W = layers["W1"].reshape(len(self.repeated), -1)
        inside = W @ self.frame.T
        flat = self.inner.flatten({**layers, "W1": inside})
        images = self.inner.split(jnp.asarray(self.inside) @ flat)
        outside = self.repeated @ (W - inside @ self.frame)
        images["W1"] = images["W1"].reshape(inside.shape) @ self.frame + outside
        return self.layout.flatten(images)

    @property
    def structure(self) -> Structure:
        # Weyl: what is wrong in a matrix by this much moves no eigenvalue by more.
        return Structure(reduction=self._reduction, entries=lambda: Entries(error=max(self.errors)))

    def _reduction(self, with_frame: bool = False) -> Reduction | None:
        if self.frame is None:
            return None
        block = DeepHessian(
            self.inside, self.repeated, None, self.inner, self.inner, (self.errors[0], self.errors[0])
        )
        outside = self.frame.shape[1] - len(self.frame)
        copies = Copies(
            self.repeated,
            outside,
            frame=self.frame,
            layer="W1",
            entries=lambda: Entries(error=self.errors[1]),
        )
        return Reduction(block, (copies,), self.layout, self.frame, layer="W1")

    def dense(self) -> np.ndarray:
        return np.array(self.inside) if self.frame is None else super().dense()

    def trace(self) -> float:
        return float(np.trace(self.inside) + self._outside * np.trace(self.repeated))

    def frobenius_norm(self) -> float:
        return float(
            np.sqrt(np.linalg.norm(self.inside) ** 2 + self._outside * np.linalg.norm(self.repeated) ** 2)
        )

    @property
    def _outside(self) -> int:
        """d - r."""
        return 0 if self.frame is None else self.frame.shape[1] - len(self.frame)


def deep_hessian(
    network: DeepNetwork, *, points: int = POINTS, seed: int = 0
) -> DeepLinearHessian | DeepHessian:
    r"""H of a deep network at its optimum, the student equal to the teacher, x ~ N(0, I).

    **Linear:** exact; the non-zero eigenvalues are those of the (m d, m d) matrix N (science D1), no (P, P) matrix is formed.

    **Any other activation:** x enters by :math:`W_1x` alone. With r the rank of :math:`W_1`, the spectrum is that of
    :math:`C = E[\delta\delta^T]`, :math:`\delta = \partial f/\partial(W_1x)`, d - r times, and that of the network of r inputs
    (science D4), so that the cost does not depend on d. Both are averages over ``points`` in r dimensions, eight
    scrambles of Sobol's sequence; the differences between those are the standard errors that the spectrum carries. They
    are absolute: eigenvalues below them are not told from zero.

    Parameters
    ----------
    network : DeepNetwork
    points : int
        A power of 2 from 64 on.
    seed : int
        Of the scrambles.

    Raises
    ------
    InputError
        ``points`` that are no power of 2.
    AllocationError
        Ten matrices of the block do not fit.

    Examples
    --------
    >>> from tutelage import DeepNetwork, spectrum
    >>> found = spectrum(DeepNetwork([[[1.0, 2.0], [0.0, 1.0]], [[2.0, 0.0]], [[3.0]]], "linear"))
    >>> found.eigenvalues.round(9), found.rank
    (array([  0.        ,   0.        ,   0.        ,   0.        ,
             0.        ,  37.61638797, 108.38361203]), 2)
    >>> wide = spectrum(DeepNetwork([np.eye(1, 1000), [[0.5], [1.0]], [[1.0, -1.0]]], "tanh"))
    >>> wide.n_params, int(wide.multiplicities.max())
    (1004, 999)
    """
    check.instance(network, DeepNetwork, "deep_hessian", "network")
    seed = check.seed(seed, "deep_hessian")
    if is_identity(network):
        return linear_hessian(network)
    points = check.integer(points, "deep_hessian", "points", minimum=8 * _SETS)
    if points & (points - 1):
        raise InputError(f"deep_hessian: expected points to be a power of 2, got {points}; take {POINTS}")
    return _sampled(network, points // _SETS, seed)


def _sampled(network: DeepNetwork, points: int, seed: int) -> DeepHessian:
    coordinates, frame = row_space(network.weights[0])
    if len(frame) == network.widths[0]:
        coordinates, frame = network.weights[0], None
    inner = network.layout.reshaped(W1=coordinates.shape)
    check.fits_in_memory(
        8.0 * (_SETS + 2) * inner.size**2, "deep_hessian", f"{_SETS + 2} matrices of size {inner.size}",
        f"size {int((0.9 * check.available_bytes() / 8 / (_SETS + 2)) ** 0.5)}", "take narrower layers",
    )  # fmt: skip
    theta = inner.flatten({**network.layers, "W1": coordinates})
    x = _points(coordinates.shape[1], points, seed)
    inside, repeated = _averages(network.activation, inner, theta, x)
    errors = (_standard_error(inside), _standard_error(repeated))
    return DeepHessian(inside.mean(axis=0), repeated.mean(axis=0), frame, network.layout, inner, errors)


def _points(dimension: int, n: int, seed: int) -> np.ndarray:
    """The sets of points (sets, n, dimension), kept where they are small: many networks of one width ask for the same."""
    few = _SETS * n * dimension <= _KEPT
    return (_drawn if few else _drawn.__wrapped__)(dimension, n, seed)


@functools.lru_cache(maxsize=16)
def _drawn(dimension: int, n: int, seed: int) -> np.ndarray:
    return np.stack([normal_points(dimension, n, [seed, i]) for i in range(_SETS)])


def _standard_error(sets: np.ndarray) -> float:
    """Of the mean of independent matrices (n, p, p), in the spectral norm."""
    apart = np.abs(np.linalg.eigvalsh(sets - sets.mean(axis=0))).max(axis=1)
    return float(np.sqrt((apart**2).sum() / (len(sets) * (len(sets) - 1))))


@float64
def _averages(
    activation: Activation, layout: Layout, theta: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r""":math:`E[J^TJ]` (sets, p, p) and C (sets, k_1, k_1) over each set of points x (sets, n, r)."""
    n, p = x.shape[1], layout.size
    with np.errstate(all="ignore"):  # what is beyond float64 is refused by who asks
        gram = np.array([_gram(activation, layout, theta, points) for points in x]) / n
    return gram[:, :p, :p], gram[:, p:, p:]


def _gram(activation: Activation, layout: Layout, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The sum over points (n, r) of gradients by θ and by a shift of the first neurons, times themselves."""
    total, layers = np.zeros(()), layout.split(theta)
    for start in range(0, len(x), _AT_ONCE):
        rows = _gradients(activation, layout, layers, x[start : start + _AT_ONCE])
        total = total + rows.T @ rows
    return total


def _gradients(
    activation: Activation, layout: Layout, layers: Mapping[str, np.ndarray], x: np.ndarray
) -> np.ndarray:
    """Of every output at every point (n, r), by θ and by a shift of the first neurons, (n m, p + k_1): by hand, so that for
    every activation one elementwise function is compiled and nothing for the shape of a network."""
    weights = [W for name, W in layers.items() if name[0] == "W"]
    entering, slopes = [x], []
    for i, W in enumerate(weights[:-1], start=1):
        value, slope, _ = derivative_tables(activation, entering[-1] @ W.T + layers.get(f"b{i}", 0.0))
        entering.append(value)
        slopes.append(slope[:, None])
    m = len(weights[-1])
    delta, found = np.broadcast_to(np.eye(m), (len(x), m, m)), {}
    for i in range(len(weights), 0, -1):
        found[f"W{i}"], found[f"b{i}"] = delta[..., None] * entering[i - 1][:, None, None], delta
        if i > 1:
            delta = (delta @ weights[i - 1]) * slopes[i - 2]
    return np.concatenate([layout.flatten(found), delta], axis=-1).reshape(len(x) * m, -1)


__all__ = ["POINTS", "DeepHessian", "deep_hessian"]

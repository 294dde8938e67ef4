"""The largest eigenvalue and the trace without a spectrum: what Fisher statistics say of networks and of their teachers."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from tutelage.activations import Activation, as_activation
from tutelage.activations.closed_form import is_plain
from tutelage.activations.pair_geometry import filled, pair_geometry
from tutelage.base import check
from tutelage.base.compiled import QUICK_COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.laws.odd_network import OddGroups

_CENTRED = 1e-12
r"""Where :math:`(E\sigma)^2` is below this share of :math:`E\sigma^2`, it is round-off."""

_NODES = 24
r"""Gauss nodes over :math:`|w|^2`: exact to degree 47 in it."""


class Averages(NamedTuple):
    r"""Averages of an activation at z ~ N(0, 1), and at the lengths asked for."""

    mean: np.ndarray
    r""":math:`c_0(r)^2 = (E\sigma(rz))^2`."""
    square: np.ndarray
    r""":math:`E\sigma(rz)^2`."""
    slope: np.ndarray
    r""":math:`E\sigma'(rz)^2`."""
    unit_mean: float
    r""":math:`c_0^2` at r = 1."""
    unit_square: float
    r""":math:`\nu = E\sigma^2` at r = 1."""
    curvature: float
    r""":math:`2c_2^2 = (E\sigma'')^2` at r = 1; nan where :math:`c_0 = 0`."""


def averages(activation: Activation | str, lengths: np.ndarray) -> Averages:
    r"""What :func:`largest_eigenvalue` and :func:`mean_trace` are made of, from the kernels of independent and of equal neurons.

    Parameters
    ----------
    activation : Activation or str
    lengths : ndarray, shape (n,)
        Row norms :math:`|w_i|`.

    Examples
    --------
    >>> found = averages("relu", np.array([2.0]))
    >>> bool(np.isclose(found.mean[0], 4 / (2 * np.pi))), bool(np.isclose(found.square[0], 2.0))
    (True, True)
    """
    # Rows of length r along one axis, and a unit vector along the other: independent of all of them.
    rows = np.zeros((lengths.size + 1, 2))
    rows[0, 0], rows[1:, 0] = 1.0, lengths
    return _averages(as_activation(activation), rows)


_SMALLEST = 256
"""Rows of the tables: compiled once for all widths below it, which takes longer than the tables."""


@float64
def _averages(sigma: Activation, rows: np.ndarray) -> Averages:
    product, bent, square, slope = _plain_tables(sigma, rows) or (
        np.asarray(table)[: len(rows)] for table in _tables(sigma, filled(rows, smallest=_SMALLEST))
    )
    unit = max(float(product[0]), 0.0)
    centred = unit < _CENTRED * square[0]
    mean = np.zeros(len(rows)) if centred else product**2 / unit
    curvature = float("nan") if centred else float(bent[0]) ** 2 / unit
    return Averages(mean[1:], square[1:], slope[1:], 0.0 if centred else unit, float(square[0]), curvature)


def _plain_tables(sigma: Activation, rows: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """``_tables`` in NumPy, where that has them."""
    beside, each = np.array([[0.0, 1.0]]), rows[:, None]
    if not is_plain(sigma, rows, beside):
        return None
    apart, equal = sigma.plain_moments(rows, beside), sigma.plain_moments(each, each)
    return apart.k00[:, 0], apart.k20[:, 0], equal.k00[:, 0, 0], equal.k11[:, 0, 0]


@functools.partial(jax.jit, static_argnums=0, compiler_options=QUICK_COMPILATION)
def _tables(sigma: Activation, rows: jax.Array) -> tuple[jax.Array, ...]:
    """E[s(u)s(v)] and E[s''(u)s(v)] beside an independent unit neuron; E s^2 and E s'^2, for every row."""
    beside = jnp.zeros((1, rows.shape[1])).at[0, 1].set(1.0)
    apart = sigma.moments(pair_geometry(rows, beside), 1)
    equal = sigma.moments(pair_geometry(rows, rows), 1)
    return apart.k00[:, 0], apart.k20[:, 0], jnp.diagonal(equal.k00), jnp.diagonal(equal.k11)


def largest_eigenvalue(W: np.ndarray, a: np.ndarray, activation: Activation | str) -> float:
    r"""The largest Hessian eigenvalue of given weights, predicted for large d and k.

    .. math:: \lambda_{\max} = \sum_i c_0(|w_i|)^2 + 2c_2^2|a|^2 + \mathrm{Var}\,\sigma + c_2^2\,k/d + o(1)

    for every activation with :math:`c_0 = E\sigma \ne 0`, :math:`c_0(r) = E\sigma(rz)`, :math:`c_2` the second normalised
    Hermite coefficient (:math:`E\sigma'' = \sqrt2c_2`): an outlier that grows like k ([Ka18]; the terms of order one are
    ours, science 13b). For an odd activation there is none, and the largest is the top edge of :class:`OddGroups`
    (science 8a). The rms error falls from (40, 40) to (160, 160), relu: 0.095 to 0.012 of 26.

    Parameters
    ----------
    W, a : ndarray, shape (k, d) and (k,)
    activation : Activation or str

    Raises
    ------
    InputError
        The activation has mean 0 and is not odd: no prediction is known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> W, a = rng.normal(size=(40, 50)) / 50**0.5, rng.normal(size=40) / 40**0.5
    >>> 0.9 < largest_eigenvalue(W, a, "quadratic:alpha=1.0") / (40 + 7 + 3.2) < 1.1
    True
    """
    who = "largest_eigenvalue"
    W, a = check.float_array(W, who, "W", ndim=2), check.float_array(a, who, "a", ndim=1)
    check.same_length(len(W), len(a), who, "rows of W and read-outs")
    sigma, (k, d) = as_activation(activation), W.shape
    if sigma.parity == "odd":
        if sigma.degree == 1:
            assert sigma.coefficients is not None
            return float(sigma.coefficients[1] ** 2 * (a @ a + np.linalg.norm(W, 2) ** 2))
        return float(OddGroups(W, a, sigma).top[0])
    found = _with_mean(sigma, np.linalg.norm(W, axis=1), who)
    return float(found.mean.sum()) + _order_one(found, float(a @ a), k / d)


def largest_step(W: np.ndarray, a: np.ndarray, activation: Activation | str) -> float:
    r"""The largest learning rate at which gradient descent near the optimum is stable: :math:`2/\lambda_{\max}`.

    About :math:`2/(kc_0^2)` where :math:`E\sigma \ne 0`: :math:`4\pi/k` for ReLU, :math:`2/(k\alpha^2)` for
    :math:`u + \alpha u^2` (science 13b). Arguments as in :func:`largest_eigenvalue`.

    Examples
    --------
    >>> round(largest_step(np.eye(2), np.ones(2), "linear"), 12)  # largest eigenvalue |a|^2 + 1
    0.666666666667
    """
    return 2 / largest_eigenvalue(W, a, activation)


def mean_largest(activation: Activation | str, d: int, k: int) -> float:
    r"""Mean of :func:`largest_eigenvalue` over Gaussian teachers, :math:`E\sigma \ne 0`.

    Examples
    --------
    >>> round(mean_largest("quadratic:alpha=1.0", d=40, k=40), 9)  # k (1 + 2/d) + 4 + 3 + 2
    51.0
    """
    d, k = check.integer(d, "mean_largest", "d"), check.integer(k, "mean_largest", "k")
    squares, weights = _chi_square_rule(d)
    found = _with_mean(as_activation(activation), np.sqrt(squares), "mean_largest")
    return k * float(weights @ found.mean) + _order_one(found, 1.0, k / d)


def mean_trace(activation: Activation | str, d: int, k: int) -> float:
    r"""E tr H over Gaussian teachers, exact at every size, for any activation.

    .. math:: E\,\mathrm{tr}\,H = k\,E\,\nu(q) + d\,E[q\,\nu_1(q)],\qquad q \sim \chi^2_d/d,

    :math:`\nu(q) = E\sigma(\sqrt q z)^2, \nu_1(q) = E\sigma'(\sqrt q z)^2` (science 13a, the mean of
    :math:`E[|x|^2\sigma'(w\cdot x)^2]` taken over w first). The mean eigenvalue is that over k(d + 1): of order 1/k, as in
    [Ka18]. One network's trace and second moment: ``trace()`` and ``frobenius_norm()`` of
    ``tutelage.hessian_at_optimum``.

    Examples
    --------
    >>> round(mean_trace("linear", d=30, k=12), 9), round(mean_trace("quadratic:alpha=0.5", d=20, k=10), 9)
    (42.0, 60.25)
    """
    d, k = check.integer(d, "mean_trace", "d"), check.integer(k, "mean_trace", "k")
    squares, weights = _chi_square_rule(d)
    found = averages(activation, np.sqrt(squares))
    return float(weights @ (k * found.square + d * squares * found.slope))


def _with_mean(sigma: Activation, lengths: np.ndarray, who: str) -> Averages:
    found = averages(sigma, lengths)
    if found.unit_mean == 0:
        raise InputError(
            f"{who}: expected an activation with E sigma(z) != 0 (relu, gelu, cos, quadratic), got {sigma.spec}, "
            "whose mean is 0: no outlier is known for it; take the spectrum"
        )
    return found


def _order_one(found: Averages, length: float, aspect: float) -> float:
    return found.curvature * (length + aspect / 2) + found.unit_square - found.unit_mean


def _chi_square_rule(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes and weights of chi^2_d/d: Laguerre's of order d/2 - 1, by their tridiagonal matrix."""
    i, order = np.arange(_NODES), d / 2 - 1
    nodes, vectors = scipy.linalg.eigh_tridiagonal(2 * i + 1 + order, np.sqrt(i[1:] * (i[1:] + order)))
    return np.maximum(nodes, 0) * 2 / d, vectors[0] ** 2

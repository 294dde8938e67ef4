r"""The Hessian of phase retrieval at a random start: when does its lowest eigenvector see the signal? (science 17)

Student and teacher are single neurons, \|w\| = \|w_*\| = 1, w ⟂ w_*; u = w·x and v = w_*·x. The loss
:math:`(v^2 - u^2)^2 / 4(A + v^2)` has, at n = αd samples,

.. math:: H_n = \frac1n\sum T\,xx^\top,\qquad T = \frac{3u^2 - v^2}{A + v^2} \ge -1 .
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import erfcx

from tutelage.base import check
from tutelage.base.value import Value
from tutelage.teachers import layer_rng

_FAR = 12.0  # where the normal density is 1e-32


@dataclasses.dataclass(frozen=True)
class RandomStart(Value):
    r"""The left end of the spectrum of H_n.

    Attributes
    ----------
    edge : float
        Left edge of the bulk.
    lowest : float
        The lowest eigenvalue: below the edge where there is an outlier, the edge otherwise.
    overlap : float
        Squared overlap of its eigenvector with w_*; 0 without an outlier.
    """

    edge: float
    lowest: float
    overlap: float


def phase_retrieval_start(alpha: float, offset: float = 1.0) -> RandomStart:
    r"""The edge, the outlier along w_* and its overlap, as d → ∞ at n = αd.

    .. math::
        z(m) = -\frac1m + E\Bigl[\frac T{1 + Tm/\alpha}\Bigr],\qquad s(m) = E\Bigl[\frac{T\,v^2}{1 + Tm/\alpha}\Bigr],\qquad
        0 < m < \alpha .

    The edge is the maximum of z; the outlier is where z = s before it, and its overlap :math:`1/(1 - ds/dz)`.

    Parameters
    ----------
    alpha : float
        n/d > 0.
    offset : float
        A > 0. At A = 0 the edge runs off like log n, and there is no sharp transition.

    Raises
    ------
    InputError
        α or A is not positive.

    Notes
    -----
    Ours; compare [BBC24]. At d = 800 three runs stay within 0.015 of every number. The average over u is closed
    (a scaled complementary error function), that over v a quadrature of error 1e-12. Science 17.1.

    Examples
    --------
    >>> start = phase_retrieval_start(alpha=10.0)
    >>> round(start.edge, 3), round(start.lowest, 3), round(start.overlap, 3)
    (0.244, 0.122, 0.712)
    """
    who = "phase_retrieval_start"
    alpha, offset = (
        check.number(alpha, who, "alpha", above=0.0),
        check.number(offset, who, "offset", above=0.0),
    )
    m_edge, edge = _edge(alpha, offset)
    gap = lambda m: _z(m, alpha, offset) - _s(m, alpha, offset)  # noqa: E731
    if gap(m_edge) <= 0:
        return RandomStart(edge, edge, 0.0)
    # As m -> 0 z falls without bound while s tends to E T v²: the gap changes its sign once.
    m = float(brentq(gap, 1e-9 * m_edge, m_edge, xtol=1e-15, rtol=1e-14))
    step = 1e-4 * m
    rise = [f(m + step, alpha, offset) - f(m - step, alpha, offset) for f in (_s, _z)]
    return RandomStart(edge, _z(m, alpha, offset), 1 / (1 - rise[0] / rise[1]))


def phase_retrieval_transition(offset: float = 1.0) -> float:
    r"""α above which the lowest eigenvector of a random start overlaps with w_*: z = s at the edge itself.

    Parameters
    ----------
    offset : float
        A > 0.

    Examples
    --------
    >>> round(phase_retrieval_transition(), 4)
    1.1349
    """
    offset = check.number(offset, "phase_retrieval_transition", "offset", above=0.0)

    def gap(alpha: float) -> float:
        m, edge = _edge(alpha, offset)
        return edge - _s(m, alpha, offset)

    low, high = 1.0, 1.0
    while gap(low) > 0:
        low /= 2
    while gap(high) <= 0:
        high *= 2
    return float(brentq(gap, low, high, xtol=1e-12))


def simulate_phase_retrieval_start(d: int, n: int, offset: float = 1.0, seed: int = 0) -> RandomStart:
    """The same numbers from one drawn sample; ``edge`` is the second eigenvalue.

    Parameters
    ----------
    d, n : int
        Dimension (at least 3) and samples.
    offset, seed
        A, and the seed of the inputs.

    Examples
    --------
    >>> found, limit = simulate_phase_retrieval_start(d=200, n=4000), phase_retrieval_start(alpha=20.0)
    >>> bool(abs(found.lowest - limit.lowest) < 0.1)
    True
    """
    who = "simulate_phase_retrieval_start"
    d, n = check.integer(d, who, "d", minimum=3), check.integer(n, who, "n")
    offset = check.number(offset, who, "offset", above=0.0)
    X = layer_rng(check.seed(seed, who), 0, 0, (d,)).standard_normal((n, d))
    u, v = X[:, 0], X[:, 1]
    values, vectors = np.linalg.eigh((X.T * ((3 * u**2 - v**2) / (offset + v**2))) @ X / n)
    return RandomStart(float(values[1]), float(values[0]), float(vectors[1, 0] ** 2))


def _edge(alpha: float, offset: float) -> tuple[float, float]:
    """Where z(m) is largest, and that value."""
    found = minimize_scalar(
        lambda m: -_z(m, alpha, offset),
        bounds=(0.0, alpha * (1 - 1e-12)),
        method="bounded",
        options={"xatol": 1e-13 * alpha},
    )
    return float(found.x), float(-found.fun)


def _z(m: float, alpha: float, offset: float) -> float:
    return -1 / m + _mean(m / alpha, offset, 0)


def _s(m: float, alpha: float, offset: float) -> float:
    return _mean(m / alpha, offset, 2)


def _mean(c: float, offset: float, power: int) -> float:
    r"""E[T v^p / (1 + cT)].

    :math:`T/(1 + cT) = \frac1c - \frac{A + v^2}{3c^2}\frac1{u^2 + b^2}`, :math:`b^2 = (A + (1 - c)v^2)/3c`, and
    :math:`E\frac{b}{u^2 + b^2} = \sqrt{\pi/2}\,\mathrm{erfcx}(b/\sqrt2)`.
    """
    v, weight = _half_line(min(offset, 1.0))
    b = np.sqrt((offset + (1 - c) * v**2) / (3 * c))
    inner = 1 / c - (offset + v**2) / (3 * c**2) * np.sqrt(np.pi / 2) * erfcx(b / np.sqrt(2)) / b
    return float(weight @ (inner * v**power))


@functools.lru_cache(maxsize=16)
def _half_line(offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes v > 0 and weights of E over the even functions met: v = √A sinh t, for they bend at |v| ~ √A."""
    width = np.sqrt(offset)
    t, step = np.linspace(0.0, np.arcsinh(_FAR / width), 1001, retstep=True)
    v, density = width * np.sinh(t), width * np.cosh(t)
    weight = 2 * step * density * np.exp(-(v**2) / 2) / np.sqrt(2 * np.pi)
    weight[0] /= 2
    return v, weight

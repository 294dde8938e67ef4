r"""The Bayes-optimal error of a quadratic network of extensive width from n = αd² samples ([M24]; science 12a).

κ = m_*/d, and S = d A_* has the Marchenko-Pastur spectrum of mean 1 and variance 1/κ as d → ∞. The samples act like one
look at S through Gaussian noise of variance t. Spectrum of :math:`S + \sqrt t\,\mathrm{GOE}`, error and t follow from

.. math::
    z = t\,g + \frac{\kappa}{\kappa - g} + \frac1g, \quad \rho_t = \frac1\pi\operatorname{Im} g,\qquad
    \mathrm{MMSE}(t) = t - \frac{4\pi^2}{3}t^2\int\rho_t^3,\qquad 2\alpha t = \mathrm{MMSE}(t) + \frac{\Delta}{2}.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Value

_FINEST = 2**14  # nodes an interval: reached only where two parts of the spectrum are about to touch
_TOLERANCE = 1e-11
_NEWTON = 4  # steps from Cardano's root, whose cancelled digits are at most half of all


@dataclasses.dataclass(frozen=True)
class Mmse(Value):
    r"""``value`` of :math:`\lim\frac1d E\|\hat S - S\|^2` with its numerical ``error``, at noise variance ``t``.

    ``relative`` is :math:`\|\hat A - A_*\|^2/\|A_*\|^2`, the error of which 1 is the answer zero.
    """

    value: float
    error: float
    t: float
    kappa: float

    @property
    def relative(self) -> float:
        """MMSE / (1 + 1/κ)."""
        return self.value / (1 + 1 / self.kappa)


def recovery_threshold(kappa: float) -> float:
    """κ − κ²/2, ½ for κ ≥ 1: n/d² above which the Bayes-optimal error is zero, m_* = κd known and labels without noise.

    It is the leading order of N_eff with frozen read-outs, and of n_c too.

    Examples
    --------
    >>> recovery_threshold(0.5), recovery_threshold(3.0)
    (0.375, 0.5)
    """
    kappa = check.number(kappa, "recovery_threshold", "kappa", above=0.0)
    return kappa - kappa**2 / 2 if kappa < 1 else 0.5


def shrinkage_mmse(kappa: float, t: float) -> Mmse:
    r"""MMSE(t): the error of the best estimate of S from :math:`S + \sqrt t\,\mathrm{GOE}` (off-diagonal variance t/d).

    Parameters
    ----------
    kappa : float
        m_*/d > 0.
    t : float
        Variance of the noise, > 0.

    Raises
    ------
    InputError
        An argument is not positive and finite.

    Notes
    -----
    The estimate keeps the eigenvectors and shrinks the eigenvalues. ``error`` is the difference from half the nodes.
    Source: [M24]; science 12a.

    Examples
    --------
    As κ grows S becomes a semicircle of variance 1/κ, for which shrinkage is linear: t / (1 + κ t).

    >>> found = shrinkage_mmse(1e6, t=1e-6)
    >>> bool(abs(found.value / 0.5e-6 - 1) < 1e-5)
    True
    """
    who = "shrinkage_mmse"
    kappa, t = check.number(kappa, who, "kappa", above=0.0), check.number(t, who, "t", above=0.0)
    cube, error = _cubed_density(kappa, t)
    factor = 4 * np.pi**2 / 3 * t**2
    return Mmse(t - factor * cube, factor * error + 4e-15 * t, t, kappa)


def bayes_optimal_error(kappa: float, alpha: float, noise: float = 0.0) -> Mmse:
    r"""The Bayes-optimal error at n = αd² samples, where m_* = κd is known.

    Parameters
    ----------
    kappa, alpha : float
        m_*/d > 0 and n/d² ≥ 0.
    noise : float
        Variance Δ of the label noise on the scale :math:`y = \operatorname{tr} S(xx^\top - 1)/\sqrt d`.

    Raises
    ------
    InputError
        κ ≤ 0, or α or the noise below 0.

    Notes
    -----
    Without noise it is 0 from :func:`recovery_threshold` on, and 1/κ at α = 0 (the trace alone is known). The population
    loss of the quadratic problem is about MMSE/(2d). Source: [M24]; science 12a.

    Examples
    --------
    >>> found = bayes_optimal_error(kappa=0.5, alpha=0.275)
    >>> round(found.value * found.kappa, 4)
    0.1841
    """
    who = "bayes_optimal_error"
    kappa = check.number(kappa, who, "kappa", above=0.0)
    alpha, noise = (
        check.number(alpha, who, "alpha", minimum=0.0),
        check.number(noise, who, "noise", minimum=0.0),
    )
    if alpha == 0:
        return Mmse(1 / kappa, 0.0, math.inf, kappa)
    if noise == 0 and alpha >= recovery_threshold(kappa):
        return Mmse(0.0, 0.0, 0.0, kappa)
    # 0 <= MMSE <= 1/κ bounds t on both sides; without noise only from above.
    high = (1 / kappa + noise / 2) / (2 * alpha)
    excess = lambda t: (shrinkage_mmse(kappa, t).value + noise / 2) / t - 2 * alpha  # noqa: E731
    low = 0.99 * noise / (4 * alpha) if noise else _bracket(excess, high)
    t = brentq(excess, low, 1.01 * high, xtol=1e-300, rtol=1e-13)
    found = shrinkage_mmse(kappa, t)
    return Mmse(found.value, _propagated(found, kappa, alpha), t, kappa)


def _bracket(excess: Callable[[float], float], high: float) -> float:
    """A t at which the right side of the fixed point is still above the left."""
    low = high / 4
    while excess(low) < 0:
        low /= 4
        if low < 1e-12 * high:
            raise InputError(
                "bayes_optimal_error: expected alpha clearly below the threshold; it is within rounding of it"
            )
    return low


def _propagated(found: Mmse, kappa: float, alpha: float) -> float:
    """Error of the fixed point: that of MMSE(t) times 2α/(2α − MMSE'(t))."""
    step = 1e-3 * found.t
    slope = (shrinkage_mmse(kappa, found.t + step).value - shrinkage_mmse(kappa, found.t - step).value) / (
        2 * step
    )
    return found.error * 2 * alpha / (2 * alpha - slope) + 1e-13 * found.value


def _cubed_density(kappa: float, t: float) -> tuple[float, float]:
    """∫ρ_t³ and its error; with z = centre − half cos φ the integrand is smooth in φ, and the sum converges geometrically."""
    edges = _edges(kappa, t)
    value, error, n = 0.0, math.inf, 32
    while n <= _FINEST and error > _TOLERANCE * value:
        angle = (np.arange(n) + 0.5) * np.pi / n
        fresh = 0.0
        for low, high in edges:
            z = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
            fresh += float(np.sum(_density(z, kappa, t) ** 3 * np.sin(angle))) * (high - low) / 2 * np.pi / n
        value, error, n = fresh, abs(fresh - value), 2 * n
    return value, error


def _edges(kappa: float, t: float) -> list[tuple[float, float]]:
    """Intervals of the spectrum: z(g) between the real g at which dz/dg = t − 1/g² + κ/(κ − g)² vanishes."""
    slope = lambda g: t - 1 / g**2 + kappa / (kappa - g) ** 2  # noqa: E731
    place = lambda g: t * g + kappa / (kappa - g) + 1 / g  # noqa: E731
    far = 2 / math.sqrt(t) + 4 * kappa + 4 * math.sqrt(kappa / t)
    left = _root(slope, -far, 0.0, kappa)
    right = _root(slope, 0.0, kappa, kappa)
    bounds = [place(left), place(right)]
    if kappa < 1:
        lowest = kappa / (1 - kappa ** (1 / 3))
        if slope(lowest) < 0:
            inner = _root(slope, lowest, max(far, 4 * lowest), kappa), _root(slope, kappa, lowest, kappa)
            bounds[1:1] = [place(g) for g in inner]
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def _root(slope: Callable[[float], float], low: float, high: float, kappa: float) -> float:
    """A root between two g, an end at 0 or κ (a pole of the slope) moved inside."""
    span = high - low
    low, high = (
        (low + 1e-12 * span if low in (0.0, kappa) else low),
        (high - 1e-12 * span if high in (0.0, kappa) else high),
    )
    return float(brentq(slope, low, high, xtol=1e-300, rtol=8.9e-16, maxiter=300))


def _density(z: np.ndarray, kappa: float, t: float) -> np.ndarray:
    """ρ_t: the imaginary part of two roots of g³ − a g² + b g − c, g scaled by √t so that its coefficients stay moderate.

    The third root is real: Cardano's, and Newton's steps for what cancels there. The two have the sum s = (b − c/r)/r and the
    product c/r.
    """
    root = math.sqrt(t)
    a, b, c = (z + kappa * t) / root, 1 - kappa + kappa * z, kappa * root
    third = a / 3
    p, q = b / 3 - third**2, (b / 2 - third**2) * third - c / 2
    discriminant = np.sqrt(np.maximum(q**2 + p**3, 0.0))
    u = np.cbrt(-q - np.copysign(discriminant, q))
    r = third + u - np.divide(p, u, out=np.zeros_like(u), where=u != 0)
    for _ in range(_NEWTON):
        r -= (((r - a) * r + b) * r - c) / ((3 * r - 2 * a) * r + b)
    s = (b - c / r) / r
    return np.sqrt(np.maximum(c / r - s**2 / 4, 0.0)) / (root * np.pi)

"""The scaled chi-square law: the law of |a|^2."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.laws.base import (
    NEGLIGIBLE,
    Law,
    Size,
    moment_order,
    probabilities,
    real_array,
    require_resolved,
)

_FLOOR = 1e-300
"""Mass between 0 and this is an atom at 0 to quadrature."""

_REACH = 1e25
"""Ratio of the ends of a panel over which quadrature keeps its digits: its outermost node is at 1e-33."""

_SMALLEST = np.nextafter(0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class ChiSquare(Law):
    r"""``scale`` times a chi-square variable of ``dof`` degrees of freedom.

    .. math:: \rho(x) = \frac{(x/2s)^{k/2-1} e^{-x/2s}}{2s\,\Gamma(k/2)},\quad k = \mathrm{dof},\ s =
    \mathrm{scale}

    The read-out of a teacher has :math:`|a|^2 \sim \chi^2_k/k`: ``ChiSquare(k, scale=1/k)`` (science 4.2).
    The bulk of an odd activation is ``ChiSquare(1, scale=nu/k)`` with nu = E[sigma'^2] - b_0^2 (science 8a).

    Parameters
    ----------
    dof : float
        Degrees of freedom, > 0 (whole or not). Below 0.11 some mass lies between 0 and the smallest positive float64;
        ``measure`` has it as an atom at 0.
    scale : float
        Factor, > 0. Mean ``dof * scale``, variance ``2 dof scale**2``.

    Examples
    --------
    >>> law = ChiSquare(2, scale=0.5)  # exponential
    >>> bool(np.isclose(law.sf(3.0), np.exp(-3.0)))
    True
    """

    dof: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dof", check.number(self.dof, "ChiSquare", "dof", above=0))
        object.__setattr__(self, "scale", check.number(self.scale, "ChiSquare", "scale", above=0))
        require_resolved("ChiSquare", self.dof * self.scale, math.sqrt(2 * self.dof) * self.scale)

    def support(self) -> tuple[float, float]:
        return 0.0, np.inf

    def breakpoints(self) -> tuple[float, ...]:
        # The left end stays at 0 unless the law is narrow, so that the power x^(dof/2 - 1) sits on an end.
        half, unit = self.dof / 2, 2 * self.scale
        low = 0.0 if self.dof < 40 else float(scipy.special.gammaincinv(half, NEGLIGIBLE))
        return unit * low, unit * float(scipy.special.gammainccinv(half, NEGLIGIBLE))

    def panels(self) -> tuple[float, ...]:
        low, high = self.breakpoints()
        more = high * _REACH ** np.arange(-12.0, 0) if self.dof < 1 else np.empty(0)
        start = _FLOOR if self.lumps()[0].size else low
        return (start, *more[more > _FLOOR].tolist(), high)

    def lumps(self) -> tuple[np.ndarray, np.ndarray]:
        below = float(self.distribution(np.float64(_FLOOR)))
        return (np.zeros(1), np.array([below])) if below > NEGLIGIBLE else super().lumps()

    @property
    def unseen(self) -> float:
        return float(self.distribution(np.float64(self.breakpoints()[1] * 1e-33))) if self.dof < 1 else 0.0

    def density(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            value = np.exp(self._log_density(x))
        at_zero = np.inf if self.dof < 2 else (0.5 / self.scale if self.dof == 2 else 0.0)
        return np.where(np.asarray(x) > 0, value, np.where(x == 0, at_zero, 0.0))

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return scipy.special.gammainc(self.dof / 2, np.maximum(x, 0) / (2 * self.scale))

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        scaled = np.maximum(np.asarray(x), 0) / (2 * self.scale)
        return log_gamma_density(self.dof / 2, scaled) - math.log(2 * self.scale)

    def logpdf(self, x: ArrayLike) -> Any:
        """Logarithm of ``pdf``, also where that underflows."""
        x = real_array(x, self, "x")
        return np.where(x > 0, self._log_density(x), super().logpdf(x))[()]

    def ppf(self, p: ArrayLike) -> Any:
        """Smallest float64 x with cdf(x) >= p, in closed form: never 0 for p > 0, however few degrees of freedom."""
        p = probabilities(p, self)
        x = 2 * self.scale * scipy.special.gammaincinv(self.dof / 2, p)
        return np.where(p > 0, np.maximum(x, _SMALLEST), x)[()]

    def isf(self, q: ArrayLike) -> Any:
        """The x with sf(x) = q, accurate in the far tail."""
        q = probabilities(q, self)
        return (2 * self.scale * scipy.special.gammainccinv(self.dof / 2, q))[()]

    def var(self) -> float:
        return 2 * self.dof * self.scale**2

    def sf(self, x: ArrayLike) -> Any:
        """P(X > x), accurate in the far tail."""
        x = real_array(x, self, "x")
        return scipy.special.gammaincc(self.dof / 2, np.maximum(x, 0) / (2 * self.scale))

    def moment(self, order: int) -> float:
        steps = range(moment_order(order, self))
        return float(np.prod([self.scale * (self.dof + 2 * step) for step in steps]))

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        return np.asarray(self.scale * rng.chisquare(self.dof, size))


def log_gamma_density(h: float, x: np.ndarray) -> np.ndarray:
    r""":math:`\log(x^{h-1}e^{-x}/\Gamma(h))` at x >= 0, in Loader's form.

    It is :math:`\log(C_h/x) - h(u - \log(1 + u))`, u = x/h - 1: the usual exponent is a difference of numbers near
    h log h, and scipy.stats.gamma.pdf loses 2e-10 at h = 5e4.
    """
    ratio = np.asarray(x, dtype=np.float64) / h
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(ratio < 0.5, np.log(ratio), np.log1p(ratio - 1))
        value = np.log(_stirling_ratio(h) / h) - logarithm - h * (ratio - 1 - logarithm)
    return np.where((ratio > 0) & np.isfinite(ratio), value, -np.inf)


def _stirling_ratio(h: float) -> float:
    r""":math:`h^h e^{-h}/\Gamma(h)`, by Stirling's series from h = 50 on (truncated at 1e-15)."""
    if h < 50:
        return float(np.exp(h * np.log(h) - h - scipy.special.gammaln(h)))
    return float(np.sqrt(h / (2 * np.pi)) * np.exp(-1 / (12 * h) + 1 / (360 * h**3) - 1 / (1260 * h**5)))

"""The scaled chi-square law: the law of |a|^2."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.laws.base import NEGLIGIBLE, Law, Size, moment_order, real_array


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
        Degrees of freedom, > 0 (whole or not).
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

    def support(self) -> tuple[float, float]:
        return 0.0, np.inf

    def breakpoints(self) -> tuple[float, ...]:
        # The left end stays at 0 unless the law is narrow, so that the power x^(dof/2 - 1) sits on an end.
        half = self.dof / 2
        low = 0.0 if self.dof < 40 else float(scipy.special.gammaincinv(half, NEGLIGIBLE))
        return 2 * self.scale * low, 2 * self.scale * float(scipy.special.gammainccinv(half, NEGLIGIBLE))

    def density(self, x: np.ndarray) -> np.ndarray:
        scaled = np.maximum(np.asarray(x), 0) / (2 * self.scale)
        value = np.exp(log_gamma_density(self.dof / 2, scaled)) / (2 * self.scale)
        at_zero = np.inf if self.dof < 2 else (0.5 / self.scale if self.dof == 2 else 0.0)
        return np.where(np.asarray(x) > 0, value, np.where(x == 0, at_zero, 0.0))

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return scipy.special.gammainc(self.dof / 2, np.maximum(x, 0) / (2 * self.scale))

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

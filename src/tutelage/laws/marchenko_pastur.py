"""The Marchenko-Pastur law, any ratio, with its atom at zero."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tutelage.base import check
from tutelage.laws.base import Law, moment_order, require_resolved


@dataclasses.dataclass(frozen=True)
class MarchenkoPastur(Law):
    r"""Limit law of the eigenvalues of :math:`(\mathrm{scale}/n)\,G G^T`, G (p, n) of unit variance, p/n ->
    ratio.

    .. math::
        \rho(x) = \frac{\sqrt{(x_+ - x)(x - x_-)}}{2\pi\,\mathrm{ratio}\,\mathrm{scale}\,x},\qquad
        x_\pm = \mathrm{scale}\,(1 \pm \sqrt{\mathrm{ratio}})^2

    and an atom :math:`1 - 1/\mathrm{ratio}` at 0 when ratio > 1. Mean ``scale``, variance ``ratio *
    scale**2``.
    Couto et al. 2025, eq. (15); science 4.2: ``W W^T`` has ratio k/d and scale 1, ``W^T W`` ratio
    d/k, scale k/d.

    The cdf is closed: with :math:`x = \mathrm{scale}(1 + b^2 + 2b\cos\vartheta)`, :math:`b =
    \sqrt{\mathrm{ratio}} \le 1`,

    .. math:: P(X > x) = \tfrac1\pi\Big[\vartheta - b\sin\vartheta
        - \tfrac{1-b^2}{b^2}\big(b\sin\vartheta - \arg(1 + b e^{i\vartheta})\big)\Big].

    A ratio above 1 is the dual law, ``1/ratio`` with scale ``ratio * scale``, carrying mass ``1/ratio``.

    Parameters
    ----------
    ratio : float
        Rows over columns, > 0.
    scale : float
        Mean of the law, > 0.

    Examples
    --------
    >>> law = MarchenkoPastur(ratio=1.0)
    >>> law.support(), bool(np.isclose(law.cdf(2.0), 0.5 + 1 / np.pi, rtol=1e-13))
    ((0.0, 4.0), True)
    >>> MarchenkoPastur(ratio=4.0).atoms()
    (array([0.]), array([0.75]))
    """

    ratio: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", check.number(self.ratio, "MarchenkoPastur", "ratio", above=0))
        object.__setattr__(self, "scale", check.number(self.scale, "MarchenkoPastur", "scale", above=0))
        b, scale, _ = self._dual()
        require_resolved("MarchenkoPastur", scale, b * scale)

    @property
    def share(self) -> float:
        return min(1.0, 1 / self.ratio)

    def _dual(self) -> tuple[float, float, float]:
        """(b, scale, mass) of the continuous part with b = sqrt(ratio) <= 1."""
        if self.ratio <= 1:
            return math.sqrt(self.ratio), self.scale, 1.0
        return math.sqrt(1 / self.ratio), self.scale * self.ratio, 1 / self.ratio

    def edges(self) -> tuple[float, float]:
        """Ends of the continuous part."""
        b, scale, _ = self._dual()
        return scale * (1 - b) ** 2, scale * (1 + b) ** 2

    def support(self) -> tuple[float, float]:
        low, high = self.edges()
        return (0.0 if self.ratio > 1 else low), high

    def breakpoints(self) -> tuple[float, ...]:
        return self.edges()

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return (np.zeros(1), np.array([1 - 1 / self.ratio])) if self.ratio > 1 else super().atoms()

    def density(self, x: np.ndarray) -> np.ndarray:
        low, high = self.edges()
        root = np.sqrt(np.clip(high - x, 0, high - low)) * np.sqrt(np.clip(x - low, 0, high - low))
        with np.errstate(divide="ignore", invalid="ignore"):
            value = root / (2 * np.pi * self.ratio * self.scale * x)
        if low == 0.0:  # ratio 1: the density grows like x^(-1/2), infinite at 0 itself
            value = np.where(x == 0, np.inf, value)
        return np.where((x < low) | (x > high) | ((x == low) & (low > 0)), 0.0, value)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        b, _, mass = self._dual()
        low, high = self.edges()
        inside = np.clip(x, low, high)
        # Each half is measured from its own edge, so that neither tail is a difference of two numbers near
        # one.
        from_low = 2 * np.arctan2(np.sqrt(inside - low), np.sqrt(high - inside))
        below = np.where(
            from_low < np.pi / 2, _angular_mass(from_low, -b), 1 - _angular_mass(np.pi - from_low, b)
        )
        return mass * below

    def var(self) -> float:
        return self.ratio * self.scale**2

    def moment(self, order: int) -> float:
        order = moment_order(order, self)
        if order == 0:
            return 1.0
        narayana = (
            math.comb(order, r) * math.comb(order - 1, r) * self.ratio**r / (r + 1) for r in range(order)
        )
        return self.scale**order * math.fsum(narayana)


def _angular_mass(theta: np.ndarray, b: float) -> np.ndarray:
    r""":math:`\frac2\pi\int_0^\theta \sin^2 t\,/\,(1 + b^2 + 2b\cos t)\,dt` for \|b\| <= 1, of either sign.

    :math:`\sum_{m\ge2} (-b)^{m-2}\sin(m\theta)/m` is summed below b = 0.1, where its closed form would
    cancel.
    """
    sine = np.sin(theta)
    if abs(b) < 0.1:
        series = sum((-b) ** (m - 2) * np.sin(m * theta) / m for m in range(2, 19))
    else:
        series = (b * sine - np.arctan2(b * sine, 1 + b * np.cos(theta))) / b**2
    return (theta - b * sine - (1 - b * b) * series) / np.pi

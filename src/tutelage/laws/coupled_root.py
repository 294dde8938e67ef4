"""Eigenvalues of 2 x 2 matrices that a random singular value couples: the groups of nonlinear networks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law, Size, moment_order


def coupled_roots(
    x: np.ndarray, strength: float, level: float, length: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Upper and lower eigenvalue of :math:`\begin{pmatrix} b^2|a|^2 & b^2|a|s \\ b^2|a|s & b^2s^2+\nu\end{pmatrix}`.

    Their product is :math:`b^2|a|^2\nu` and :math:`b^2 s^2 = (\lambda - b^2|a|^2)(\lambda - \nu)/\lambda` for both.

    Parameters
    ----------
    x : ndarray
        :math:`s^2`.
    strength, level, length : float
        :math:`b^2, \nu, |a|^2`.
    """
    first, coupled = strength * length, strength * x
    # The distance of the roots as a sum of squares: nothing cancels.
    apart = np.hypot(first - level + coupled, 2 * np.sqrt(level * coupled))
    upper = (first + level + coupled + apart) / 2
    return upper, first * level / upper


@dataclasses.dataclass(frozen=True)
class CoupledRoot(Law):
    r"""Upper or lower root of :func:`coupled_roots`, :math:`x = s^2` from ``law`` (without atoms).

    Density and distribution are those of ``law`` at :math:`x(\lambda) = (\lambda - b^2|a|^2)(\lambda - \nu)/(b^2\lambda)`,
    which rises on the upper branch and falls on the lower one. Where the density of ``law`` grows like
    :math:`x^{-1/2}` at 0, this one does so at a positive edge, whose surroundings float64 resolves to 1e-16 only: sums over
    ``pdf`` miss 4e-9 of the mass there. Integrals over ``measure`` count from the edge and miss nothing.

    Parameters
    ----------
    law : Law
        Of :math:`s^2 \ge 0`.
    strength, level, length : float
        :math:`b^2, \nu, |a|^2`, > 0.
    upper : bool

    Examples
    --------
    >>> from tutelage.laws import MarchenkoPastur
    >>> upper, lower = (CoupledRoot(MarchenkoPastur(0.5), 1.0, 0.1, 1.0, side) for side in (True, False))
    >>> round(upper.mean() + lower.mean(), 9)  # the trace: 1 + 0.1 + 1
    2.1
    """

    law: Law
    strength: float
    level: float
    length: float = 1.0
    upper: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law) or self.law.atoms()[0].size or self.law.support()[0] < 0:
            raise InputError(
                f"CoupledRoot: expected a tutelage law of x >= 0 without atoms, got {self.law!r}"
            )
        for name in ("strength", "level", "length"):
            object.__setattr__(self, name, check.number(getattr(self, name), "CoupledRoot", name, above=0))

    def _root(self, x: np.ndarray) -> np.ndarray:
        return coupled_roots(x, self.strength, self.level, self.length)[0 if self.upper else 1]

    @property
    def origin(self) -> float:
        """The root at s = 0: the upper branch rises from it to infinity, the lower one falls to 0."""
        ends = self.strength * self.length, self.level
        return max(ends) if self.upper else min(ends)

    def _preimage(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of origin + y are on the branch, s^2 there, and its slope: sums of terms of one sign."""
        start = self.origin
        apart = (
            2 * start - self.strength * self.length - self.level
        )  # from the root at s = 0 of the other branch
        value = start + y
        inside = (y > 0) & np.isfinite(y) if self.upper else (y < 0) & (value > 0)
        some = start if self.upper else -start / 2
        y, value = np.where(inside, y, some), np.where(inside, value, start + some)
        squared = y * (y + apart) / (self.strength * value)
        slope = np.abs(start * apart + y * (2 * start + y)) / (self.strength * value**2)
        return inside, squared, slope

    @property
    def error(self) -> float:
        return self.law.error

    def support(self) -> tuple[float, float]:
        low, high = sorted(self._root(np.array(self.law.support())).tolist())
        return low, high

    def breakpoints(self) -> tuple[float, ...]:
        return tuple(sorted(self._root(np.array(self.law.breakpoints())).tolist()))

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.offset_density(np.asarray(x, dtype=np.float64) - self.origin)

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        inside, squared, slope = self._preimage(y)
        return np.where(inside, self.law.density(squared) * slope, 0.0)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        y = np.asarray(x, dtype=np.float64) - self.origin
        inside, squared, _ = self._preimage(y)
        below = self.law.distribution(squared)
        if self.upper:
            return np.where(inside, below, np.where(y > 0, 1.0, 0.0))
        return np.where(inside, 1 - below, np.where(y >= 0, 1.0, 0.0))

    def moment(self, order: int) -> float:
        order = moment_order(order, self)
        return self._mean_of(lambda value: value**order)

    def var(self) -> float:
        """E (x - E x)^2."""
        mean = self.mean()
        return self._mean_of(lambda value: (value - mean) ** 2)

    def _mean_of(self, function: Callable[[np.ndarray], np.ndarray]) -> float:
        return float(self.law.measure().integrate(lambda x: function(self._root(x)), 1e-13).value)

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        return self._root(self.law.sample(rng, size))

"""A law in other units."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law, Size, moment_order


@dataclasses.dataclass(frozen=True)
class Scaled(Law):
    """``factor`` times a variable of ``law``, factor > 0.

    Examples
    --------
    >>> from tutelage.laws import ChiSquare
    >>> Scaled(ChiSquare(4), 0.25).mean(), float(Scaled(ChiSquare(4), 0.25).cdf(1.0)) == float(ChiSquare(4).cdf(4.0))
    (1.0, True)
    """

    law: Law
    factor: float

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law):
            raise InputError(f"Scaled: expected a tutelage law, got {self.law!r}")
        object.__setattr__(self, "factor", check.number(self.factor, "Scaled", "factor", above=0))

    @property
    def error(self) -> float:
        return self.law.error

    def support(self) -> tuple[float, float]:
        low, high = self.law.support()
        return self.factor * low, self.factor * high

    def breakpoints(self) -> tuple[float, ...]:
        return tuple(self.factor * end for end in self.law.breakpoints())

    def components(self) -> tuple[tuple[float, Law], ...]:
        parts = self.law.components()
        return (
            ((1.0, self),) if len(parts) == 1 else tuple((w, Scaled(part, self.factor)) for w, part in parts)
        )

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        points, weights = self.law.atoms()
        return self.factor * points, weights

    @property
    def share(self) -> float:
        return self.law.share

    def panels(self) -> tuple[float, ...]:
        return tuple(self.factor * end for end in self.law.panels())

    @property
    def unseen(self) -> float:
        return self.law.unseen

    def lumps(self) -> tuple[np.ndarray, np.ndarray]:
        points, weights = self.law.lumps()
        return self.factor * points, weights

    @property
    def origin(self) -> float:
        return self.factor * self.law.origin

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        return self.law.offset_density(np.asarray(y) / self.factor) / self.factor

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.law.density(np.asarray(x) / self.factor) / self.factor

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return self.law.distribution(np.asarray(x) / self.factor)

    def moment(self, order: int) -> float:
        return self.factor ** moment_order(order, self) * self.law.moment(order)

    def var(self) -> float:
        return self.factor**2 * self.law.var()

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        return self.factor * self.law.sample(rng, size)

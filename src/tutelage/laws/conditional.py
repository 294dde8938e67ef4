"""A law given that it misses its atoms."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base.errors import InputError
from tutelage.laws.base import Law, moment_order


@dataclasses.dataclass(frozen=True)
class Nonzero(Law):
    r"""The continuous part of a law whose only atom is at 0, divided by its mass: the law given X != 0.

    Examples
    --------
    >>> from tutelage.laws import MarchenkoPastur
    >>> law = Nonzero(MarchenkoPastur(4.0))  # the dual law
    >>> law.mean(), bool(np.isclose(law.cdf(5.0), MarchenkoPastur(0.25, 4.0).cdf(5.0)))
    (4.0, True)
    """

    law: Law

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law):
            raise InputError(f"Nonzero: expected a tutelage law, got {self.law!r}")
        if self.law.share <= 0 or (self.law.atoms()[0] != 0).any():
            raise InputError(f"Nonzero: expected a law with a density and no atom but at 0, got {self.law!r}")

    @property
    def error(self) -> float:
        return self.law.error / self.law.share

    def support(self) -> tuple[float, float]:
        low, high = self.law.support()
        return (max(low, self.law.breakpoints()[0]) if self.law.atoms()[0].size else low), high

    def breakpoints(self) -> tuple[float, ...]:
        return self.law.breakpoints()

    @property
    def origin(self) -> float:
        return self.law.origin

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        return self.law.offset_density(y) / self.law.share

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.law.density(x) / self.law.share

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return self.law.distribution(x) / self.law.share

    def moment(self, order: int) -> float:
        return self.law.moment(order) / self.law.share if moment_order(order, self) else 1.0

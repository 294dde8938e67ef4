"""A single atom: the zeros of a Hessian, or |a|^2 of Rademacher read-outs."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.laws.base import Law, Size, moment_order


@dataclasses.dataclass(frozen=True)
class PointMass(Law):
    """All mass at ``position``.

    Examples
    --------
    >>> PointMass(1.0).cdf([0.5, 1.0]).tolist()
    [0.0, 1.0]
    """

    position: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", check.number(self.position, "PointMass", "position"))

    def support(self) -> tuple[float, float]:
        return self.position, self.position

    def breakpoints(self) -> tuple[float, ...]:
        return ()

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array([self.position]), np.ones(1)

    def density(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(np.shape(x))

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(np.shape(x))

    def moment(self, order: int) -> float:
        return self.position ** moment_order(order, self)

    def var(self) -> float:
        return 0.0

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        return np.full(size, self.position)

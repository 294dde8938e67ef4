"""Recovery over (m_*, n/d), and the growth of the certified 50 % point with d: n_c against the statistical dimension."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class RecoveryMap(Study):
    """Three maps at one d, and certified 50 % points of m_* = 1, 2, 3 over several d."""

    d: int = 5
    instances: int = 20
    points: int = 5
    widths: tuple[int, ...] = (1, 2, 3)
    dimensions: tuple[int, ...] = (4, 8, 16)
    shift_instances: tuple[int, ...] = (40, 40, 40)
    seed: int = 1

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            d=8,
            instances=40,
            points=8,
            dimensions=(4, 6, 8, 12, 16, 20, 24, 32),
            shift_instances=(200, 200, 200, 100, 80, 50, 40, 30),
        )

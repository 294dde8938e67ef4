"""Convergence of the population flow: 1/t² with its constant, exponential with its rate, and runs on finite data."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class RecoveryRates(Study):
    """Algebraic and exponential cases (d, m_*, m), a large-n run and one below threshold."""

    algebraic: tuple[tuple[int, int, int], ...] = ((4, 1, 8), (6, 3, 12), (8, 2, 5))
    exponential: tuple[tuple[int, int], ...] = ((3, 3), (4, 6), (5, 12))
    last_time: float = 2e5
    d: int = 6
    width: int = 2
    large_n: int = 100_000
    seed: int = 1

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            algebraic=((4, 1, 8), (6, 3, 12), (8, 2, 16), (10, 4, 20), (8, 2, 5)),
            exponential=((3, 3), (4, 6), (5, 12), (6, 6)),
        )

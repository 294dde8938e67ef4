"""Figures 8 and 9: teachers whose weights follow other laws; where the limit law survives and where not."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card

FINITE = ("normal", "uniform", "rademacher", "laplace")


@dataclasses.dataclass(frozen=True)
class WideWeights(Study):
    """k ≥ d: the limit holds for every law of finite variance and light tails; Couto et al. 2025, Fig. 8."""

    d: int = 100
    k: int = 200
    laws: tuple[str, ...] = (*FINITE, "cauchy")
    teachers: int = 80
    readouts: int = 3000
    seed: int = 5

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d=200, k=400, teachers=100, readouts=20000)

"""Figures 8 and 9: teachers whose weights follow other laws; where the limit law survives and where not."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card
from tutelage.studies.wide_weights import FINITE


@dataclasses.dataclass(frozen=True)
class NarrowWeights(Study):
    """k < d: the part of the spectrum at |a|² keeps the law of |a|²; Couto et al. 2025, Fig. 9."""

    d: int = 120
    k: int = 40
    laws: tuple[str, ...] = FINITE
    teachers: int = 1500
    seed: int = 6

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d=300, k=100, teachers=3000)

"""Rank and spectrum of the Hessian from random starts to the optimum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class RankAlongTraining(Study):
    """Gradient flow of three activations with the whole Hessian at recorded times; science 8d."""

    activations: tuple[str, ...] = ("linear", "quadratic:alpha=0.5", "erf")
    d: int = 4
    k: int = 3
    runs: int = 4
    last: float = 2000.0
    points: int = 14
    seed: int = 31

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d=6, k=4, runs=8, last=2e4, points=40)

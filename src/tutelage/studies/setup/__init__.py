"""Fig. 1: the setup, drawn, with what makes it work: copied weights are an exact optimum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Setup(Study):
    """A student before its teacher: at the teacher's weights, at shuffled neurons, away; Couto et al. 2025, Fig. 1."""

    d: int = 5
    k: int = 4
    activations: tuple[str, ...] = ("erf",)
    seed: int = 10

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(activations=("linear", "quadratic:alpha=1.0", "erf"))

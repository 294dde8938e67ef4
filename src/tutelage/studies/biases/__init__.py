"""What biases add to the number of effective parameters: one, or one a neuron."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class BiasesAdd(Study):
    """Exact ranks with and without biases over a grid of sizes, and at random teachers; science 5.5."""

    d_max: int = 4
    k_max: int = 6
    alpha: float = 0.5
    teachers: int = 2
    seed: int = 25

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d_max=6, k_max=9, teachers=8)

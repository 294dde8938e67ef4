"""Hessians of finite samples against the law that starts from the exact spectrum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class SampledLaw(Study):
    """Sampled Hessians at P/n = 1/2, 2, 8 beside Silverstein's law and the population's; science 14b."""

    activation: str = "erf"
    sizes: tuple[int, ...] = (10, 20)
    shares: tuple[float, ...] = (0.5, 2.0, 8.0)
    repeats: int = 4
    seed: int = 22

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(sizes=(10, 20, 30), repeats=8)

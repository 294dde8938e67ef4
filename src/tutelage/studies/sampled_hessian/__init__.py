"""The Hessian of a finite sample against the population's: rank, edges, and the 1/√n between them."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class SampledHessian(Study):
    """Sampled Hessians of a quadratic teacher for growing samples; Couto et al. 2025, section 2, (3)-(5)."""

    alpha: float = 1.0
    d: int = 8
    k: int = 5
    samples: tuple[int, ...] = (8, 16, 24, 32, 35, 40, 60, 120, 500, 2000, 8000, 32000)
    repeats: int = 8
    seed: int = 9

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(repeats=20)

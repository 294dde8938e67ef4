"""Fig. 4: spectra of quadratic networks against their size d = k = N."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class QuadraticSpectrum(Study):
    """All eigenvalues of quadratic teachers u + αu² at growing size; Couto et al. 2025, Fig. 4."""

    alpha: float = 1.0
    sizes: tuple[int, ...] = (8, 12, 16, 24)
    teachers: int = 10
    large_sizes: tuple[int, ...] = (24, 48, 96)
    large_teachers: int = 4
    limit_sizes: tuple[int, ...] = (100, 200, 400, 800)
    seed: int = 3

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            sizes=(8, 12, 16, 24, 32, 48), teachers=24, large_sizes=(24, 48, 96, 144), large_teachers=8
        )

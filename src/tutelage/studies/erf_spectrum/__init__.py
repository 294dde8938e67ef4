"""Fig. 5: spectra of error-function networks against their size, and the three groups at other shapes."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class ErfSpectrum(Study):
    """All eigenvalues of erf teachers; Couto et al. 2025, Fig. 5 and (16)-(18)."""

    scale: float = 1.0
    sizes: tuple[int, ...] = (8, 12, 16, 24)
    shapes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] = ((24, 24), (36, 18), (18, 36))
    teachers: int = 8
    large_sizes: tuple[int, ...] = (24, 48, 96)
    large_teachers: int = 4
    limit_sizes: tuple[int, ...] = (100, 200, 400, 800)
    seed: int = 4

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            sizes=(8, 12, 16, 24, 32), shapes=((40, 40), (60, 30), (30, 60)), teachers=12,
            large_sizes=(24, 48, 96, 144), large_teachers=8,
        )  # fmt: skip

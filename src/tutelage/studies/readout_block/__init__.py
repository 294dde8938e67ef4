"""Fig. 7: the read-out block WWᵀ of the linear network's Hessian against Marchenko and Pastur's law."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class ReadoutBlock(Study):
    """Eigenvalues of H_aa for linear teachers; Couto et al. 2025, Fig. 7 and (15)."""

    sizes: tuple[tuple[int, int], tuple[int, int]] = ((10, 20), (30, 10))
    teachers: int = 3000
    large: int = 40
    seed: int = 2

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(teachers=20000)

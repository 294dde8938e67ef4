"""Fig. 2: the linear network's Hessian spectrum against its law, for k > d and for k < d."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class LinearSpectrum(Study):
    """Eigenvalues of many linear teachers at two shapes; Couto et al. 2025, Fig. 2."""

    sizes: tuple[tuple[int, int], tuple[int, int]] = ((10, 20), (30, 10))
    teachers: int = 3000
    dense_teachers: int = 8
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(teachers=20000, dense_teachers=30)

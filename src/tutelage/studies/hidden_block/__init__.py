"""Fig. 6: the hidden-layer block of the linear network's Hessian, one eigenvalue |a|² many times over."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class HiddenBlock(Study):
    """Eigenvalues of H_ww for linear teachers; Couto et al. 2025, Fig. 6 and appendix A."""

    d: int = 10
    k: int = 20
    teachers: int = 5000
    dense_teachers: int = 10
    seed: int = 1

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(teachers=40000, dense_teachers=40)

"""Both papers in one picture: local identifiability, the count n_c, and certified recovery of the same networks."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class TwoPapers(Study):
    """Rank of the sampled Hessian, n_c and certified recovery for a few (d, m_*)."""

    sizes: tuple[tuple[int, int], ...] = ((6, 2), (8, 2), (12, 2))
    instances: tuple[int, ...] = (40, 40, 40)
    seed: int = 2

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(sizes=((6, 2), (8, 2), (12, 2), (16, 2), (24, 2)), instances=(200, 200, 150, 100, 60))

"""How does the learning curve depend on size and activation? The paper's opening question, as one table."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class LearningCurves(Study):
    """Mean predicted curves of the flow from isotropic starts, over activations, sizes and teachers."""

    sizes: tuple[tuple[int, int], ...] = ((10, 10), (10, 20), (30, 10))
    teachers: int = 5
    large: int = 32
    seed: int = 11

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(sizes=((10, 10), (15, 15), (20, 20), (10, 20), (30, 10)), teachers=12, large=60)

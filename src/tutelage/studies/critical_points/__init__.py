"""Critical points of u² networks: where descent from random starts ends, and how often."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class CriticalPointsStudy(Study):
    """A student of k neurons with read-outs of random signs before an indefinite teacher u²; science 11.

    ``spread`` moves each eigenvalue of the teacher, and its eigenvectors are turned at random.
    """

    eigenvalues: tuple[float, ...] = (3.0, 1.8, 0.9, -0.7, -1.6)
    spread: float = 0.1
    k: int = 3
    students: int = 96
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(eigenvalues=(4.0, 3.1, 2.2, 1.3, -0.8, -1.7, -2.6, -3.5), k=4, students=1200)

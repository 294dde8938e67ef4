"""How many samples a student of which width needs, and the Bayes-optimal error."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class StudentWidth(Study):
    """Measured 50 % points of recovery for students of ``widths`` before teachers of ``sizes`` (d, m_*); science 12.

    ``pairs`` are κ and noise variance t at which optimal shrinkage of simulated matrices of dimension ``dimension`` is
    compared with the Bayes-optimal error; the threshold is judged at the κ of the second.
    """

    sizes: tuple[tuple[int, int], ...] = ((6, 2),)
    widths: tuple[tuple[int, ...], ...] = ((2, 6),)
    instances: int = 40
    dimension: int = 200
    pairs: tuple[tuple[float, float], ...] = ((0.25, 0.3), (0.5, 0.1), (1.0, 0.5))
    small: float = 1e-4
    draws: int = 8
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            sizes=((20, 5), (24, 12)),
            widths=((5, 6, 8, 20), (12, 13, 16, 24)),
            dimension=600,
            pairs=((0.25, 0.3), (0.5, 0.1), (0.1, 0.3), (0.5, 1.0), (1.0, 0.5), (2.0, 0.3)),
        )

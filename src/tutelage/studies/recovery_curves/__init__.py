"""Recovery against the number of samples: certificates, the set of fits, and training at several tolerances."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class RecoveryCurves(Study):
    """Three separate curves for several (d, m_*), 50 % points for small sizes, plain descent against the flow.

    Claims about one size are about ``judged``, one of ``panels``.
    """

    panels: tuple[tuple[int, int], ...] = ((4, 1), (6, 2))
    judged: tuple[int, int] = (6, 2)
    instances: int = 40
    points: int = 4
    grid_instances: int = 40
    loose_d: int = 12
    loose_instances: int = 40
    descent_loss: float = 3e-5
    descent_instances: int = 25
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            panels=((4, 1), (4, 2), (4, 3), (8, 1), (8, 2), (8, 3), (12, 1), (12, 2), (12, 3)),
            judged=(8, 2),
            instances=60,
            points=7,
            grid_instances=200,
            loose_instances=100,
            descent_loss=1e-6,
            descent_instances=100,
        )

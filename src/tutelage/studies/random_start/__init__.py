"""A random start of phase retrieval: does the Hessian's lowest eigenvector see the signal?"""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class RandomStartStudy(Study):
    """The Hessian at a random start against n/d = ``ratios``, drawn ``runs`` times in dimension d; science 17.

    The first ratio lies below the transition; the overlap is judged at ``judged`` and, on its way from zero, at ``rising``.
    """

    d: int = 200
    runs: int = 12
    below: float = 0.5
    rising: tuple[float, ...] = (1.6, 2.0, 2.5, 3.0)
    judged: tuple[float, ...] = (5.0, 10.0, 20.0)
    offset: float = 1.0
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @property
    def ratios(self) -> tuple[float, ...]:
        """All n/d, ascending."""
        return (self.below, *self.rising, *self.judged)

    @classmethod
    def full(cls) -> Self:
        return cls(d=800, runs=24)

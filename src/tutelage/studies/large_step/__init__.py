"""One large step of gradient descent: the first layer becomes a spiked random matrix."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class LargeStepStudy(Study):
    """Networks of ``shapes`` (d, k, n) after one step of every rate, ``runs`` of each; science 16.

    Claims are about the rate ``judged``; the first rate is below the transition. ``batches`` are n/d of a sweep at the
    first shape.
    """

    activation: str = "erf"
    shapes: tuple[tuple[int, int, int], ...] = ((300, 200, 600),)
    rates: tuple[float, ...] = (0.25, 2.0, 4.0, 8.0)
    judged: float = 4.0
    batches: tuple[float, ...] = (0.5, 8.0)
    runs: int = 8
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            shapes=((600, 600, 1800), (400, 800, 1200), (800, 400, 1200)),
            rates=(0.25, 1.0, 2.0, 4.0, 8.0),
            batches=(0.5, 1.0, 2.0, 4.0, 8.0),
        )

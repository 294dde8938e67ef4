"""Deep linear networks against their nested law."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class DeepLinearSpectrum(Study):
    """Spectra of deep linear networks with one output, one teacher each; science D1 to D3."""

    cases: tuple[tuple[int, ...], ...] = ((240, 240, 240), (240, 480, 240), (240, 120, 180))
    widths: tuple[int, ...] = (60, 120, 240)
    repeats: int = 4
    small: tuple[int, ...] = (10, 20, 15)
    teachers: int = 2000
    seed: int = 21

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(widths=(60, 120, 240, 480), repeats=20, teachers=20000)

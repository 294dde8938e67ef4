"""Students wider than their teacher: the spectrum at every kind of optimum beside the teacher's."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class WiderStudents(Study):
    """Spectra and ranks at silent, zero, split and null neurons, and what is flat there; science 20."""

    activations: tuple[str, ...] = ("erf", "gelu", "quadratic:alpha=0.5")
    d: int = 6
    k: int = 3
    extra: int = 2
    seed: int = 27

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d=10, k=5, extra=3)

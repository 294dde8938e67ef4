"""What more layers do to the Hessian: effective parameters counted exactly, and the spectrum at the optimum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class DeeperNetworks(Study):
    """Exact counts and spectra of networks of more than two layers; Couto et al. 2025, section 6."""

    largest: int = 4
    d: int = 12
    width: int = 4
    depths: tuple[int, ...] = (1, 2, 3, 4)
    activations: tuple[str, ...] = ("erf",)
    teachers: int = 8
    points: int = 512
    trace_teachers: int = 50
    samples: int = 20000
    seed: int = 31

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(
            largest=7,
            activations=("erf", "tanh"),
            teachers=40,
            points=16384,
            trace_teachers=2000,
            samples=200000,
        )

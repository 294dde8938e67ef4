"""Inputs that are not white: the law of a linear network's spectrum, and how long learning takes."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class ColouredInputs(Study):
    """Spectra under power laws and spikes beside their laws, and steps of descent against the condition of Σ; science 9b."""

    sizes: tuple[int, ...] = (30, 120)
    ratio: float = 2.0
    repeats: int = 8
    moments: int = 1000
    shape: tuple[int, int] = (16, 24)
    exponents: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0)
    target: float = 1e-4
    noise: float = 1e-3
    runs: int = 16
    seed: int = 29

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(sizes=(40, 80, 160, 320), repeats=16, moments=20_000, runs=128)

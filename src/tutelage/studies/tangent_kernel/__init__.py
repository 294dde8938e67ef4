"""Tangent kernels of random networks at random inputs against their law."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class TangentKernelSpectrum(Study):
    """Spectra of the tangent kernel for an odd activation, n, d, k of one order; science 13d."""

    activation: str = "erf"
    cases: tuple[tuple[int, int, int], ...] = ((240, 240, 240), (200, 300, 100))
    sizes: tuple[int, ...] = (60, 240)
    repeats: int = 6
    seed: int = 23

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(sizes=(60, 120, 240, 480), repeats=10)

"""Appendix D: Fisher information, tangent kernel and Hessian are one spectrum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Information(Study):
    """Sampled scores and tangent kernels of one network; Couto et al. 2025, appendix D."""

    activation: str = "erf"
    d: int = 6
    k: int = 4
    kernel_inputs: tuple[int, int] = (16, 60)
    scores: int = 100_000
    seed: int = 8

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(scores=1_000_000)

"""Effective parameters: exact Hessian ranks over a grid of sizes, beside (14) and the bounds."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class EffectiveParameters(Study):
    """Exact generic ranks of linear, quadratic, cubic and erf networks; [C25] 3.2, 4, 5.1 and (14)."""

    d_max: int = 8
    k_max: int = 12
    alpha: float = 1.0
    scale: float = 1.0
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d_max=12, k_max=24)

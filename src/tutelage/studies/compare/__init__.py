"""One shape, many activations: spectrum, rank, smallest and largest eigenvalue, time to learn."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card

EVERY = (
    "linear", "quadratic:alpha=0.5", "polynomial:coefficients=0,1,0.5,0.2", "erf", "tanh", "sin", "cos", "exp",
    "gelu", "relu", "leaky_relu:slope=0.1", "abs",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Compare(Study):
    """The Hessian of one random teacher per activation, with the same weights for all."""

    d: int = 8
    k: int = 8
    activations: tuple[str, ...] = ("linear", "quadratic:alpha=0.5", "erf", "sin", "relu")
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(d=20, k=20, activations=EVERY)

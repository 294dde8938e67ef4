"""The largest eigenvalue of networks whose activation has a mean: an outlier that grows with the width."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Outliers(Study):
    """Predicted and exact largest eigenvalues over activations and sizes, d = k; science 13."""

    activations: tuple[str, ...] = ("relu", "cos", "quadratic:alpha=0.5")
    sizes: tuple[int, ...] = (20, 80)
    teachers: int = 8
    traces: int = 40
    seed: int = 20

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        seven = ("relu", "gelu", "softplus", "abs", "sigmoid", "cos", "quadratic:alpha=0.5")
        return cls(activations=seven, sizes=(40, 80, 160), traces=400)

"""Counting parameters with label noise: what a fit to noisy data loses per effective parameter."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Counting(Study):
    """Least-squares fits near their teacher; the excess loss of many of them reads off the effective parameters.

    ``cases`` are (name, activation, d, k); ``label_noise`` is the variance v.
    """

    samples: int = 1000
    fits: int = 120
    label_noise: float = 1e-5
    seed: int = 1

    card: ClassVar[Card] = read_card(__file__)
    cases: ClassVar[tuple[tuple[str, str, int, int], ...]] = (
        ("linear", "linear", 6, 4),
        ("narrow", "quadratic", 4, 2),
        ("wide", "quadratic", 4, 6),
        ("erf", "erf", 4, 2),
    )

    @classmethod
    def full(cls) -> Self:
        return cls(samples=3000, fits=400)

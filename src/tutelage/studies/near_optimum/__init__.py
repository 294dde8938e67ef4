"""Fig. 3: networks started near their teacher, trained, and laid over the predicted curve and its
asymptote."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class NearOptimum(Study):
    """SGD and gradient descent near the optimum; Couto et al. 2025, Fig. 3 and (6)-(7).

    ``sgd_end`` and ``ends`` are final times in units of the time constant 1/(2 λ_min) (linear network under
    SGD) and numbers of gradient-descent steps (the three activations).
    """

    d: int = 10
    k: int = 20
    seed: int = 3
    noise: float = 1e-3
    batch: int = 1024
    sgd_rate: float = 0.01
    sgd_end: float = 24.0
    small_noise: float = 1e-5
    ends: tuple[int, int, int] = (60, 6000, 10000)
    points: int = 100

    card: ClassVar[Card] = read_card(__file__)
    activations: ClassVar[tuple[str, ...]] = ("linear", "quadratic", "erf")

    @classmethod
    def full(cls) -> Self:
        return cls(batch=2048, ends=(60, 30000, 200000), points=160)

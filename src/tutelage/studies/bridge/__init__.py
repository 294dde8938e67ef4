"""The bridge: order parameters of online SGD, linearised, are the Hessian's spectrum."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Bridge(Study):
    """Saad and Solla's equations against exact spectra, and against simulated SGD.

    ``rate`` is η d of the simulated network with ``inputs`` inputs; ``shape`` is (d, k) of the linearised ones.
    """

    shape: tuple[int, int] = (50, 3)
    inputs: int = 100
    rate: float = 0.5
    last: float = 4.0
    runs: int = 12
    label_noise: float = 0.01
    seed: int = 1

    card: ClassVar[Card] = read_card(__file__)
    activations: ClassVar[tuple[str, ...]] = ("erf", "quadratic", "linear")

    @classmethod
    def full(cls) -> Self:
        return cls(inputs=500, last=20.0)

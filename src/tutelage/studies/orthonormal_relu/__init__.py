"""ReLU students before an orthonormal teacher: the spectrum at the teacher, spurious minima and theirs."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Self

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class OrthonormalRelu(Study):
    """k ReLU neurons, read-outs frozen at 1, before k orthonormal ones: runs from ``starts`` random starts; science 15.

    ``reference`` are the spurious minima another search found from 150 starts, for each width.
    """

    widths: tuple[int, ...] = (6, 10)
    reference: tuple[int, ...] = (2, 51)
    starts: int = 32
    seed: int = 0

    card: ClassVar[Card] = read_card(__file__)

    @classmethod
    def full(cls) -> Self:
        return cls(widths=(6, 10, 16), reference=(2, 51, 129), starts=1000)

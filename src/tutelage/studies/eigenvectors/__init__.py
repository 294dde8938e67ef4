"""Appendix A.3: eigenvectors of the linear network's Hessian in closed form."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tutelage.studies.base import Study
from tutelage.studies.card import Card, read_card


@dataclasses.dataclass(frozen=True)
class Eigenvectors(Study):
    """Closed eigenvectors against dense matrices at three shapes; Couto et al. 2025, appendix A.3."""

    sizes: tuple[tuple[int, int], ...] = ((6, 12), (12, 6), (8, 8))
    seed: int = 7

    card: ClassVar[Card] = read_card(__file__)

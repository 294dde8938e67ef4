"""Input laws of a population problem."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class StandardNormal:
    """x ~ N(0, I_d), the input law of both papers."""

"""How far a number may move when the same study is computed again, elsewhere."""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Repeats:
    """What counts as the same number: relative to the larger of the two, or absolute.

    Bits change with the thread count and the processor: sums are taken in another order. Over the 138 claims of the
    quick report, with one thread against two and with the instructions of an older processor, numbers moved by less
    than 1e-7 of themselves, residuals of round-off excepted, which move within 1e-9 by any factor. A statement whose
    number moves more says how far, and why.

    Attributes
    ----------
    relative, absolute : float
        One of the two must hold.
    reason : str
        Why more than usual.
    """

    relative: float = 1e-6
    absolute: float = 1e-9
    reason: str = ""

    def same(self, first: float, second: float, factor: float = 1.0) -> bool:
        """Whether two numbers are the same; what JSON cannot hold (NaN, infinities) is the same as itself.

        ``factor`` multiplies the relative tolerance: errors are differences of numbers and repeat to fewer digits.

        Examples
        --------
        >>> Repeats().same(2.0, 2.0000001), Repeats().same(2.0, 2.001), Repeats().same(1e-16, 0.0)
        (True, False, True)
        """
        if not (math.isfinite(first) and math.isfinite(second)):
            return not math.isfinite(first) and not math.isfinite(second)
        return math.isclose(first, second, rel_tol=factor * self.relative, abs_tol=self.absolute)


USUAL = Repeats()
"""The tolerance of a statement that gives none."""

__all__ = ["USUAL", "Repeats"]

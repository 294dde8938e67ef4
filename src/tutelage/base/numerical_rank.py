"""A rank counted in floating point, with what it rests on: one type for spectra, Jacobians and sampled Hessians."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base.value import Value


@dataclasses.dataclass(frozen=True)
class NumericalRank(Value):
    """A rank counted in floating point: only as good as its gap. Below about 10³ it is a guess; exact answers are
    those of ``tutelage.hessian_rank``.

    Attributes
    ----------
    rank : int
    tolerance : float
        Values up to it do not count.
    last_kept, first_dropped : float
        The values (or their error bars, if larger) on the two sides of the cut; 0 where there is none.
    source : str
        Of what matrix the values are.
    participation : float
        The participation ratio of the same values, a soft count beside the hard one; NaN where it was not asked for.
    """

    rank: int
    tolerance: float
    last_kept: float
    first_dropped: float
    source: str = ""
    participation: float = float("nan")

    @property
    def gap(self) -> float:
        """The ratio of the last value counted to the first one dropped; infinite where none is dropped or it is 0."""
        return self.last_kept / self.first_dropped if self.first_dropped > 0 else float("inf")


def count_above(values: np.ndarray, relative: float, source: str) -> NumericalRank:
    """Singular values above ``relative`` times the largest, with the gap around the cut.

    Examples
    --------
    >>> found = count_above(np.array([2.0, 1.0, 1e-12]), 1e-10, "a matrix")
    >>> found.rank, round(found.participation, 6), found.gap
    (2, 1.8, 1000000000000.0)
    """
    values = np.sort(np.abs(values))[::-1]
    tolerance = float(relative * values[0])
    rank = int(np.sum(values > tolerance))
    dropped = float(values[rank]) if rank < values.size else 0.0
    # Of the largest, so that squares neither overflow nor underflow.
    shares = values / values[0] if values[0] else values
    square = float(shares @ shares)
    participation = float(shares.sum()) ** 2 / square if square else 0.0
    return NumericalRank(
        rank, tolerance, float(values[rank - 1]) if rank else 0.0, dropped, source, participation
    )

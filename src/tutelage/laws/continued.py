"""Laws by an equation for their resolvent: what they share."""

from __future__ import annotations

import abc
import functools
import itertools
from collections.abc import Sequence

import numpy as np

from tutelage.laws.continuation import Continuation
from tutelage.laws.transform import Piece, TransformLaw, visible_pieces

_FILLED = 1e-5


class ContinuedLaw(TransformLaw):
    """A law that a concrete class states by its equation, and by a grid on which no piece of the support is missed."""

    @property
    @abc.abstractmethod
    def equation(self) -> Continuation:
        """Whose density this is, up to a factor."""

    @abc.abstractmethod
    def grid(self) -> np.ndarray:
        """Ascending points, the last above the support."""

    def solve(self, y: np.ndarray) -> np.ndarray:
        return self.equation.density(y)

    @functools.cached_property
    def pieces(self) -> Sequence[Piece]:
        return _cut_at(visible_pieces(self.solve, self.grid()), self.hard_edges())


def _cut_at(pieces: Sequence[Piece], edges: np.ndarray) -> list[Piece]:
    """The pieces, cut at hard edges; on one side of such an edge lies a gap, which the distance at which the equation is
    followed fills for a little."""
    found = []
    for low, high in pieces:
        near = edges[(edges > low - _FILLED * high) & (edges < high + _FILLED * high)]
        ends = [end for end in (low, high) if not (np.abs(near - end) <= _FILLED * high).any()]
        found += itertools.pairwise(sorted({*ends, *near.tolist()}))
    return found


def between(low: float, high: float, n: int) -> np.ndarray:
    """A grid of n points from just below ``low`` to just above ``high``."""
    return np.geomspace(0.999 * low, 1.001 * high, n)

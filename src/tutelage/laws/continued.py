"""Laws by an equation for their resolvent: what they share."""

from __future__ import annotations

import abc
import functools
from collections.abc import Sequence

import numpy as np

from tutelage.laws.continuation import Continuation
from tutelage.laws.transform import Piece, TransformLaw, visible_pieces


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
        return visible_pieces(self.solve, self.grid())


def between(low: float, high: float, n: int) -> np.ndarray:
    """A grid of n points from just below ``low`` to just above ``high``."""
    return np.geomspace(0.999 * low, 1.001 * high, n)

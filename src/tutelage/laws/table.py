"""A function of one variable tabulated once, to a controlled error: Chebyshev panels, halved where needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.polynomial import chebyshev

_DEGREE = 16
_CROWD = 40
_DEEPEST = 50  # a panel 1e-15 of the interval: the square root itself is then told to 3e-11


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Piecewise Chebyshev interpolant on [edges[0], edges[-1]].

    Attributes
    ----------
    edges : ndarray, shape (n + 1,)
    coefficients : ndarray, shape (n, degree + 1)
    errors : ndarray, shape (n,)
        Largest of the last two coefficients of each panel: an estimate of its interpolation error.
    """

    edges: np.ndarray
    coefficients: np.ndarray
    errors: np.ndarray

    @property
    def error(self) -> float:
        """Largest error over the panels."""
        return float(self.errors.max())

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The interpolant, its end values outside."""
        x = np.clip(x, self.edges[0], self.edges[-1])
        panel = np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        return _clenshaw((2 * x - low - high) / (high - low), self.coefficients[panel])

    def integral(self) -> Table:
        """The antiderivative that vanishes at the left end."""
        half = np.diff(self.edges)[:, None] / 2
        raised = chebyshev.chebint(self.coefficients, lbnd=-1, axis=1) * half
        ends = raised.sum(axis=1)
        raised[:, 0] += np.cumsum(ends) - ends
        return Table(self.edges, raised, np.cumsum(self.errors * np.diff(self.edges)))


def tabulate(
    function: Callable[[np.ndarray], np.ndarray], panels: Sequence[float], tolerance: float
) -> Table:
    """Halve panels until the last two Chebyshev coefficients of each are below ``tolerance``, or only round-off.

    ``function`` maps (n,) to (n,) and is called once per round, with the points of all open panels together.
    """
    open_panels = np.unique(np.asarray(panels, dtype=np.float64))
    low, high = open_panels[:-1], open_panels[1:]
    nodes = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    parent_tail, size = np.full(low.shape, np.inf), 0.0
    done_low, done, errors = [], [], []
    for depth in range(_DEEPEST + 1):
        x = (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * nodes
        values = function(x.ravel()).reshape(x.shape)
        coefficients = chebyshev.chebfit(nodes, values.T, _DEGREE).T
        tail = np.abs(coefficients[:, -2:]).max(axis=1)
        size = max(size, float(np.abs(values).max()))
        # Halving gains 2^-16 on a smooth panel and 2^-p on one that starts like x^p; what gains nothing is round-off.
        # A singular point opens two panels a round; where many stay open after many rounds, it is round-off as well.
        crowded = depth >= 10 and np.count_nonzero(tail > tolerance) > _CROWD
        noise = ((tail > 0.9 * parent_tail) | crowded) & (tail < max(1e-8, 100 * tolerance) * size)
        ready = (tail <= tolerance) | noise | (depth == _DEEPEST)
        done_low.append(low[ready])
        done.append(coefficients[ready])
        errors.append(tail[ready])
        low, high, middle = low[~ready], high[~ready], ((low + high) / 2)[~ready]
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        parent_tail = np.tile(tail[~ready], 2)
        if not low.size:
            break
    starts = np.concatenate(done_low)
    order = np.argsort(starts)
    edges = np.append(starts[order], open_panels[-1])
    return Table(edges, np.concatenate(done)[order], np.concatenate(errors)[order])


def _clenshaw(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Sum of Chebyshev series with one row of coefficients (..., degree + 1) per point (...)."""
    ahead = behind = np.zeros_like(x)
    for j in range(coefficients.shape[-1] - 1, 0, -1):
        ahead, behind = coefficients[..., j] + 2 * x * ahead - behind, ahead
    return coefficients[..., 0] + x * ahead - behind

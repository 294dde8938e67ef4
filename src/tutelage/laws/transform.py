"""Laws whose density is the imaginary part of a transform: tabulated once on every piece of the support."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Sequence

import numpy as np

from tutelage.laws.base import Law, moment_order
from tutelage.laws.table import Table, tabulate

Piece = tuple[float, float]

_CUTS, _FINEST = 32, 1e-15
_VISIBLE = 1e-7
"""A density below this share of its largest is outside: a root-like edge is then 1e-14 of its piece away."""


class TransformLaw(Law):
    r"""A law that a concrete class states by its density at single points, and by the pieces of its support.

    Positions are counted from ``origin``, beside which the density may be as large as :math:`y^{-2/3}`. On a piece [l, r]
    the table runs over u with :math:`y = l + (r - l)\sin^{2p}(\pi u/2)`, p = 1, or 3 for a piece that starts at the origin:
    edges like a root and hard edges, those elsewhere only like the inverse of a root, become smooth. The density is the
    table's, never below 0, and its mass is exactly what the atoms leave; ``error`` includes by how much the table missed
    that.
    """

    tolerance: float = 1e-10
    """To which the density is told."""

    @abc.abstractmethod
    def solve(self, y: np.ndarray) -> np.ndarray:
        """Density at origin + y, y (n,) inside the pieces."""

    @property
    @abc.abstractmethod
    def pieces(self) -> Sequence[Piece]:
        """Intervals of y, ascending and apart, that carry the continuous part; () where there is none."""

    def hard_edges(self) -> np.ndarray:
        """Points beside which the density is infinite like the inverse of a root: an end of a piece."""
        return np.empty(0)

    @functools.cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Left ends, lengths and powers of the pieces."""
        low, high = np.array(self.pieces, dtype=np.float64).reshape(-1, 2).T
        return low, high - low, np.where(low == 0, 3.0, 1.0)

    def _position(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y and dy/dt at t = number of the piece + u."""
        low, width, power = self._ends
        piece = np.clip(t.astype(int), 0, low.size - 1)
        u, p = t - piece, power[piece]
        sine = np.sin(np.pi * u / 2) ** 2
        slope = width[piece] * p * sine ** (p - 1) * np.pi / 2 * np.sin(np.pi * u)
        return low[piece] + width[piece] * sine**p, slope

    def _coordinate(self, y: np.ndarray) -> np.ndarray:
        """The t of y; in a gap, the end of the piece before."""
        low, width, power = self._ends
        piece = np.clip(np.searchsorted(low, y, side="right") - 1, 0, low.size - 1)
        share = np.clip((y - low[piece]) / width[piece], 0.0, 1.0) ** (1 / power[piece])
        return piece + 2 / np.pi * np.arcsin(np.sqrt(share))

    @functools.cached_property
    def _tables(self) -> tuple[Table, Table, float]:
        """Density over t, its integral, and the factor to the mass of the continuous part."""

        def density(t: np.ndarray) -> np.ndarray:
            y, slope = self._position(t)
            return np.maximum(self.solve(y), 0.0) * slope

        table = tabulate(density, range(len(self.pieces) + 1), self.tolerance)
        integral = table.integral()
        return table, integral, self.share / float(integral(table.edges[-1:])[0])

    @property
    def error(self) -> float:
        if not self.pieces:
            return 1e-14
        _, integral, factor = self._tables
        return self.share * (integral.error + abs(factor - 1))

    def support(self) -> tuple[float, float]:
        ends = [*self.breakpoints(), *self.atoms()[0].tolist()]
        return min(ends), max(ends)

    def breakpoints(self) -> tuple[float, ...]:
        return tuple(self.origin + end for piece in self.pieces for end in piece)

    def panels(self) -> tuple[float, ...]:
        if not self.pieces:
            return ()
        inner = self.origin + self._position(self._tables[0].edges)[0]
        return tuple(np.unique(np.concatenate([inner, self.breakpoints()])).tolist())

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        y = np.asarray(y, dtype=np.float64)
        if not self.pieces:
            return np.zeros_like(y)
        table, _, factor = self._tables
        low, width, _ = self._ends
        t = self._coordinate(y)
        piece = np.clip(t.astype(int), 0, low.size - 1)
        inside = (y >= low[piece]) & (y <= low[piece] + width[piece])
        _, slope = self._position(t)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = factor * np.maximum(table(t), 0.0) / slope
        # At an end the slope vanishes; so does the density, save at the origin and hard edges, where it is infinite.
        value = np.where(slope > 0, value, np.where((y == 0) | np.isin(y, self.hard_edges()), np.inf, 0.0))
        return np.where(inside, value, 0.0)

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.offset_density(np.asarray(x, dtype=np.float64) - self.origin)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        y = np.asarray(x, dtype=np.float64) - self.origin
        if not self.pieces:
            return np.zeros_like(y)
        _, integral, factor = self._tables
        return np.where(y <= self._ends[0][0], 0.0, factor * integral(self._coordinate(y)))

    def moment(self, order: int) -> float:
        """E x^order, by quadrature."""
        order = moment_order(order, self)
        return float(self.measure().integrate(lambda x: x**order, 1e-13).value)


def visible_pieces(
    density: Callable[[np.ndarray], np.ndarray],
    grid: np.ndarray,
    cuts: int = _CUTS,
    finest: float = _FINEST,
) -> tuple[Piece, ...]:
    """Pieces of the support of a law of y > 0, found on an ascending grid that ends outside, then cut ever finer.

    A piece that the grid begins in begins at 0. Each round cuts into ``cuts``, the last one to ``finest`` of the distance
    of two grid points: few cuts need the fewest points, many the fewest rounds.
    """
    values = grid * density(grid)  # per unit of log y, which no hard edge makes large
    floor = _VISIBLE * values.max()
    inside = values > floor
    change = np.flatnonzero(inside[1:] != inside[:-1])
    outer = np.where(inside[change], grid[change + 1], grid[change])
    inner = np.where(inside[change], grid[change], grid[change + 1])
    share = np.linspace(0, 1, cuts + 1)
    for _ in range(round(-np.log(finest) / np.log(cuts))):
        points = outer[:, None] + (inner - outer)[:, None] * share
        seen = (points * density(points.ravel()).reshape(points.shape))[:, 1:-1] > floor
        first = np.where(seen.any(axis=1), seen.argmax(axis=1) + 1, cuts)
        rows = np.arange(change.size)
        outer, inner = points[rows, first - 1], points[rows, first]
    ends = [0.0, *outer.tolist()] if inside[0] else outer.tolist()
    return tuple(zip(ends[::2], ends[1::2], strict=True))

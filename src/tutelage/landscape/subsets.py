"""Subsets of the eigenvectors of a u² teacher: how many there are, which are critical, and which can be minima."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_EPS = float(np.finfo(float).eps)


class Rows(NamedTuple):
    """Critical subsets: how many eigenvectors of each eigenspace (n, g), and loss, index and shift of each (n,)."""

    counts: np.ndarray
    loss: np.ndarray
    index: np.ndarray
    shift: np.ndarray

    def take(self, which: np.ndarray) -> Rows:
        """Some of the rows, in the order given."""
        return Rows(*(column[which] for column in self))


@dataclasses.dataclass(frozen=True, eq=False)
class Eigenspaces:
    """The distinct eigenvalues ``levels`` (g,) of a teacher, descending, and the dimensions ``sizes`` (g,) of their spaces."""

    levels: np.ndarray
    sizes: np.ndarray

    @property
    def d(self) -> int:
        """Input dimension."""
        return int(self.sizes.sum())

    @property
    def starts(self) -> np.ndarray:
        """Position of the first eigenvector of each space."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def tolerance(self) -> float:
        """What rounding may do to an eigenvalue or a shift."""
        return rounding(self.levels, self.d)

    def critical(self, counts: np.ndarray, positive: int, negative: int) -> Rows:
        """Those of the subsets (n, g) whose signs fit so many read-outs of either sign (science 11.1, 11.3)."""
        left, shift = self.sizes - counts, self._shift(counts)
        mu = self.levels + shift[:, None]
        up, down = mu > self.tolerance, mu < -self.tolerance
        spare_up, spare_down = (
            positive - np.sum(counts * up, axis=1),
            negative - np.sum(counts * down, axis=1),
        )
        above = np.cumsum(left, axis=1) - left
        below = left.sum(axis=1)[:, None] - above - left
        index = np.sum(counts * np.where(up, above, below), axis=1)
        index += spare_up * np.sum(left * up, axis=1) + spare_down * np.sum(left * down, axis=1)
        loss = left @ self.levels**2 + (counts.sum(axis=1) + 2) * shift**2
        fits = np.all(up | down | (counts == 0), axis=1) & (spare_up >= 0) & (spare_down >= 0)
        return Rows(counts, loss, index, shift).take(fits)

    def extreme(self, positive: int, negative: int, neurons: int) -> Rows:
        """Critical subsets of the p largest and the q lowest eigenvalues, μ > 0 and μ < 0: all minima are among them."""
        p = np.arange(min(positive, self.d) + 1)[:, None, None]
        q = np.arange(min(negative, self.d) + 1)[None, :, None]
        p, q = np.broadcast_arrays(p, q)
        allowed = (p + q)[..., 0] <= min(self.d, neurons)
        p, q = p[allowed], q[allowed]
        top = np.clip(p - self.starts, 0, self.sizes)
        bottom = np.clip(self.starts + self.sizes - self.d + q, 0, self.sizes)
        mu = self.levels + self._shift(top + bottom)[:, None]
        agrees = np.where(top > 0, mu > self.tolerance, True) & np.where(
            bottom > 0, mu < -self.tolerance, True
        )
        return self.critical((top + bottom)[agrees.all(axis=1)], positive, negative)

    def _shift(self, counts: np.ndarray) -> np.ndarray:
        return (self.sizes - counts) @ self.levels / (counts.sum(axis=1) + 2)

    def numbers(self) -> list[int]:
        """How many subsets there are of each size 0, ..., d: the coefficients of the product of 1 + x + ... + x^m."""
        found = [1]
        for m in map(int, self.sizes):
            padded = [0] * m + found + [0] * m
            found = [sum(padded[i : i + m + 1]) for i in range(len(found) + m)]
        return found

    def of_size(self, total: int) -> Iterator[tuple[int, ...]]:
        """The subsets of one size, lexicographic: most of the largest eigenvalues first."""
        return _compositions(tuple(int(m) for m in self.sizes), total)


def rounding(values: np.ndarray, d: int) -> float:
    """Rounding of the eigenvalues of a d × d matrix and of their sums."""
    return 64 * d * _EPS * float(np.abs(values).max())


def eigenspaces(values: np.ndarray) -> Eigenspaces:
    """Of descending eigenvalues: neighbours that rounding alone separates become their mean, or 0 where it may be zero."""
    tolerance = rounding(values, values.size)
    runs = np.split(values, np.flatnonzero(-np.diff(values) > tolerance) + 1)
    levels = [0.0 if np.abs(run).max() <= tolerance else float(run.mean()) for run in runs]
    return Eigenspaces(np.array(levels), np.array([run.size for run in runs]))


def _compositions(sizes: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
    if not sizes:
        yield ()
        return
    for first in range(min(sizes[0], total), max(total - sum(sizes[1:]), 0) - 1, -1):
        for rest in _compositions(sizes[1:], total - first):
            yield (first, *rest)

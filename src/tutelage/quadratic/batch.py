"""A batch of instances under minimisation: what the methods of :mod:`tutelage.quadratic.solver` share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.quadratic.losses import quadratic_forms

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


class Batch:
    """All instances; methods work on the rows still open and write each back here when it has arrived."""

    def __init__(self, A: np.ndarray, X: np.ndarray, y: np.ndarray, scale: np.ndarray):
        self.A, self.X, self.y, self.scale = A, X, y, scale
        self.loss = np.mean((quadratic_forms(X, A) - y) ** 2, axis=1) / scale
        self.steps = np.zeros(len(A), dtype=int)
        self.open = len(A)

    def open_rows(self, tolerance: float) -> np.ndarray:
        """Instances that have not arrived yet."""
        rows = np.flatnonzero(self.loss > tolerance)
        self.open = len(rows)
        return rows

    def close(self, rows: np.ndarray, A: np.ndarray, loss: np.ndarray, progress: Progress | None) -> None:
        """Write back instances that leave the batch."""
        self.A[rows], self.loss[rows] = A, loss
        self.open -= len(rows)
        if progress is not None:
            progress(len(self.A) - self.open, len(self.A))

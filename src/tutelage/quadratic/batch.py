"""A batch of instances under minimisation: what the methods of :mod:`tutelage.quadratic.solver` share."""

from __future__ import annotations

import numpy as np

from tutelage.base.progress import Progress
from tutelage.quadratic.losses import quadratic_forms


class Batch:
    """All instances; methods work on the rows still open and write each back here when it has arrived."""

    def __init__(self, A: np.ndarray, X: np.ndarray, y: np.ndarray, scale: np.ndarray):
        self.A, self.X, self.y, self.scale = A, X, y, scale
        self.loss = np.mean((quadratic_forms(X, A) - y) ** 2, axis=1) / scale
        self.steps = np.zeros(len(A), dtype=int)
        self.open = len(A)

    def open_rows(self, training_loss: float) -> np.ndarray:
        """Instances that have not arrived yet."""
        rows = np.flatnonzero(self.loss > training_loss)
        self.open = len(rows)
        return rows

    def close(self, rows: np.ndarray, A: np.ndarray, loss: np.ndarray, progress: Progress | None) -> None:
        """Write back instances that leave the batch."""
        self.A[rows], self.loss[rows] = A, loss
        self.open -= len(rows)
        if progress is not None:
            progress(1 - self.open / len(self.A))

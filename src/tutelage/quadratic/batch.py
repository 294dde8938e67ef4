"""A batch of instances under minimisation: what the methods of :mod:`tutelage.quadratic.solver` share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.quadratic.losses import quadratic_forms

Progress = Callable[[int, int], None]


class Batch:
    """All instances; methods work on the rows still open and write back here."""

    def __init__(self, A: np.ndarray, X: np.ndarray, y: np.ndarray, scale: np.ndarray):
        self.A, self.X, self.y, self.scale = A, X, y, scale
        self.loss = np.mean((quadratic_forms(X, A) - y) ** 2, axis=1) / scale
        self.steps = np.zeros(len(A), dtype=int)

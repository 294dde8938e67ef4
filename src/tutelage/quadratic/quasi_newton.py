r"""L-BFGS on the weights of many instances at once: the way to train a student that is narrower than the input.

Methods that close on A lose their speed there, for the minimiser has the full rank of a narrow student; here the start
A(0) = LLᵀ of rank w becomes w neurons, and :math:`E_n` with its gradient :math:`\tfrac{4}{n} L X^\top\mathrm{diag}(r)X` is
minimised over them. The neurons may be any rotation of those the start was made of: the runs are rotations of each other.
"""

from __future__ import annotations

import numpy as np

from tutelage.base.lbfgs import minimize_rows
from tutelage.base.progress import Progress
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.teacher import orthogonal_split


def run_lbfgs(batch: Batch, tolerance: float, max_steps: int, progress: Progress | None) -> None:
    """To a relative training loss, or to where no step lowers it any more."""
    rows = batch.open_rows(tolerance)
    if not len(rows):
        return
    X, y, scale = batch.X[rows], batch.y[rows], batch.scale[rows]
    width = max(orthogonal_split(A)[0].shape[1] for A in batch.A[rows])
    values, vectors = np.linalg.eigh(batch.A[rows])
    start = np.sqrt(np.maximum(values[:, -width:], 0.0))[:, :, None] * np.swapaxes(
        vectors[:, :, -width:], 1, 2
    )
    d = X.shape[2]

    def loss(flat: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        W, inputs = flat.reshape(len(flat), width, d), X[open_]
        U = inputs @ np.swapaxes(W, 1, 2)
        r = np.sum(U**2, axis=2) - y[open_]
        weight = scale[open_] * inputs.shape[1]
        gradient = np.swapaxes(U * r[..., None], 1, 2) @ inputs * (4 / weight)[:, None, None]
        return np.sum(r**2, axis=1) / weight, gradient.reshape(flat.shape)

    end = minimize_rows(loss, start.reshape(len(rows), -1), value=tolerance, max_steps=max_steps)
    W = end.x.reshape(len(rows), width, d)
    batch.steps[rows] = end.steps
    batch.close(rows, np.swapaxes(W, 1, 2) @ W, end.value, progress)

r"""L-BFGS on the weights of many instances at once: the way to train a student that is narrower than the input.

Methods that close on A lose their speed there, for the minimiser has the full rank of a narrow student; here the start
A(0) = LLᵀ of rank w becomes w neurons, and :math:`E_n` with its gradient :math:`\tfrac{4}{n} L X^\top\mathrm{diag}(r)X` is
minimised over them. The neurons may be any rotation of those the start was made of: the runs are rotations of each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tutelage.base.lbfgs import minimize_rows
from tutelage.base.progress import Progress
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.teacher import range_last


def run_lbfgs(batch: Batch, tolerance: float, max_steps: int, progress: Progress | None) -> None:
    """To a relative training loss, or to where no step lowers it any more."""
    run_together([batch], tolerance, max_steps, progress)


def run_together(
    batches: Sequence[Batch], tolerance: float, max_steps: int, progress: Progress | None = None
) -> None:
    """:func:`run_lbfgs` of batches that differ in their number of samples, in step: small problems are all overhead."""
    rows = [batch.open_rows(tolerance) for batch in batches]
    ends = np.cumsum([len(r) for r in rows])
    if not ends[-1]:
        return
    data = [(b.X[r], b.y[r], b.scale[r] * b.X.shape[1]) for b, r in zip(batches, rows, strict=True)]
    A = np.concatenate([batch.A[r] for batch, r in zip(batches, rows, strict=True)])
    width, d = int(range_last(A)[1].max()), A.shape[1]
    values, vectors = np.linalg.eigh(A)
    start = np.sqrt(np.maximum(values[:, -width:], 0.0))[:, :, None] * vectors[:, :, -width:].mT

    def loss(flat: np.ndarray, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, gradient, first = np.empty(len(flat)), np.empty((len(flat), width, d)), 0
        for (X, y, weight), begin, end in zip(data, (0, *ends[:-1]), ends, strict=True):
            last = int(np.searchsorted(open_, end))  # rows stay in order
            here, own, first = slice(first, last), open_[first:last] - begin, last
            if not own.size:
                continue
            inputs, W, scale = X[own], flat[here].reshape(-1, width, d), weight[own]
            U = inputs @ W.mT
            r = np.sum(U**2, axis=2) - y[own]
            gradient[here] = (U * r[..., None]).mT @ inputs * (4 / scale)[:, None, None]
            found[here] = np.sum(r**2, axis=1) / scale
        return found, gradient.reshape(flat.shape)

    end = minimize_rows(loss, start.reshape(len(A), -1), value=tolerance, max_steps=max_steps)
    W = end.x.reshape(len(A), width, d)
    for batch, r, group in zip(batches, rows, np.split(np.arange(len(A)), ends[:-1]), strict=True):
        batch.steps[r] = end.steps[group]
        batch.close(r, W[group].mT @ W[group], end.value[group], progress)

r"""Levenberg-Marquardt and gradient descent on many instances at once.

With :math:`\hat w = w/\sqrt m` the prediction is :math:`\sum_i (\hat w_i\cdot x)^2`, its Jacobian product
:math:`J J^\top = 4\,(X X^\top)\circ(X A X^\top)` (n × n, no width in it), and a Gauss-Newton step
:math:`\hat w \leftarrow (I - 2 X^\top \mathrm{diag}(z) X)\hat w` with :math:`(JJ^\top + \lambda I) z = r`, so

.. math::
    A \leftarrow (I - 2C) A (I - 2C), \qquad C = X^\top \mathrm{diag}(z)\, X .
"""

from __future__ import annotations

import numpy as np

from tutelage.base.progress import Progress
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.losses import quadratic_forms


def run_levenberg_marquardt(
    batch: Batch, training_loss: float, max_steps: int, progress: Progress | None
) -> None:
    """Damped Gauss-Newton steps; a step that raises the loss is refused and the damping grows."""
    n, d = batch.X.shape[1:]
    rows = batch.open_rows(training_loss)
    X, y, A, loss = batch.X[rows], batch.y[rows], batch.A[rows], batch.loss[rows]
    gram = X @ X.mT
    diagonal, eye = np.arange(n), np.eye(d)
    damping = np.full(len(rows), 1e-2)
    for _ in range(max_steps):
        if len(rows) == 0:
            break
        forms = X @ A @ X.mT
        residual = forms[:, diagonal, diagonal] - y
        forms *= gram
        forms *= 4.0
        mean = np.mean(forms[:, diagonal, diagonal], axis=1)
        forms[:, diagonal, diagonal] += ((damping + 1e-15) * mean)[:, None]
        z = np.linalg.solve(forms, residual[..., None])
        step = eye - 2 * X.mT @ (z * X)
        trial = step @ A @ step.mT
        reached = np.mean((quadratic_forms(X, trial) - y) ** 2, axis=1) / batch.scale[rows]
        better = reached < loss
        A = np.where(better[:, None, None], trial, A)
        damping = np.where(better, 0.1 * damping, 5.0 * np.maximum(damping, 1e-8))
        loss = np.where(better, reached, loss)
        batch.steps[rows] += 1
        done = (loss <= training_loss) | (damping > 1e12)
        if done.any():
            batch.close(rows[done], A[done], loss[done], progress)
            keep = ~done
            rows, X, y, A, loss = rows[keep], X[keep], y[keep], A[keep], loss[keep]
            gram, damping = gram[keep], damping[keep]
    batch.close(rows, A, loss, progress if len(rows) else None)


def run_gradient_descent(
    batch: Batch, training_loss: float, max_steps: int, progress: Progress | None
) -> None:
    """The flow in steps of half the largest stable size, per instance; halved whenever the loss rises."""
    n, d = batch.X.shape[1:]
    rows = batch.open_rows(training_loss)
    X, y, A, loss = batch.X[rows], batch.y[rows], batch.A[rows], batch.loss[rows]
    # Half of 2/lambda_max of the loss at the start (Gauss-Newton part, (1/2n) J Jᵀ); halved whenever the loss rises.
    kernel = (X @ X.mT) * (X @ A @ X.mT)
    rate = 0.5 * n / np.linalg.eigvalsh(kernel)[:, -1]
    residual = quadratic_forms(X, A) - y
    scale, eye = n * batch.scale[rows], np.eye(d)
    for step_number in range(1, max_steps + 1):
        if len(rows) == 0:
            break
        step = eye - X.mT @ ((rate / n)[:, None, None] * residual[..., None] * X)
        trial = step @ A @ step
        trial_residual = np.einsum("bni,bni->bn", X @ trial, X) - y
        reached = np.einsum("bn,bn->b", trial_residual, trial_residual) / scale
        better = reached <= loss
        if better.all():
            A, residual, loss = trial, trial_residual, reached
        else:
            rate = np.where(better, rate, 0.5 * rate)
            A = np.where(better[:, None, None], trial, A)
            residual = np.where(better[:, None], trial_residual, residual)
            loss = np.where(better, reached, loss)
        batch.steps[rows] += 1
        # Leaving costs a copy of every array: done in lots, except at the end.
        if (step_number % 16 == 0 or loss.max() <= training_loss) and (done := loss <= training_loss).any():
            batch.close(rows[done], A[done], loss[done], progress)
            keep = ~done
            rows, X, y, A, loss = (v[keep] for v in (rows, X, y, A, loss))
            residual, rate, scale = (v[keep] for v in (residual, rate, scale))
    batch.close(rows, A, loss, progress if len(rows) else None)

r"""Gauss-Newton on the weights with a barrier that keeps A of full rank, on many instances at once.

A plain Gauss-Newton step may all but kill a neuron direction (an eigenvalue of A), which then never comes back: where
the minimiser is unique such runs crawl along the boundary. Here

.. math::
    \Phi_\mu(A) = \tfrac12\sum_\nu (x_\nu^\top A x_\nu - y_\nu)^2 - \mu \log\det A

is minimised by Newton steps while μ falls. With A = L Lᵀ (L holds the weights), p_ν = x_νᵀAx_ν, r = p − y and
C = Xᵀ diag(z) X the step is one n × n system and a multiplicative update:

.. math::
    \big[(X A X^\top)^{\circ 2} + \mu I\big] z = r + p, \qquad A \leftarrow L\,(I + \alpha M)\,L^\top, \quad M = I - L^\top C L .

It arrives at A_* where the minimiser is unique, and at the analytic centre of the feasible set elsewhere.
"""

from __future__ import annotations

import numpy as np

from tutelage.base.progress import Progress
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.losses import quadratic_forms

# Where A nears a low rank the n × n matrix does too; a ridge at rounding level keeps it solvable.
_RIDGE = 1e-15
# Largest part of the way to the boundary of the cone taken in one step.
_TO_BOUNDARY = 0.995


def run_interior(batch: Batch, training_loss: float, max_steps: int, progress: Progress | None) -> None:
    """Follow the path of minimisers as μ falls, one Newton step at a time."""
    n, d = batch.X.shape[1:]
    rows = batch.open_rows(training_loss)
    X, y = batch.X[rows], batch.y[rows]
    values, vectors = np.linalg.eigh(batch.A[rows])
    # A student narrower than d starts on the boundary, where the barrier is infinite: lift it slightly.
    values = np.maximum(values, 1e-8 * values[:, -1:])
    L = vectors * np.sqrt(values)[:, None, :]
    diagonal, eye = np.arange(n), np.eye(d)
    mu = None
    for _ in range(max_steps + 1):
        Y = X @ L
        forms = Y @ Y.mT
        p = forms[:, diagonal, diagonal]
        r = p - y
        square = np.sum(r**2, axis=1)
        # The first weight is of the order of the loss: a hot start that forgets nothing useful.
        mu = 0.1 * square / d if mu is None else mu
        loss = square / n / batch.scale[rows]
        done = loss <= training_loss
        if done.any():
            batch.close(rows[done], L[done] @ L[done].mT, loss[done], progress)
            keep = ~done
            rows, X, y, L, Y, forms, p, r, mu = (v[keep] for v in (rows, X, y, L, Y, forms, p, r, mu))
        if len(rows) == 0:
            return
        forms *= forms
        forms[:, diagonal, diagonal] += (mu + _RIDGE * np.sum(forms[:, diagonal, diagonal], axis=1))[:, None]
        z = np.linalg.solve(forms, (r + p)[..., None])
        values, vectors = np.linalg.eigh(eye - Y.mT @ (z * Y))
        step = _line_search(r, np.sum((Y @ vectors) ** 2 * values[:, None, :], axis=-1), values, mu)
        L = (L @ vectors) * np.sqrt(1 + step[:, None] * values)[:, None, :]
        # A Newton step shorter than 1 is inside the region of quadratic convergence: the weight may fall.
        mu = np.where(np.sum(values**2, axis=1) < 1.0, 0.1 * mu, mu)
        batch.steps[rows] += 1
    A = L @ L.mT
    loss = np.mean((quadratic_forms(X, A) - y) ** 2, axis=1) / batch.scale[rows]
    batch.close(rows, A, loss, progress)


def _line_search(r: np.ndarray, change: np.ndarray, values: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """Minimise ½|r + α change|² − μ Σ log(1 + α values) over α, by bisection on its derivative."""
    linear, square = np.sum(r * change, axis=1), np.sum(change**2, axis=1)
    low = np.zeros(len(values))
    high = np.minimum(4.0, _TO_BOUNDARY / np.maximum(-values[:, 0], 1e-300))
    for _ in range(12):
        middle = 0.5 * (low + high)
        rising = linear + middle * square > mu * np.sum(values / (1 + middle[:, None] * values), axis=1)
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return 0.5 * (low + high)

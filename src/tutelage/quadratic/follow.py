r"""The gradient flow followed to its end by implicit steps, on many instances at once.

Gradient descent needs a number of steps that grows like the time, and where the minimiser is unique the loss falls only
like 1/t². Implicit steps grow with t instead. With L (d, d), A = L Lᵀ, the flow is :math:`\dot L = -2 G L`; its
Jacobian is taken as :math:`-2G_+ - \tfrac1{2n} J^\top J` (G₊ the positive part of the slope): one n × n system. A
step h of Verwer's two-stage Rosenbrock method (second order whatever the Jacobian) is, with :math:`c = \gamma h/2n`,
:math:`P = (I + 2\gamma h G_+)^{-1}` and :math:`K = J P J^\top = 4\,(XPX^\top)\circ(XAX^\top)`,

.. math::
    (I + cK)\,z_1 = r,\quad S = \tfrac1n P X^\top\mathrm{diag}(z_1) X,\quad M = 2S - 2G_1(I - hS),\quad
    (I + cK)\,z_2 = 2c\,\mathrm{diag}(X P M A X^\top),

    L \leftarrow \big[I - \tfrac32 h S + \tfrac12 h\,P\,(M - 2X^\top\mathrm{diag}(z_2)X)\big] L ,

G_1 being the slope after the first stage. The first stage alone is the embedded first-order step; their difference sets h.

Source: J. G. Verwer et al., SIAM J. Sci. Comput. 20 (1999) 1456 (ROS2).
"""

from __future__ import annotations

import numpy as np

from tutelage.base.progress import Progress
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.losses import quadratic_forms

_GAMMA = 1 - np.sqrt(0.5)  # stiffly accurate and without overshoot on decaying modes
# Difference of the two orders, relative to the norm of the weights, allowed in one step; the verdicts it gives are
# compared with those of plain descent in the study `recovery` and in tests/quadratic/test_follow.py.
_STEP_ERROR = 3e-3


def run_gradient_flow(batch: Batch, training_loss: float, max_steps: int, progress: Progress | None) -> None:
    """Steps that grow as the flow slows; one whose error is too large, or that raises the loss, is taken again."""
    n = batch.X.shape[1]
    rows = batch.open_rows(training_loss)
    X, y, A, loss = batch.X[rows], batch.y[rows], batch.A[rows], batch.loss[rows]
    scale = np.sum(X**2, axis=2) * quadratic_forms(X, A)
    h = n / np.maximum(np.sum(scale, axis=1), np.finfo(float).tiny)
    for _ in range(max_steps):
        if len(rows) == 0:
            break
        update, error = _rosenbrock(A, X, y, h)
        trial = update @ A @ update.mT
        reached = ((quadratic_forms(X, trial) - y) ** 2).sum(axis=1) / n / batch.scale[rows]
        better = (error <= _STEP_ERROR) & (reached <= loss)
        A = trial if better.all() else np.where(better[:, None, None], trial, A)
        loss = np.where(better, reached, loss)
        grown = np.minimum(np.maximum(0.9 * np.sqrt(_STEP_ERROR / np.maximum(error, 1e-300)), 0.2), 4.0)
        h = h * np.where(better, grown, np.minimum(grown, 0.5))
        batch.steps[rows] += 1
        done = loss <= training_loss
        if done.any():
            batch.close(rows[done], A[done], loss[done], progress)
            keep = ~done
            rows, X, y, A, loss, h = (v[keep] for v in (rows, X, y, A, loss, h))
    batch.close(rows, A, loss, progress if len(rows) else None)


def _rosenbrock(A: np.ndarray, X: np.ndarray, y: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix T of the step L <- T L (B, d, d) and the error estimate relative to |L| (B,)."""
    n, d = X.shape[1:]
    eye, h, Xt = np.eye(d), h[:, None, None], X.mT
    forms = X @ A @ Xt
    residual = np.einsum("bnn->bn", forms) - y
    c = _GAMMA * h / (2 * n)
    P = _resolvent(X, residual, h)
    system = 4 * c * forms
    system *= X @ P @ Xt
    np.einsum("bnn->bn", system)[...] += 1.0  # a view of the diagonal
    inverse = np.linalg.inv(system)  # two right-hand sides, the second known only after the first
    S = P @ Xt @ ((inverse @ residual[..., None]) * X) / n
    stage = eye - h * S
    G = Xt @ ((quadratic_forms(X, stage @ A @ stage.mT) - y)[..., None] * X) / (2 * n)
    half = S - G @ stage  # of M
    z = inverse @ (4 * c * ((X @ (P @ half) @ A) * X).sum(axis=-1, keepdims=True))
    difference = h * (P @ (half - Xt @ (z * X)) - 0.5 * S)
    error = np.sqrt(np.abs(((difference @ A) * difference).sum(axis=(1, 2))))
    return stage + difference, error / np.sqrt(A.trace(axis1=1, axis2=2))


def _resolvent(X: np.ndarray, residual: np.ndarray, h: np.ndarray) -> np.ndarray:
    """P = (I + 2γh G₊)⁻¹: directions in which the slope makes L decay; growing ones are left explicit."""
    G = X.mT @ (residual[..., None] * X) / (2 * X.shape[1])
    values, vectors = np.linalg.eigh(G)
    weights = 1 / (1 + 2 * _GAMMA * h[..., 0] * np.maximum(values, 0.0))
    return (vectors * weights[:, None, :]) @ vectors.mT

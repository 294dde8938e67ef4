r"""Thousands of small instances minimised to zero loss at once; each method stands in a file of its own.

Every method acts on the weights and closes on A = (1/m) Σ w wᵀ, so the student's width enters through the rank of the
start alone. Instances that have arrived leave the batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.batch import Batch
from tutelage.quadratic.follow import run_gradient_flow
from tutelage.quadratic.interior import run_interior
from tutelage.quadratic.iterate import run_gradient_descent, run_levenberg_marquardt
from tutelage.quadratic.losses import population_energy, quadratic_forms
from tutelage.quadratic.quasi_newton import run_lbfgs, run_together
from tutelage.quadratic.settings import Method, stopping

_RUNNERS = {
    "gradient_descent": run_gradient_descent,
    "gradient_flow": run_gradient_flow,
    "interior": run_interior,
    "lbfgs": run_lbfgs,
    "levenberg_marquardt": run_levenberg_marquardt,
}


@dataclasses.dataclass(frozen=True, eq=False)
class Minimised(Value):
    """Where B runs ended: ``A`` (B, d, d); ``loss`` (B,) = E_n(A)/E_n(0); ``error`` (B,) = E(A)/E(0); ``steps`` (B,);
    ``arrived`` (B,): the loss reached the one asked for."""

    A: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    steps: np.ndarray
    arrived: np.ndarray

    def __repr__(self) -> str:
        return f"Minimised({int(self.arrived.sum())} of {len(self.loss)} reached the loss asked for)"


def minimise(
    teachers: ArrayLike,
    X: ArrayLike,
    starts: ArrayLike,
    method: Method = "interior",
    training_loss: float | None = None,
    max_steps: int | None = None,
    progress: AskedProgress = None,
) -> Minimised:
    """Minimise E_n for B instances from given starts; each instance stops when its loss is reached.

    Parameters
    ----------
    teachers : array_like, shape (B, d, d)
        A_* of each instance.
    X : array_like, shape (B, n, d)
        Inputs of each instance.
    starts : array_like, shape (B, d, d)
        A(0) = (1/m) Σ w wᵀ; of full rank for a student with m >= d.
    method : {"gradient_descent", "gradient_flow", "interior", "levenberg_marquardt"}
        - ``gradient_descent``: plain descent with half the largest stable step; 1e-6, 100 000 steps.
        - ``gradient_flow``: the limit of small steps, followed to its end by implicit steps
          (:mod:`tutelage.quadratic.follow`); 1e-10, 300 steps.
        - ``interior``: Gauss-Newton with a barrier that keeps A of full rank; always arrives, in about 25 steps, at the
          centre of the feasible set whatever the start (:mod:`tutelage.quadratic.interior`); 1e-13, 100 steps. With
          n < d that set has no centre (it is unbounded) and Levenberg-Marquardt runs instead.
        - ``levenberg_marquardt``: from the start to a nearby minimum; slow where the minimiser is unique, for a
          minimum of deficient rank is degenerate; 1e-13, 200 steps.
    training_loss : float, optional
        Relative training loss E_n(A)/E_n(0) at which an instance stops; the method's own (above) unless given.
    max_steps : int, optional
        Steps allowed; an instance that needs more has ``arrived`` False.

    Examples
    --------
    >>> import numpy as np
    >>> teacher, X = np.diag([1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> run = minimise(teacher[None], X[None], np.eye(2)[None])
    >>> run, bool(run.error[0] < 1e-6)
    (Minimised(1 of 1 reached the loss asked for), True)
    """
    who = "minimise"
    A_star, X, A = (
        check.float_array(v, who, name, ndim=3)
        for v, name in ((teachers, "teachers"), (X, "X"), (starts, "starts"))
    )
    training_loss, max_steps = stopping(method, training_loss, max_steps, who)
    if A_star.shape != A.shape or X.shape[0] != A.shape[0] or X.shape[2] != A.shape[1]:
        raise InputError(
            f"{who}: expected teachers (B, d, d), X (B, n, d) and starts (B, d, d), got {A_star.shape}, {X.shape} "
            f"and {A.shape}; stack the instances along the first axis"
        )
    y = quadratic_forms(X, A_star)
    batch = Batch(A.copy(), X, y, np.mean(y**2, axis=1))
    unbounded = method == "interior" and X.shape[1] < X.shape[2]
    progress = as_progress(progress, "minimise")
    _RUNNERS["levenberg_marquardt" if unbounded else method](batch, training_loss, max_steps, progress)
    return _minimised(batch, A_star, training_loss)


def minimise_together(problems: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> list[Minimised]:
    """:func:`minimise` by L-BFGS of several (teachers, X, starts) with samples of different number, in step: to the same bits."""
    training_loss, max_steps = stopping("lbfgs", None, None, "minimise_together")
    batches = [_batch(*problem) for problem in problems]
    run_together(batches, training_loss, max_steps)
    return [
        _minimised(batch, teachers, training_loss)
        for batch, (teachers, _, _) in zip(batches, problems, strict=True)
    ]


def _batch(teachers: np.ndarray, X: np.ndarray, starts: np.ndarray) -> Batch:
    y = quadratic_forms(X, teachers)
    return Batch(starts.copy(), X, y, np.mean(y**2, axis=1))


def _minimised(batch: Batch, teachers: np.ndarray, training_loss: float) -> Minimised:
    error = population_energy(batch.A - teachers) / population_energy(teachers)
    return Minimised(batch.A, batch.loss, error, batch.steps, batch.loss <= training_loss)

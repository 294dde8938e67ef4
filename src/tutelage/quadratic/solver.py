r"""Thousands of small instances minimised to zero loss at once; each method stands in a file of its own.

Every method acts on the weights and closes on A = (1/m) Σ w wᵀ, so the student's width enters through the rank of the
start alone. Instances that have arrived leave the batch.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np

from tutelage import check
from tutelage.errors import InputError
from tutelage.quadratic.batch import Batch, Progress
from tutelage.quadratic.interior import run_interior
from tutelage.quadratic.iterate import run_gradient_descent, run_levenberg_marquardt
from tutelage.quadratic.losses import population_energy, quadratic_forms

METHODS = ("interior", "levenberg_marquardt", "gradient_descent", "descent_then_gauss_newton")
Method = Literal["interior", "levenberg_marquardt", "gradient_descent", "descent_then_gauss_newton"]
# Relative loss at which gradient descent hands over: the Gauss-Newton steps after it hardly move A.
HANDOVER = 1e-4


@dataclasses.dataclass(frozen=True, eq=False)
class Minimised:
    """Where B runs ended: ``A`` (B, d, d); ``loss`` (B,) = E_n(A)/E_n(0); ``error`` (B,) = E(A)/E(0); ``steps`` (B,);
    ``converged`` (B,): the loss reached the tolerance."""

    A: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    steps: np.ndarray
    converged: np.ndarray

    def __repr__(self) -> str:
        return f"Minimised({int(self.converged.sum())} of {len(self.loss)} reached zero loss)"


def minimise(
    teachers: Any,
    X: Any,
    starts: Any,
    method: Method = "interior",
    tolerance: float = 1e-13,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Minimised:
    """Minimise E_n for B instances from given starts.

    Parameters
    ----------
    teachers : array_like, shape (B, d, d)
        A_* of each instance.
    X : array_like, shape (B, n, d)
        Inputs of each instance.
    starts : array_like, shape (B, d, d)
        A(0) = (1/m) Σ w wᵀ; of full rank for a student with m >= d.
    method : {"interior", "levenberg_marquardt", "gradient_descent", "descent_then_gauss_newton"}
        - ``interior``: Gauss-Newton with a barrier that keeps A of full rank; always arrives, in about 25 steps, at the
          centre of the feasible set whatever the start (:mod:`tutelage.quadratic.interior`). With n < d that set
          has no centre (it is unbounded) and Levenberg-Marquardt runs instead.
        - ``levenberg_marquardt``: from the start to a nearby minimum; slow where the minimiser is unique, for a
          minimum of deficient rank is degenerate.
        - ``gradient_descent``: follows the flow with half the largest stable step.
        - ``descent_then_gauss_newton``: descends to a relative loss of 1e-4, then Levenberg-Marquardt finishes.
    tolerance : float
        Relative loss E_n(A)/E_n(0) at which an instance stops. At 1e-13 the interior method's error separates unique
        from other instances at every size tried (``benchmarks/recovery.py``).
    max_steps : int, optional
        Defaults 100, 200, 20 000 and 4 000 (of descent) in the order above.
    """
    who = "minimise"
    A_star, X, A = (
        check.float_array(v, who, name, ndim=3)
        for v, name in ((teachers, "teachers"), (X, "X"), (starts, "starts"))
    )
    check.choice(method, who, "method", METHODS)
    if A_star.shape != A.shape or X.shape[0] != A.shape[0] or X.shape[2] != A.shape[1]:
        raise InputError(
            f"{who}: expected teachers (B, d, d), X (B, n, d) and starts (B, d, d), got {A_star.shape}, {X.shape} "
            f"and {A.shape}; stack the instances along the first axis"
        )
    y = quadratic_forms(X, A_star)
    batch = Batch(A.copy(), X, y, np.mean(y**2, axis=1))
    if method == "interior" and X.shape[1] >= X.shape[2]:
        run_interior(batch, tolerance, max_steps or 100, progress)
    elif method in ("interior", "levenberg_marquardt"):
        run_levenberg_marquardt(batch, tolerance, max_steps or 200, progress)
    else:
        polish = method == "descent_then_gauss_newton"
        floor, longest = (max(tolerance, HANDOVER), 4_000) if polish else (tolerance, 20_000)
        run_gradient_descent(batch, floor, max_steps or longest, progress)
        if polish:
            run_levenberg_marquardt(batch, tolerance, 200, progress)
    error = population_energy(batch.A - A_star) / population_energy(A_star)
    return Minimised(batch.A, batch.loss, error, batch.steps, batch.loss <= tolerance)

"""The uniqueness programme through CVXPY and an open conic solver: an independent second opinion (extra `convex`)."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from tutelage.base.errors import MissingExtraError
from tutelage.base.types import ArrayLike
from tutelage.quadratic.teacher import Teacher, check_inputs, orthogonal_split, teacher_matrix


def conic_value(teacher: Teacher, X: ArrayLike, solver: str = "CLARABEL") -> float:
    r"""max λ_min(S), tr S = q, over :math:`S = V^\top M V` with :math:`M = \sum y_\nu x_\nu x_\nu^\top`, :math:`U^\top M = 0`.

    Positive: A_* is the only fit; negative: it is not (:mod:`tutelage.quadratic.uniqueness`). −inf if no y satisfies
    the constraints. No iterate, scaling or stopping rule is shared with the batched method.

    Raises
    ------
    MissingExtraError
        CVXPY is not installed.
    """
    try:
        import cvxpy as cp
    except ImportError:
        raise MissingExtraError(
            "conic_value: expected CVXPY, not installed; pip install 'tutelage[convex]'"
        ) from None
    A = teacher_matrix(teacher, "conic_value")
    X = check_inputs(X, len(A), "conic_value")
    U, V = orthogonal_split(A)
    q = V.shape[1]
    if q == 0:
        return -np.inf
    rows = np.einsum("di,nd,ne->ien", U, X, X).reshape(-1, len(X))
    allowed = scipy.linalg.null_space(rows)  # redundant equations upset the solver's factorisation
    if allowed.shape[1] == 0:
        return -np.inf
    forms = np.einsum("np,ni,nj->ijp", allowed, X @ V, X @ V)
    c, t = cp.Variable(allowed.shape[1]), cp.Variable()
    S = cp.reshape(forms.reshape(q * q, -1) @ c, (q, q), order="C")
    constraints = [cp.trace(S) == q, (S + S.T) / 2 - t * np.eye(q) >> 0]
    problem = cp.Problem(cp.Maximize(t), constraints)
    problem.solve(solver=solver)
    return -np.inf if problem.value is None else float(problem.value)

r"""The weight Hessian of the quadratic problem and its rank at zero loss (science 7.7).

.. math::
    H_{ij} = \frac{2}{m}\,\delta_{ij}\,G + \frac{2}{m^2}\big[(w_i\cdot w_j) I + w_j w_i^\top + w_i w_j^\top\big]

for the population loss; on data the bracket becomes :math:`\frac1n\sum_\nu (w_i\cdot x_\nu)(w_j\cdot x_\nu) x_\nu x_\nu^\top`.
"""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.numerical_rank import NumericalRank, count_above
from tutelage.base.types import ArrayLike
from tutelage.quadratic.losses import empirical_slope, population_slope
from tutelage.quadratic.teacher import Teacher, check_inputs, check_student, matrix_of, teacher_matrix


def weight_hessian(W: ArrayLike, teacher: Teacher, X: ArrayLike | None = None) -> np.ndarray:
    """∂²E/∂W², neurons row-major: shape (m d, m d). On inputs X (n, d), or over x ~ N(0, I) without them.

    Parameters
    ----------
    W : array_like, shape (m, d)
        Student weights.
    teacher : QuadraticTeacher or array_like, shape (d, d)
    X : array_like, shape (n, d), optional
    """
    A_star = teacher_matrix(teacher, "weight_hessian")
    d = A_star.shape[0]
    W = check_student(W, d, "weight_hessian")
    m = len(W)
    delta = matrix_of(W) - A_star
    if X is None:
        G = population_slope(delta)
        blocks = np.einsum("ia,jb->ibja", W, W) + np.einsum("ia,jb->iajb", W, W)
        blocks += np.einsum("ij,ab->iajb", W @ W.T, np.eye(d))
        outer = (2.0 / m**2) * blocks.reshape(m * d, m * d)
    else:
        X = check_inputs(X, d, "weight_hessian")
        G = empirical_slope(delta, X)
        J = prediction_jacobian(W, X)
        outer = J.T @ J / (2 * len(X))
    return outer + (2.0 / m) * np.kron(np.eye(m), G)


def prediction_jacobian(W: np.ndarray, X: np.ndarray) -> np.ndarray:
    """∂(x_νᵀAx_ν)/∂w_i = (2/m)(w_i·x_ν) x_ν: shape (n, m d)."""
    m, d = W.shape
    return (2.0 / m) * ((X @ W.T)[:, :, None] * X[:, None, :]).reshape(len(X), m * d)


def sampled_hessian_rank(W: ArrayLike, X: ArrayLike, cut: float = 1e-10) -> NumericalRank:
    """Rank of the empirical weight Hessian at zero loss (student = teacher weights W): min(n, N_eff) generically.

    The Hessian is then (1/2n) JᵀJ; the rank is read from the singular values of J, whose relative accuracy is the
    square root of what the eigenvalues of JᵀJ would give.
    """
    W = check.float_array(W, "sampled_hessian_rank", "W", ndim=2)
    X = check_inputs(X, W.shape[1], "sampled_hessian_rank")
    values = np.linalg.svd(prediction_jacobian(W, X), compute_uv=False)
    return count_above(values, cut, "singular values of the Jacobian")

r"""Losses of the quadratic problem and their gradients, in the matrix A and in the weights (science 7.1).

With :math:`\Delta = A - A_*` (all functions broadcast over leading axes of ``A``):

.. math::
    E = \tfrac12 \operatorname{tr}\Delta^2 + \tfrac14 (\operatorname{tr}\Delta)^2, \qquad
    E_n = \frac{1}{4n}\sum_\nu (x_\nu^\top\Delta x_\nu)^2 .

The paper's quarter is half of this package's one half: :math:`E = \varepsilon/2` for the network with activation u²
and read-out 1/m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.quadratic.symmetric import from_vector, outer_vectors, to_vector
from tutelage.quadratic.teacher import Teacher, check_inputs, teacher_matrix


def _difference(A: ArrayLike, teacher: Teacher, who: str) -> np.ndarray:
    A_star = teacher_matrix(teacher, who)
    A = check.float_array(A, who, "A")
    if A.shape[-2:] != A_star.shape:
        raise InputError(
            f"{who}: expected A of shape (..., d, d) = (..., {A_star.shape[0]}, {A_star.shape[0]}), "
            f"got {A.shape}; student and teacher must share the input dimension"
        )
    return A - A_star


def population_energy(delta: np.ndarray) -> np.ndarray:
    """E of a difference Δ, shape (..., d, d) -> (...)."""
    trace = np.trace(delta, axis1=-2, axis2=-1)
    return 0.5 * np.sum(delta**2, axis=(-2, -1)) + 0.25 * trace**2


def population_slope(delta: np.ndarray) -> np.ndarray:
    """G = Δ + ½ tr(Δ) I, shape (..., d, d)."""
    G = delta.copy()
    diagonal = G.reshape(*delta.shape[:-2], -1)[..., :: delta.shape[-1] + 1]  # a view
    diagonal += 0.5 * diagonal.sum(axis=-1, keepdims=True)
    return G


def quadratic_forms(X: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """x_νᵀ Δ x_ν for inputs (..., n, d): shape (..., n)."""
    return ((X @ delta) * X).sum(axis=-1)


def empirical_energy(delta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """E_n of a difference Δ on inputs X; of many on the same inputs (n, d) through their forms, made once."""
    if X.ndim == 2 and delta.ndim > 2:
        vectors = to_vector(delta).reshape(-1, delta.shape[-1] * (delta.shape[-1] + 1) // 2)
        total = sum(((forms @ vectors.T) ** 2).sum(axis=0) for forms in _forms(X))
        return (0.25 / len(X) * total).reshape(delta.shape[:-2])
    return 0.25 * np.mean(quadratic_forms(X, delta) ** 2, axis=-1)


def empirical_slope(delta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """G = (1/2n) Σ (x_νᵀΔx_ν) x_ν x_νᵀ, shape (..., d, d)."""
    residuals = quadratic_forms(X, delta)
    return np.swapaxes(X, -1, -2) @ (residuals[..., None] * X) / (2 * X.shape[-2])


def slope_function(X: np.ndarray | None, d: int) -> Callable[[np.ndarray], np.ndarray]:
    r"""Δ -> G, population or on inputs X (n, d), to be called many times.

    With more samples than entries of Δ the samples enter once, through their fourth moments: G = T Δ on Sym(d),
    :math:`T = \frac1{2n}\sum_\nu \mathrm{vec}(x_\nu x_\nu^\top)\,\mathrm{vec}(x_\nu x_\nu^\top)^\top`.
    """
    if X is None:
        return population_slope
    if len(X) <= d * (d + 1) // 2:
        return lambda delta: empirical_slope(delta, X)
    T = sum(forms.T @ forms for forms in _forms(X)) / (2 * len(X))
    return lambda delta: from_vector(to_vector(delta) @ T, d)


def _forms(X: np.ndarray) -> Iterator[np.ndarray]:
    """Rows vec(x xᵀ) in pieces of the inputs: together they would take n d²/2 numbers."""
    for piece in np.array_split(X, -(-len(X) // 10_000)):
        yield outer_vectors(piece)


def population_loss(A: ArrayLike, teacher: Teacher) -> np.ndarray | float:
    """E(A) = ½ tr Δ² + ¼ (tr Δ)², the mean of (xᵀΔx)²/4 over x ~ N(0, I) ([S20]; science 7.1).

    Examples
    --------
    >>> float(population_loss([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]))
    0.75
    """
    return population_energy(_difference(A, teacher, "population_loss"))[()]


def population_gradient(A: ArrayLike, teacher: Teacher) -> np.ndarray:
    """∂E/∂A = Δ + ½ tr(Δ) I (science 7.1)."""
    return population_slope(_difference(A, teacher, "population_gradient"))


def empirical_loss(A: ArrayLike, teacher: Teacher, X: ArrayLike) -> np.ndarray | float:
    """E_n(A) = (1/4n) Σ (x_νᵀΔx_ν)² on inputs X (n, d) ([S20]; science 7.1)."""
    delta = _difference(A, teacher, "empirical_loss")
    return empirical_energy(delta, check_inputs(X, delta.shape[-1], "empirical_loss"))[()]


def empirical_gradient(A: ArrayLike, teacher: Teacher, X: ArrayLike) -> np.ndarray:
    """∂E_n/∂A = (1/2n) Σ (x_νᵀΔx_ν) x_ν x_νᵀ (science 7.1)."""
    delta = _difference(A, teacher, "empirical_gradient")
    return empirical_slope(delta, check_inputs(X, delta.shape[-1], "empirical_gradient"))


def weight_gradient(W: ArrayLike, gradient: ArrayLike) -> np.ndarray:
    """∂E/∂w_i = (2/m) G w_i for weights (..., m, d) and G = ∂E/∂A (..., d, d): shape (..., m, d)."""
    W = check.float_array(W, "weight_gradient", "W")
    G = check.float_array(gradient, "weight_gradient", "gradient")
    if W.ndim < 2 or G.shape[-2:] != (W.shape[-1], W.shape[-1]):
        raise InputError(
            f"weight_gradient: expected W (..., m, d) and a gradient (..., d, d), got {W.shape} and {G.shape}"
        )
    return (2.0 / W.shape[-2]) * W @ G


def relative_error(A: ArrayLike, teacher: Teacher) -> np.ndarray | float:
    """Generalisation error E(A)/E(0): 1 for the student that answers zero, 0 for the teacher."""
    A_star = teacher_matrix(teacher, "relative_error")
    zero = float(population_energy(A_star))
    if zero == 0.0:
        raise InputError(
            "relative_error: the teacher matrix is zero, so E(0) = 0; pass a teacher with a non-zero neuron"
        )
    return population_loss(A, A_star) / zero

r"""Gradient flow of the quadratic problem, in the matrix A, in the weights, and reduced to a linear equation.

The weights follow :math:`\dot w_i = -m\,\partial E/\partial w_i = -2 G w_i`; hence A closes on itself,
:math:`\dot A = -2(AG + GA)`, whatever the width. On the population loss the inverse :math:`M = A^{-1}` obeys, in the
eigenbasis of A_* (eigenvalues a_i), an equation that is linear but for one scalar:

.. math::
    \dot M_{ij} = -(b_i + b_j) M_{ij} + 4\delta_{ij}, \qquad b_i = 2a_i - 2s, \quad s = \tfrac12 \operatorname{tr}(M^{-1} - A_*).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.losses import empirical_energy, population_energy, slope_function
from tutelage.quadratic.symmetric import from_vector, to_vector
from tutelage.quadratic.teacher import Teacher, check_inputs, check_student, matrix_of, teacher_matrix


@dataclasses.dataclass(frozen=True, eq=False)
class Trajectory(Value):
    """A run: ``times`` (T,), ``delta`` = A(t) − A_* (T, d, d), ``loss`` (T,) the loss that drove it, ``population``
    (T,) the generalisation loss E, and for weight runs ``W`` (T, m, d)."""

    times: np.ndarray
    delta: np.ndarray
    loss: np.ndarray
    population: np.ndarray
    W: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"Trajectory({len(self.times)} times to {self.times[-1]:g}, final loss {self.loss[-1]:.3g})"


def check_times(times: ArrayLike, who: str) -> np.ndarray:
    """Increasing non-negative times."""
    times = check.float_array(times, who, "times", ndim=1)
    if times[0] < 0 or np.any(np.diff(times) <= 0):
        raise InputError(f"{who}: expected increasing times from 0 on, got {times[:4]}...; sort them")
    return times


def _integrate(
    slope: Callable, start: np.ndarray, times: np.ndarray, who: str, rtol: float, atol: float
) -> np.ndarray:
    # LSODA: the flow is stiff (rates of order one beside 1/t), and it switches by itself. The default rtol is 100
    # times above LSODA's floor; measured against the linear form below to 1e-8.
    end = max(float(times[-1]), 1e-12)
    solution = solve_ivp(slope, (0.0, end), start, method="LSODA", t_eval=times, rtol=rtol, atol=atol)
    if not solution.success:
        raise InputError(
            f"{who}: the integrator stopped at t = {solution.t[-1]:g} of {end:g} ({solution.message}); "
            "loosen rtol or shorten the times"
        )
    return solution.y.T


def matrix_flow(
    teacher: Teacher,
    start: ArrayLike,
    times: ArrayLike,
    X: ArrayLike | None = None,
    rtol: float = 1e-10,
    atol: float = 1e-16,
) -> Trajectory:
    """Ȧ = −2(AG + GA) from A(0) = ``start``, on inputs X or (without them) on the population loss ([S20]; science 7.2).

    Parameters
    ----------
    teacher : QuadraticTeacher or array_like, shape (d, d)
    start : array_like, shape (d, d)
        Symmetric positive semidefinite A(0).
    times : array_like, shape (T,)
        Increasing, from 0 on.
    X : array_like, shape (n, d), optional

    Notes
    -----
    Δ = A − A_* is integrated rather than A, so that an exponentially small loss keeps its relative accuracy.
    """
    who = "matrix_flow"
    A_star, A0, times, X = _arguments(teacher, start, times, X, who)
    d = len(A_star)
    gradient = slope_function(X, d)

    def slope(_t: float, y: np.ndarray) -> np.ndarray:
        delta = from_vector(y, d)
        G = gradient(delta)
        product = (A_star + delta) @ G
        return to_vector(-2.0 * (product + product.T))

    delta = from_vector(_integrate(slope, to_vector(A0 - A_star), times, who, rtol, atol), d)
    population = population_energy(delta)
    return Trajectory(times, delta, population if X is None else empirical_energy(delta, X), population)


def weight_flow(
    teacher: Teacher,
    start: ArrayLike,
    times: ArrayLike,
    X: ArrayLike | None = None,
    rtol: float = 1e-10,
    atol: float = 1e-13,
) -> Trajectory:
    """ẇ_i = −2 G w_i from weights ``start`` (m, d); A = (1/m) Σ w wᵀ then follows :func:`matrix_flow` (science 7.2)."""
    who = "weight_flow"
    A_star = teacher_matrix(teacher, who)
    d = len(A_star)
    W0 = check_student(start, d, who)
    times = check_times(times, who)
    X = None if X is None else check_inputs(X, d, who)

    gradient = slope_function(X, d)

    def slope(_t: float, y: np.ndarray) -> np.ndarray:
        W = y.reshape(W0.shape)
        G = gradient(W.T @ W / len(W) - A_star)
        return np.ravel(-2.0 * W @ G)

    W = _integrate(slope, np.ravel(W0), times, who, rtol, atol).reshape(len(times), *W0.shape)
    delta = matrix_of(W) - A_star
    population = population_energy(delta)
    return Trajectory(times, delta, population if X is None else empirical_energy(delta, X), population, W)


def inverse_flow(
    teacher: Teacher, start: ArrayLike, times: ArrayLike, rtol: float = 1e-11, atol: float = 1e-14
) -> Trajectory:
    """The population flow through M = A⁻¹, linear but for one scalar; needs a positive definite start.

    Accurate at late times of a rank-deficient teacher, where A has eigenvalues near 1/(4t) and M simply grows.
    """
    who = "inverse_flow"
    A_star, A0, times, _ = _arguments(teacher, start, times, None, who)
    d = len(A_star)
    if np.linalg.eigvalsh(A0)[0] <= 1e-12 * np.trace(A0):
        raise InputError(f"{who}: expected a positive definite start, got a singular one; use matrix_flow")
    a, basis = np.linalg.eigh(A_star)
    total = np.trace(A_star)

    def slope(_t: float, y: np.ndarray) -> np.ndarray:
        M = from_vector(y, d)
        b = 2 * a - (np.trace(np.linalg.inv(M)) - total)
        return to_vector(4.0 * np.eye(d) - (b[:, None] + b[None, :]) * M)

    M0 = np.linalg.inv(basis.T @ A0 @ basis)
    M = from_vector(_integrate(slope, to_vector((M0 + M0.T) / 2), times, who, rtol, atol), d)
    delta = basis @ (np.linalg.inv(M) - np.diag(a)) @ basis.T
    population = population_energy(delta)
    return Trajectory(times, delta, population, population)


def _arguments(teacher: Teacher, start: ArrayLike, times: ArrayLike, X: ArrayLike | None, who: str) -> tuple:
    A_star = teacher_matrix(teacher, who)
    A0 = teacher_matrix(start, f"{who} (start)")
    check.same_length(len(A0), len(A_star), who, "the dimensions of the start and of the teacher")
    X = None if X is None else check_inputs(X, len(A_star), who)
    return A_star, A0, check_times(times, who), X

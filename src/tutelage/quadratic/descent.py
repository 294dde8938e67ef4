r"""Gradient descent of the quadratic problem, on the weights and on A; both are the same iteration.

One step :math:`w_i \leftarrow w_i - \eta\, m\, \partial E/\partial w_i = (I - 2\eta G) w_i` gives exactly
:math:`A \leftarrow (I - 2\eta G) A (I - 2\eta G)`: time is η times the number of steps, as in the flow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.quadratic.flow import Trajectory
from tutelage.quadratic.losses import empirical_energy, population_energy, slope_function
from tutelage.quadratic.teacher import Teacher, check_inputs, check_student, matrix_of, teacher_matrix


def _steps(times: ArrayLike, learning_rate: float, who: str) -> np.ndarray:
    steps = np.unique(np.rint(np.asarray(times, dtype=float) / learning_rate).astype(int))
    if steps.size == 0 or steps[0] < 0:
        raise InputError(f"{who}: expected times from 0 on, got {times}; they are rounded to whole steps")
    return steps


def weight_descent(
    teacher: Teacher, start: ArrayLike, times: ArrayLike, learning_rate: float, X: ArrayLike | None = None
) -> Trajectory:
    """Gradient descent on the weights from ``start`` (m, d), recorded at ``times`` (rounded to whole steps)."""
    who = "weight_descent"
    A_star = teacher_matrix(teacher, who)
    W = check_student(start, len(A_star), who).copy()
    X = None if X is None else check_inputs(X, len(A_star), who)
    eta = check.number(learning_rate, who, "learning_rate", above=0.0)

    slope = slope_function(X, len(A_star))

    def advance(W: np.ndarray) -> np.ndarray:
        return W - 2 * eta * W @ slope(W.T @ W / len(W) - A_star)

    steps, recorded = _record(W, advance, _steps(times, eta, who), who)
    delta = matrix_of(recorded) - A_star
    population = population_energy(delta)
    loss = population if X is None else empirical_energy(delta, X)
    return Trajectory(eta * steps, delta, loss, population, recorded)


def matrix_descent(
    teacher: Teacher, start: ArrayLike, times: ArrayLike, learning_rate: float, X: ArrayLike | None = None
) -> Trajectory:
    """The same iteration on A alone, from A(0) = ``start`` (d, d): no width enters."""
    who = "matrix_descent"
    A_star = teacher_matrix(teacher, who)
    A = teacher_matrix(start, f"{who} (start)")
    check.same_length(len(A), len(A_star), who, "the dimensions of the start and of the teacher")
    X = None if X is None else check_inputs(X, len(A_star), who)
    eta = check.number(learning_rate, who, "learning_rate", above=0.0)
    identity, slope = np.eye(len(A)), slope_function(X, len(A_star))

    def advance(A: np.ndarray) -> np.ndarray:
        step = identity - 2 * eta * slope(A - A_star)
        return step @ A @ step

    steps, recorded = _record(A, advance, _steps(times, eta, who), who)
    delta = recorded - A_star
    population = population_energy(delta)
    return Trajectory(eta * steps, delta, population if X is None else empirical_energy(delta, X), population)


def _record(
    state: np.ndarray, advance: Callable[[np.ndarray], np.ndarray], steps: np.ndarray, who: str
) -> tuple[np.ndarray, np.ndarray]:
    kept, done = [], 0
    scale = max(float(np.abs(state).max()), 1.0)
    for step in steps:
        while done < step:
            state = advance(state)
            done += 1
            if not np.abs(state).max() < 1e6 * scale:
                raise InputError(
                    f"{who}: the iteration diverged at step {done}; choose a smaller learning_rate"
                )
        kept.append(state)
    return steps, np.stack(kept)

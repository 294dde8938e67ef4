"""Descent of the population loss for many students at once, and Newton's method from where it ends."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.compiled import COMPILATION
from tutelage.base.lbfgs import minimize_rows
from tutelage.base.precision import float64
from tutelage.base.types import Array
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import spectrum

# Students evaluated at once: their tables stay in the cache, and one number of them is compiled where NumPy has no tables.
_TOGETHER = 32
# Norm of the gradient at which descent hands over: below it runs only crawl in rounding, hundreds of steps for nothing.
_NEAR = 1e-8
# Newton steps: two or three at a strict minimum; where the loss grows like a fourth power the gradient falls by 0.3 a step.
_NEWTON_STEPS = 40


@float64
def descend(teacher: Network, readouts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """L-BFGS in W from ``starts`` (n, k, d) to gradients from which Newton's method takes over: shape (n, k, d)."""
    shape = starts.shape[1:]

    def evaluate(flat: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        students = flat.reshape(-1, *shape)
        pieces = [
            _losses(teacher, students[start : start + _TOGETHER], readouts)
            for start in range(0, len(flat), _TOGETHER)
        ]
        loss, gradient = (np.concatenate(part) for part in zip(*pieces, strict=True))
        return loss, gradient.reshape(flat.shape)

    end = minimize_rows(evaluate, starts.reshape(len(starts), -1), gradient=_NEAR)
    return end.x.reshape(starts.shape)


def _losses(teacher: Network, W: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss but for its constant (n,), and gradient (n, k, d), of students W (n, k, d) from one set of tables."""
    Z = np.concatenate([W, np.broadcast_to(teacher.W, (len(W), *teacher.W.shape))], axis=1)
    plain = moments.plain_tables(teacher.activation, W, Z)
    if plain is not None:
        with np.errstate(all="ignore"):  # students that are stepped too far overflow, as they do in JAX
            return _of_tables((plain.k00, plain.k11, plain.k20), W, Z, a, teacher.a)
    filled = (np.resize(x, (_TOGETHER, *x.shape[1:])) for x in (W, Z))
    loss, gradient = _compiled(teacher.activation, *filled, a, teacher.a)
    return np.asarray(loss)[: len(W)], np.asarray(gradient)[: len(W)]


@functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION)
def _compiled(activation: Activation, W: Array, Z: Array, a: Array, a_star: Array) -> tuple[Array, Array]:
    def one(W: Array, Z: Array) -> tuple[Array, Array]:
        return _of_tables(moments.first_moments(activation, W, Z)[:3], W, Z, a, a_star)

    return jax.vmap(one)(W, Z)


def _of_tables(tables: tuple[Array, ...], W: Array, Z: Array, a: Array, a_star: Array) -> tuple[Any, Any]:
    """From k_00, k_11 and k_20 (..., k, l) of the student's neurons with those of both."""
    (k00, k11, k20), xp = tables, np if isinstance(W, np.ndarray) else jnp
    c = xp.concatenate([a, -a_star])
    # ½ cᵀκc = ½ aᵀκa − aᵀκ_*a_* + constant.
    loss = k00 @ xp.concatenate([a / 2, -a_star]) @ a
    return loss, a[:, None] * ((k20 @ c)[..., None] * W + (k11 * c) @ Z)


def polish(teacher: Network, readouts: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    """Newton's method from each end: weights, loss, norm of the gradient, eigenvalues and their error."""
    problem = Problem(teacher, trainable=("W",))
    found = [_newton(problem, Network(W, readouts, teacher.activation)) for W in ends]
    return {key: np.array([f[key] for f in found]) for key in found[0]}


def _newton(problem: Problem, student: Network) -> dict[str, Any]:
    """Steps as long as the gradient falls; a ridge of its own size leaves flat directions alone."""
    gradient, H = problem.gradient(student), problem.hessian(student).dense()
    for _ in range(_NEWTON_STEPS):
        size, largest = float(np.linalg.norm(gradient)), float(np.abs(H).sum(axis=1).max())
        if size <= 1e-15 * largest:
            break
        step = np.linalg.solve(H + max(size, 1e-10 * largest) * np.eye(len(H)), gradient)
        trial = Network(student.W - step.reshape(student.W.shape), student.a, student.activation)
        fresh = problem.gradient(trial)
        if not np.linalg.norm(fresh) < size:
            break
        student, gradient, H = trial, fresh, problem.hessian(trial).dense()
    values = spectrum(H, method="dense")
    return {
        "weights": student.W, "loss": problem.loss(student), "gradient": float(np.linalg.norm(gradient)),
        "eigenvalues": values.eigenvalues, "error": float(values.errors.max()),
    }  # fmt: skip

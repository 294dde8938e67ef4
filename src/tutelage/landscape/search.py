"""Descent of the population loss for many students at once, and Newton's method from where it ends."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.lbfgs import minimize_rows
from tutelage.base.precision import float64
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import spectrum

# Students evaluated in one compiled call: a multiple of it never compiles again, and tables stay in the cache.
_TOGETHER = 32
# Norm of the gradient at which descent hands over: below it runs only crawl in rounding, hundreds of steps for nothing.
_NEAR = 1e-8
# Newton steps: two or three at a strict minimum; where the loss grows like a fourth power the gradient falls by 0.3 a step.
_NEWTON_STEPS = 40


@float64
def descend(teacher: Network, readouts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """L-BFGS in W from ``starts`` (n, k, d) to gradients from which Newton's method takes over: shape (n, k, d)."""
    constants = tuple(jnp.asarray(v) for v in (readouts, teacher.W, teacher.a))
    shape = starts.shape[1:]

    def evaluate(flat: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        filled = -(-len(flat) // _TOGETHER) * _TOGETHER
        W = np.resize(flat, (filled, *shape))
        pieces = [_losses(teacher.activation, w, *constants) for w in np.split(W, filled // _TOGETHER)]
        loss, gradient = (np.concatenate([np.asarray(p[i]) for p in pieces])[: len(flat)] for i in (0, 1))
        return loss, gradient.reshape(flat.shape)

    end = minimize_rows(evaluate, starts.reshape(len(starts), -1), gradient=_NEAR)
    return end.x.reshape(starts.shape)


@functools.partial(jax.jit, static_argnums=0)
def _losses(activation: Activation, W: Any, a: Any, W_star: Any, a_star: Any) -> tuple[Any, Any]:
    """Loss but for its constant (n,), and gradient (n, k, d), of students W (n, k, d) from one set of tables."""

    def one(W: Any) -> tuple[Any, Any]:
        Z, c = jnp.concatenate([W, W_star]), jnp.concatenate([a, -a_star])
        k00, k11, k20, _ = moments.first_moments(activation, W, Z)
        # ½ cᵀκc = ½ aᵀκa − aᵀκ_*a_* + constant.
        loss = a @ (k00 @ jnp.concatenate([a / 2, -a_star]))
        return loss, a[:, None] * ((k20 @ c)[:, None] * W + (k11 * c) @ Z)

    return jax.vmap(one)(W)


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

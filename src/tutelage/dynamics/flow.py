"""The gradient flow of a loss by LSODA with the exact Hessian as Jacobian."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import scipy.integrate

from tutelage.base.errors import NoHessianError
from tutelage.base.types import Array, PyTree
from tutelage.problem import Objective

_MAX_STEPS = 100_000


def run_flow(
    objective: Objective,
    hessian: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    times: np.ndarray,
    reference: np.ndarray,
    rtol: float,
    atol: float,
) -> tuple[np.ndarray, dict[str, Any]]:
    r"""Parameters along :math:`\dot\theta = -\nabla\epsilon` at the given times, shape (n, P); call in 64-bit mode.

    The unknown is :math:`(\theta - \theta_{ref})/|\theta_0 - \theta_{ref}|`, so that ``atol`` is relative to the distance
    at the start and a run from noise 1e-5 is as accurate as one from noise 1. LSODA's stiff steps follow the slowest
    direction that still matters, not the steepest eigenvalue, and its Jacobian is evaluated a few dozen times: at equal
    error no solver of SciPy or diffrax was faster. ``hessian`` is of θ, dense.
    """
    leaves, tree = jax.tree.flatten(objective)
    scale = float(np.linalg.norm(start - reference)) or 1.0
    gradient, derivative = _gradient(tree), _hessian(tree)

    def field(t: float, y: np.ndarray) -> np.ndarray:
        return -np.asarray(gradient(leaves, reference + scale * y)) / scale

    def jacobian(t: float, y: np.ndarray) -> np.ndarray:
        theta = reference + scale * y
        try:
            return -hessian(theta)
        except NoHessianError:  # a kink at this very point; automatic differentiation takes one side of it
            return -np.asarray(derivative(leaves, theta))

    path = np.full((times.size, start.size), np.nan)
    path[times == 0.0] = start
    first = (start - reference) / scale
    solver = scipy.integrate.LSODA(field, 0.0, first, times[-1], rtol=rtol, atol=atol, jac=jacobian)
    steps, status = _march(solver, times, lambda at, y: path.__setitem__(at, reference + scale * y.T))
    return path, {"solver_steps": steps, "status": status}


def _march(
    solver: scipy.integrate.OdeSolver, times: np.ndarray, write: Callable[[slice, np.ndarray], None]
) -> tuple[int, str]:
    """Step to the end or to a failure; what was reached is written. Returns the number of steps and the status."""
    done, message = int(np.searchsorted(times, 0.0, side="right")), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # LSODA's own words: the status carries them
        for steps in range(_MAX_STEPS):
            if solver.status != "running" or done == times.size:
                return steps, "finished" if done == times.size else f"stopped: {message}"
            message = solver.step()
            if not np.all(np.isfinite(solver.y)):
                return steps + 1, "stopped: the parameters are not finite"
            reached = int(np.searchsorted(times, solver.t, side="right"))
            if reached > done and solver.status != "failed":
                write(slice(done, reached), solver.dense_output()(times[done:reached]))
                done = reached
    return _MAX_STEPS, f"stopped: {_MAX_STEPS} steps did not reach the end"


@functools.lru_cache(maxsize=64)
def _gradient(tree: PyTree) -> Callable[[list[Array], Array], Array]:
    """Compiled once for objectives of one structure; found once a run, not once a call."""
    return jax.jit(lambda leaves, theta: jax.tree.unflatten(tree, leaves).gradient(theta, None))


@functools.lru_cache(maxsize=64)
def _hessian(tree: PyTree) -> Callable[[list[Array], Array], Array]:
    # The derivative of the cancellation-free gradient costs its tables once per node; that of the expanded
    # gradient is the same Hessian from one set of tables, and a Jacobian needs no cancellation-free digits.
    return jax.jit(lambda leaves, theta: jax.jacfwd(jax.tree.unflatten(tree, leaves).smooth_gradient)(theta))

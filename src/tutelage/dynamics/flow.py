"""The gradient flow of a loss by an implicit Runge-Kutta method with the exact Hessian as Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.errors import MissingExtraError
from tutelage.base.types import Array, PyTree
from tutelage.problem import Objective

_MOST_STEPS = 100_000
"""Minutes; a run that needs them is stiff beyond what the solver can follow."""


def run_flow(
    objective: Objective,
    start: np.ndarray,
    times: np.ndarray,
    reference: np.ndarray,
    rtol: float,
    atol: float,
) -> tuple[np.ndarray, dict[str, Any]]:
    r"""Parameters along :math:`\dot\theta = -\nabla\epsilon` at the given times, shape (n, P); call in 64-bit
    mode.

    The unknown is :math:`(\theta - \theta_{ref})/|\theta_0 - \theta_{ref}|`, so that ``atol`` is relative to
    the distance at the start and a run from noise 1e-5 is as accurate as one from noise 1. Kvaerno5 is
    L-stable: the step follows the slowest direction that still matters, not the steepest eigenvalue.
    """
    try:
        import diffrax
    except ImportError as error:
        raise MissingExtraError(
            "gradient flow: expected diffrax, which is not installed; install tutelage[dynamics]"
        ) from error
    if times[-1] == 0.0:
        return np.tile(start, (times.size, 1)), {"solver_steps": 0, "status": "finished"}
    scale = float(np.linalg.norm(start - reference)) or 1.0
    # Steps end on the recorded times: the solver's interpolant is of third order only (4e-9 where a step
    # gives 1e-11).
    controller = diffrax.ClipStepSizeController(
        diffrax.PIDController(rtol=rtol, atol=atol), step_ts=jnp.asarray(times[times > 0])
    )
    solution = _solve(diffrax, objective, controller, start, jnp.asarray(times), reference, scale)
    meta = {"solver_steps": int(solution.stats["num_steps"]), "status": _status(diffrax, solution.result)}
    path = reference + scale * np.asarray(solution.ys)
    return np.where(np.isfinite(path), path, np.nan), meta


def _status(diffrax: ModuleType, result: Any) -> str:
    if bool(result == diffrax.RESULTS.successful):
        return "finished"
    if bool(result == diffrax.RESULTS.max_steps_reached):
        return f"stopped: {_MOST_STEPS} solver steps did not reach the last time; choose an earlier one"
    return f"stopped: {diffrax.RESULTS[result]}"


def _solve(
    diffrax: ModuleType,
    objective: Objective,
    controller: PyTree,
    start: Array,
    times: Array,
    reference: Array,
    scale: float,
) -> Any:
    return _compiled(
        (diffrax.diffeqsolve, diffrax.ODETerm, diffrax.Kvaerno5, diffrax.SaveAt),
        objective,
        controller,
        (jnp.asarray(start) - reference) / scale,
        times,
        jnp.asarray(reference),
        jnp.asarray(scale),
    )


@eqx.filter_jit
def _compiled(
    parts: tuple[Callable[..., Any], ...],
    objective: Objective,
    controller: PyTree,
    y0: Array,
    times: Array,
    reference: Array,
    scale: Array,
) -> Any:
    solve, term, solver, save = parts

    def field(t: Array, y: Array, args: tuple[Objective, Array, Array]) -> Array:
        objective, reference, scale = args
        return -_slope(objective, reference + scale * y) / scale

    first = jnp.where(times[0] > 0, 0.0, times[0])
    return solve(
        term(field),
        solver(),
        t0=first,
        t1=times[-1],
        dt0=None,
        y0=y0,
        args=(objective, reference, scale),
        saveat=save(ts=times),
        stepsize_controller=controller,
        max_steps=_MOST_STEPS,
        throw=False,
    )


@jax.custom_jvp
def _slope(objective: Objective, theta: Array) -> Array:
    return objective.gradient(theta, None)


@_slope.defjvp
def _slope_jvp(primals: tuple[Objective, Array], tangents: tuple[PyTree, Array]) -> tuple[Array, Array]:
    # The derivative of the cancellation-free gradient costs its tables once per node; that of the expanded
    # gradient is the same Hessian from one set of tables, and a Jacobian needs no cancellation-free digits.
    objective, theta = primals
    _, direction = tangents
    return objective.gradient(theta, None), jax.jvp(objective.smooth_gradient, (theta,), (direction,))[1]

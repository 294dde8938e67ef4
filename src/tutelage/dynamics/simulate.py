"""simulate: one function for every run, returning the same Curve as a prediction."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.compiled import QUICK_COMPILATION
from tutelage.base.errors import InputError, NoHessianError
from tutelage.base.precision import float64
from tutelage.base.progress import AskedProgress, Progress, as_progress
from tutelage.dynamics.clock import Clock, clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.descent import GROWTH, OptaxRule, Track, run_steps
from tutelage.dynamics.flow import run_flow
from tutelage.dynamics.quadratic import as_problem
from tutelage.dynamics.rules import FLOW, GradientDescent, Rule, as_rule, warn_if_unstable
from tutelage.dynamics.setting import Setting, setting
from tutelage.dynamics.sgd import limit_near, warn_above
from tutelage.network import Network
from tutelage.problem import Objective

_WHO = "simulate"
_MOST_STEPS = 1e9
_SHORTEST = 1e-100
"""Last time below which the flow's solver, whose steps it divides by, never returns (met at 1e-200)."""


@float64
def simulate(
    problem: Any,
    start: Any,
    rule: Any = FLOW,
    *,
    times: Any = None,
    steps: Any = None,
    batch: int | None = None,
    test: Any = None,
    teacher: Network | None = None,
    runs: int = 1,
    seed: int = 0,
    learning_rate: float = 1.0,
    record: Callable[[Any], Any] | None = None,
    progress: AskedProgress = None,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    label: str = "simulated",
) -> Curve:
    r"""Train a student and record its loss.

    Parameters
    ----------
    problem
        A problem (the population loss, the loss of data); a network, which is then its own teacher under standard
        normal inputs; anything else :func:`tutelage.hessian_of` takes: the exactly quadratic loss ½ δᵀHδ.
    start : NoisyTeacher, RandomStart, Network or array_like (P,)
        An array is a displacement from the teacher (from 0 for a quadratic loss), trainable parameters only.
    rule : Rule, str or optax.GradientTransformation
        Gradient flow needs ``times``; stepping rules take either clock. Under optax, time is
        ``learning_rate`` times steps.
    times, steps : array_like (n,)
        When to record; exactly one. ``log_times`` and ``log_steps`` make log-spaced ones.
    batch : int or None
        Inputs per step: fresh Gaussian ones for the population problem (online SGD), drawn with replacement
        from the samples of an empirical one. None takes the full gradient.
    test : Problem, empirical.Problem, Network or None
        Its loss is recorded too, as ``records["test"]``.
    teacher : Network or None
        For data, whose labels do not name it: what a NoisyTeacher starts from and distances are measured to.
    runs, seed : int
        Number of independent runs (start and batches differ); the same seed gives the same runs.
    record : callable or None
        Called with the Network (or the parameters, for a quadratic loss) at every recorded time; returns a
        number, an array or a dict of them, found in ``records`` (under ``"record"`` unless a dict).
    progress : callable, True or None
        Called with the fraction done; True draws a bar.
    rtol, atol : float
        Tolerances of the flow's solver; ``atol`` relative to the distance at the start.

    Returns
    -------
    Curve
        ``loss`` is the mean over runs, ``std`` their standard deviation, ``runs`` the single ones. Before a teacher
        whose labels are noisy it is the excess ε, without v/2.
        ``diverged_at`` is the first step at which a parameter grew beyond 1e8 times the start; the loss is
        NaN from the next record on. A flow that its solver could not finish says so in ``meta["status"]``;
        losses below ``meta["floor"]`` are round-off. ``final`` is the trained network.

    Raises
    ------
    InputError
        A start that does not fit, negative times, batches for the flow, a problem of another kind.

    Warns
    -----
    StabilityWarning
        Learning rate at or above the largest stable one for the Hessian at the teacher (at the start where student
        and teacher differ in width, and for data without a teacher); the message gives it. Under gradient descent with
        batches that of :func:`sgd_stability`, which is lower; with momentum or far from a teacher the one without
        batches, which is necessary only. An optax rule is not checked.

    Examples
    --------
    >>> simulate(np.diag([1.0, 2.0]), [1.0, 1.0], "gd:learning_rate=0.5", steps=[0, 1]).loss
    array([1.5  , 0.125])
    """
    progress = as_progress(progress, _WHO)
    stepper, ruled = _stepper(rule, learning_rate)
    ticks = clock(ruled, times, steps, _WHO)
    runs, seed = check.integer(runs, _WHO, "runs"), check.seed(seed, _WHO)
    place = setting(problem, start, teacher, batch, runs, seed, _WHO)
    observe = _observer(place, record, None if test is None else as_problem(test, _WHO))
    if ticks.steps is None:
        if batch is not None:
            raise InputError(
                f"{_WHO}: expected a stepping rule with batches, got the flow; use GradientDescent(rate)"
            )
        if 0.0 < ticks.times[-1] < _SHORTEST:
            raise InputError(
                f"{_WHO}: expected a last time of {_SHORTEST:g} or more, got {ticks.times[-1]:.3g}; rescale"
            )
        track, meta = _flow(place, ticks.times, (rtol, atol), observe, progress)
    else:
        check.affordable(
            float(ticks.steps[-1]),
            _WHO,
            "steps",
            _MOST_STEPS,
            "they take hours, ten microseconds each at best",
        )
        if isinstance(stepper, Rule):
            # From the caller of simulate: this function and its float64 wrapper stand between.
            _warn(stepper, place, batch, stacklevel=5)
        track = run_steps(
            place.objective, stepper, place.thetas, ticks.steps, seed, place.reference, observe, progress
        )
        meta = {"status": "finished" if np.all(track.diverged < 0) else "diverged"}
    meta["floor"] = track.floor
    name = ruled.spec if isinstance(rule, (Rule, str)) else "optax"
    return _curve(track, ticks, meta | {"label": label, "rule": name, "seed": seed, "n_runs": runs}, place)


def _warn(rule: Rule, place: Setting, batch: int | None, stacklevel: int) -> None:
    """The limit of batches where they and an optimum are known, that of full gradients elsewhere."""
    if batch is None or rule.name != "gd" or place.reference is None:
        warn_if_unstable(rule, place.largest_eigenvalue(), stacklevel=stacklevel)
        return
    # Without a Hessian there is no limit to warn of.
    with contextlib.suppress(NoHessianError):
        warn_above(limit_near(place.problem, place.near, batch), rule.step_size or 0.0, stacklevel)


def _stepper(rule: Any, learning_rate: float) -> tuple[Any, Rule]:
    """What updates, and a rule that keeps its clock."""
    if isinstance(rule, tuple) and {"init", "update"} <= set(getattr(rule, "_fields", ())):
        return OptaxRule(rule), GradientDescent(learning_rate)
    known = as_rule(rule)
    if known.name == "custom":
        raise InputError(f"{_WHO}: expected a rule with an update, got a CustomFilter; it can only predict")
    return known, known


def _observer(place: Setting, record: Callable[[Any], Any] | None, test: Any) -> Callable[[Any], Any] | None:
    if record is None and test is None:
        return None

    within = GROWTH * max(1.0, float(np.abs(place.thetas).max()))

    def observe(theta: np.ndarray) -> dict[str, Any]:
        student = place.observed(theta)
        found: dict[str, Any] = {}
        if record is not None:
            value = record(student)
            found = dict(value) if isinstance(value, dict) else {"record": value}
        if test is not None:
            # Parameters that have left all bounds have no test loss to compute.
            found |= {"test": test.loss(student) if np.abs(theta).max() < within else np.nan}
        return found

    def guarded(theta: np.ndarray) -> dict[str, Any] | None:
        return observe(theta) if np.all(np.isfinite(theta)) else None

    return guarded


def _flow(
    place: Setting,
    times: np.ndarray,
    tolerances: tuple[float, float],
    observe: Callable[[Any], Any] | None,
    progress: Progress | None,
) -> tuple[Track, dict[str, Any]]:
    reference = np.zeros(place.thetas.shape[1]) if place.reference is None else place.reference
    losses, distances, records, metas, floors, ends = [], [], [], [], [], []
    for run, theta in enumerate(place.thetas):
        path, meta = run_flow(place.objective, place.hessian, theta, times, reference, *tolerances)
        loss, floor = _observed(place.objective, np.vstack([theta, path]))
        losses.append(np.asarray(loss)[1:])
        floors.append(float(floor[0]))
        distances.append(np.sum((path - reference) ** 2, axis=1))
        metas.append(meta)
        ends.append(path[-1])
        if observe is not None:
            records.append([observe(one) for one in path])
        if progress is not None:
            progress((run + 1) / len(place.thetas))
    track = Track(
        np.stack(losses),
        None if place.reference is None else np.stack(distances),
        np.full(len(losses), -1),
        [list(row) for row in zip(*records, strict=True)],
        floors[0],
        np.stack(ends),
    )
    stopped = [m["status"] for m in metas if m["status"] != "finished"]
    return track, {
        "status": stopped[0] if stopped else "finished",
        "solver_steps": sum(m["solver_steps"] for m in metas),
    }


def _observed(objective: Objective, thetas: np.ndarray) -> tuple[Any, Any]:
    """Losses and floors, each (n,)."""
    observed = objective.plain()
    if observed is None:
        return _observe(objective, jnp.asarray(thetas))
    loss, floor = zip(*map(observed, thetas), strict=True)
    return np.array(loss), np.array(floor)


@functools.partial(eqx.filter_jit, compiler_options=QUICK_COMPILATION)
def _observe(objective: Objective, thetas: Any) -> tuple[Any, Any]:
    return jax.lax.map(objective.observed, thetas)


def _curve(track: Track, ticks: Clock, meta: dict[str, Any], place: Setting) -> Curve:
    several = track.loss.shape[0] > 1
    ends = [place.observed(end) if np.all(np.isfinite(end)) else None for end in track.ends]
    lost = track.diverged[track.diverged >= 0]
    return Curve(
        ticks.times,
        track.loss.mean(axis=0),
        std=track.loss.std(axis=0, ddof=1) if several else None,
        steps=ticks.steps,
        distance=None if track.distance is None else track.distance.mean(axis=0),
        runs=track.loss if several else None,
        diverged_at=int(lost.min()) if lost.size else None,
        records=_stacked(track.records, several),
        meta=meta,
        final=ends if several else ends[0],
    )


def _stacked(records: list[list[dict[str, Any] | None]], several: bool) -> dict[str, np.ndarray]:
    """Records by name, shape (times, runs, ...) or (times, ...) for one run; NaN after divergence."""
    seen = next((entry for row in records for entry in row if entry is not None), None)
    if seen is None:
        return {}
    empty = {name: np.full_like(np.asarray(value, dtype=np.float64), np.nan) for name, value in seen.items()}
    rows = [[entry if entry is not None else empty for entry in row] for row in records]
    table = {name: np.array([[entry[name] for entry in row] for row in rows]) for name in seen}
    return table if several else {name: values[:, 0] for name, values in table.items()}

"""track: what a student's Hessian is at the recorded times of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import overload

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.curve import Curve
from tutelage.network import Network
from tutelage.problem import AbstractProblem

_KNOWN = ("spectrum", "largest", "trace", "rank", "functional", "parameters")

Recorder = Callable[[Network], dict[str, np.ndarray]]


@overload
def track(source: AbstractProblem[Network], *what: str) -> Recorder: ...
@overload
def track(
    source: Curve, *what: str, problem: AbstractProblem[Network], times: ArrayLike | None = None
) -> Curve: ...
def track(
    source: AbstractProblem[Network] | Curve,
    *what: str,
    problem: AbstractProblem[Network] | None = None,
    times: ArrayLike | None = None,
) -> Recorder | Curve:
    """The Hessian along training (science 8d): while a run goes on, or of a run whose parameters were recorded.

    The Hessian has its functional part; its tables are compiled once for all times.

    Parameters
    ----------
    source : Problem, empirical.Problem or Curve
        A problem gives a recorder for ``simulate(..., record=track(problem, ...))``. A curve of a run that was recorded
        with ``track(problem, "parameters")`` gives the same curve with more records.
    *what : {"spectrum", "largest", "trace", "rank", "functional", "parameters"}
        All eigenvalues (P,), the largest, their sum, the number of eigenvalues of the outer part above P eps of the
        largest, the norm of the functional part relative to that of the whole, θ. By default largest, trace and rank.
    problem : Problem or empirical.Problem
        Beside a curve: whose Hessian.
    times : array_like, optional
        Beside a curve: the recorded times nearest to these; all by default.

    Returns
    -------
    callable or Curve
        The values stand in ``curve.records`` under these names, by time and then by run where there are several.

    Examples
    --------
    >>> from tutelage import NoisyTeacher, Problem, sample_teacher, simulate
    >>> problem = Problem(sample_teacher("linear", 2, 1))
    >>> run = simulate(problem, NoisyTeacher(0.1), times=[0.0, 1.0], record=track(problem, "rank", "parameters"))
    >>> run.records["rank"]
    array([2, 2])
    >>> track(run, "largest", problem=problem, times=[1.0]).records["largest"].shape
    (1,)
    """
    names = tuple(check.choice(name, "track", "quantity", _KNOWN) for name in what) or (
        "largest",
        "trace",
        "rank",
    )
    if isinstance(source, Curve):
        if problem is None:
            raise InputError("track: expected a problem beside a curve, got none; pass problem=...")
        return _of_curve(source if times is None else _nearest(source, times), problem, names)
    if problem is not None or times is not None:
        raise InputError("track: expected a curve beside problem and times, got a problem; leave them out")
    return _recorder(source, names)


def _recorder(problem: AbstractProblem[Network], names: tuple[str, ...]) -> Recorder:
    def record(student: Network) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {"parameters": student.theta}
        if set(names) == {"parameters"}:
            return found
        hessian = problem.hessian(student)
        dense = hessian.dense()
        found["trace"] = np.asarray(np.trace(dense))
        if {"spectrum", "largest"} & set(names):
            found["spectrum"] = scipy.linalg.eigvalsh(dense, driver="evd")
            found["largest"] = found["spectrum"][-1]
        if {"rank", "functional"} & set(names):
            outer = getattr(hessian, "outer", hessian).dense()
            found["functional"] = np.linalg.norm(dense - outer) / np.linalg.norm(dense)
            values = scipy.linalg.eigvalsh(outer, driver="evd")
            found["rank"] = np.sum(values > len(values) * np.finfo(float).eps * values[-1])
        return {name: found[name] for name in names}

    return record


def _of_curve(curve: Curve, problem: AbstractProblem[Network], names: tuple[str, ...]) -> Curve:
    parameters, ends = curve.records.get("parameters"), curve.final
    # Of runs that diverged no network is left; the optimum has the shape of theirs, if any has.
    known = (*(ends if isinstance(ends, list) else [ends]), problem.optimum)
    trained = next((end for end in known if end is not None), None)
    if parameters is None or not isinstance(trained, Network) or trained.theta.size != parameters.shape[-1]:
        raise InputError(
            "track: expected a curve with the parameters of networks, got none in it; record them: simulate(..., "
            'record=track(problem, "parameters"))'
        )
    record = _recorder(problem, names)
    rows = parameters.reshape(-1, parameters.shape[-1])
    found = [record(trained.with_theta(row)) if np.all(np.isfinite(row)) else None for row in rows]
    seen = next((one for one in found if one is not None), {})
    lost = {name: np.full_like(np.asarray(value, dtype=float), np.nan) for name, value in seen.items()}
    axes = parameters.shape[:-1]
    stacked = {
        name: np.array([(one or lost)[name] for one in found]).reshape(axes + np.shape(seen[name]))
        for name in seen
    }
    return dataclasses.replace(curve, records=curve.records | stacked)


def _nearest(curve: Curve, times: ArrayLike) -> Curve:
    """The curve at the recorded times nearest to these."""
    wanted = check.float_array(times, "track", "times", ndim=1)
    at = np.unique(np.abs(curve.times[:, None] - wanted).argmin(axis=0))

    def cut(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[at]

    return dataclasses.replace(
        curve,
        times=curve.times[at],
        loss=curve.loss[at],
        std=cut(curve.std),
        steps=cut(curve.steps),
        distance=cut(curve.distance),
        runs=None if curve.runs is None else curve.runs[:, at],
        bounds=None if curve.bounds is None else (curve.bounds[0][at], curve.bounds[1][at]),
        records={name: values[at] for name, values in curve.records.items()},
    )

"""track: what a student's Hessian is at the recorded times of a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.network import Network
from tutelage.problem import AbstractProblem

_KNOWN = ("spectrum", "largest", "trace", "rank", "functional")


def track(problem: AbstractProblem[Network], *what: str) -> Callable[[Network], dict[str, np.ndarray]]:
    """A recorder for ``simulate(..., record=track(problem, ...))``: the Hessian along training (science 8d).

    The Hessian has its functional part; its tables are compiled once for all times.

    Parameters
    ----------
    problem : Problem or empirical.Problem
    *what : {"spectrum", "largest", "trace", "rank", "functional"}
        All eigenvalues (P,), the largest, their sum, the number of eigenvalues of the outer part above P eps of the
        largest, the norm of the functional part relative to that of the whole. By default largest, trace and rank.

    Returns
    -------
    callable
        Its values stand in ``curve.records`` under these names.

    Examples
    --------
    >>> from tutelage import NoisyTeacher, Problem, sample_teacher, simulate
    >>> problem = Problem(sample_teacher("linear", 2, 1))
    >>> run = simulate(problem, NoisyTeacher(0.1), times=[0.0, 1.0], record=track(problem, "rank"))
    >>> run.records["rank"]
    array([2, 2])
    """
    names = tuple(check.choice(name, "track", "quantity", _KNOWN) for name in what) or (
        "largest",
        "trace",
        "rank",
    )

    def record(student: Network) -> dict[str, np.ndarray]:
        hessian = problem.hessian(student)
        dense = hessian.dense()
        found: dict[str, np.ndarray] = {"trace": np.trace(dense)}
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

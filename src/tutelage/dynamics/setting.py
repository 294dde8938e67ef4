"""Setting: a problem and a start as arrays, so that a run need not know which kind of problem it descends."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NoHessianError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.quadratic import as_problem
from tutelage.dynamics.start_measure import largest_eigenvalue
from tutelage.dynamics.starts import NoisyTeacher, RandomStart
from tutelage.network import Network
from tutelage.problem import AbstractProblem, Objective
from tutelage.source import Source

Start: TypeAlias = NoisyTeacher | RandomStart | Network | ArrayLike
"""Where runs begin."""


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """The start parameters of every run, the objective they descend and where distances are measured from.

    Attributes
    ----------
    problem : AbstractProblem
    objective : Objective
    thetas : ndarray, shape (runs, P)
        Trainable parameters only.
    reference : ndarray, shape (P,), or None
        The optimum's, where it has the student's layers.
    template : Network, or ndarray for a quadratic loss
        A student of the right shape.
    near : of the same kind
        Where the Hessian of :meth:`largest_eigenvalue` is taken.
    """

    problem: AbstractProblem
    objective: Objective
    thetas: np.ndarray
    reference: np.ndarray | None
    template: Network | np.ndarray
    near: Network | np.ndarray

    def largest_eigenvalue(self) -> float:
        """Of the Hessian at the reference, or at the first start where there is none; NaN where it does not exist."""
        try:
            return largest_eigenvalue(self.problem.hessian(self.near))
        except NoHessianError:
            return math.nan

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """The dense Hessian at these trained parameters."""
        return self.problem.hessian(self.observed(theta)).dense()

    def observed(self, theta: np.ndarray) -> Network | np.ndarray:
        """What a recording function is given: the Network, or the bare parameters of a quadratic loss."""
        return self.problem.with_theta(self.template, theta)


def setting(
    problem: AbstractProblem | Source,
    start: Start,
    teacher: Network | None,
    batch: int | None,
    runs: int,
    seed: int,
    who: str,
) -> Setting:
    """Resolve problem and start, or say which combination was expected."""
    if batch is not None:
        batch = check.integer(batch, who, "batch")
    problem = as_problem(problem, who)
    optimum = problem.optimum if teacher is None else teacher
    _require_budget(_student(problem, start, optimum, seed, 0, who), batch or 0, runs, who)
    students = [_student(problem, start, optimum, seed, run, who) for run in range(runs)]
    first = students[0]
    thetas = np.stack([problem.theta(student) for student in students])
    objective = problem.objective(students, batch)
    if optimum is None or problem.layout(optimum) != problem.layout(first):
        return Setting(problem, objective, thetas, None, first, first)
    return Setting(problem, objective, thetas, problem.theta(optimum), first, optimum)


def _require_budget(student: Network | np.ndarray, batch: int, runs: int, who: str) -> None:
    """All runs descend at once, each with its parameters and its batch."""
    sizes = (
        (student.n_params, sum(student.W.shape)) if isinstance(student, Network) else (np.size(student), 1)
    )
    parameters, one = 64.0 * sizes[0], 64.0 * sizes[1]
    free = 0.9 * check.available_bytes()
    check.fits_in_memory(
        runs * (parameters + batch * one), who, f"a simulation of {runs} run(s) with batches of {batch}",
        f"{free / (parameters + batch * one):.3g} runs, or a batch of {free / (runs * one):.3g}", "choose fewer",
    )  # fmt: skip


def _student(
    problem: AbstractProblem,
    start: Start,
    optimum: Network | np.ndarray | None,
    seed: int,
    run: int,
    who: str,
) -> Network | np.ndarray:
    if isinstance(start, Network):
        return start
    if optimum is None:
        raise InputError(
            f"{who}: expected a Network as start, or the teacher that labelled the data, got neither; "
            f"pass teacher="
        )
    if isinstance(start, RandomStart):
        if not isinstance(optimum, Network):
            raise InputError(
                f"{who}: expected a displacement or a NoisyTeacher for a quadratic loss, got a RandomStart"
            )
        sampled = start.sample(optimum, seed, run)
        if sampled.k != optimum.k:
            return sampled
        # Frozen layers of a student as wide as its teacher are the teacher's: else zero loss is out of reach.
        return problem.with_theta(optimum, problem.theta(sampled))
    origin = problem.theta(optimum)
    if isinstance(start, NoisyTeacher):
        return problem.with_theta(optimum, origin + start.displacement(origin.size, seed, run))
    return problem.with_theta(optimum, origin + _displacement(start, origin.size, who))


def _displacement(start: ArrayLike, n_params: int, who: str) -> np.ndarray:
    displacement = check.float_array(start, who, "start")
    if displacement.shape != (n_params,):
        raise InputError(
            f"{who}: expected a start of shape ({n_params},), got {displacement.shape}; it is the "
            f"displacement "
            "from the optimum, W row-major, b, a, c"
        )
    return displacement

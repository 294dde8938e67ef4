"""Setting: a problem and a start as arrays, so that a run need not know which kind of problem it descends."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from tutelage import empirical
from tutelage.base import check
from tutelage.base.errors import InputError, NoHessianError
from tutelage.dynamics.objective import (
    DataLoss,
    Layers,
    MinibatchLoss,
    Objective,
    OnlineLoss,
    PopulationLoss,
    QuadraticLoss,
)
from tutelage.dynamics.starts import NoisyTeacher, RandomStart
from tutelage.network import Network
from tutelage.operators import HessianOperator
from tutelage.population import Problem
from tutelage.spectra import as_operator, spectrum

_MAX_NODES = 6
"""Beyond these the expanded gradient is the cheaper one, and its floor of 1e-16 far below the loss."""

_DIGITS = 14
"""Digits asked of the cancellation-free gradient."""

_DENSE_UP_TO = 600
"""Largest P whose top eigenvalue is taken from the dense matrix; the crossover with Lanczos is not measured."""


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """The start parameters of every run, the objective they descend and where distances are measured from.

    Attributes
    ----------
    objective : Objective
    thetas : ndarray, shape (runs, P)
        Trainable parameters only.
    reference : ndarray, shape (P,), or None
        The teacher's, where its width is the student's.
    template : Network or None
        A student of the right shape; None for a quadratic loss.
    trainable : tuple of str
    hessian : callable
        Makes the Hessian there, for :meth:`largest_eigenvalue`.
    """

    objective: Objective
    thetas: np.ndarray
    reference: np.ndarray | None
    template: Network | None
    trainable: tuple[str, ...]
    hessian: Callable[[], HessianOperator]

    def largest_eigenvalue(self) -> float:
        """Of the Hessian at the reference, or at the first start where there is none; NaN where it does not exist."""
        try:
            operator = self.hessian()
        except NoHessianError:
            return math.nan
        if operator.n_params <= _DENSE_UP_TO:
            return float(scipy.linalg.eigvalsh(operator.dense(), driver="evd")[-1])
        return float(spectrum(operator, "lanczos", count=1).values[-1])

    def observed(self, theta: np.ndarray) -> Any:
        """What a recording function is given: the Network, or the bare parameters of a quadratic loss."""
        return theta if self.template is None else with_trained(self.template, self.trainable, theta)


def trained(network: Network, trainable: tuple[str, ...]) -> np.ndarray:
    """The trainable parameters of a network, W first, flat."""
    kept = {"W": np.ravel(network.W), "a": network.a}
    return np.concatenate([kept[name] for name in trainable])


def with_trained(network: Network, trainable: tuple[str, ...], theta: np.ndarray) -> Network:
    """The network with these trainable parameters."""
    W, a = network.W, network.a
    if "W" in trainable:
        W = theta[: W.size].reshape(W.shape)
    if "a" in trainable:
        a = theta[theta.size - a.size :]
    return Network(W, a, network.activation)


def setting(
    problem: Any, start: Any, teacher: Network | None, batch: int | None, runs: int, seed: int, who: str
) -> Setting:
    """Resolve problem and start, or say which combination was expected."""
    if batch is not None:
        batch = check.integer(batch, who, "batch")
    if isinstance(problem, Problem):
        return _of_networks(problem, start, problem.teacher, batch, runs, seed, who)
    if isinstance(problem, empirical.Problem):
        return _of_networks(problem, start, teacher, batch, runs, seed, who)
    if isinstance(problem, (HessianOperator, np.ndarray, list)):
        return _quadratic(problem, start, batch, runs, seed, who)
    raise InputError(
        f"{who}: expected a Problem, an empirical.Problem, a HessianOperator or a matrix, got "
        f"{type(problem).__name__}; a Network is a teacher: pass Problem(network)"
    )


def _quadratic(problem: Any, start: Any, batch: int | None, runs: int, seed: int, who: str) -> Setting:
    matrix = (
        problem.dense() if isinstance(problem, HessianOperator) else check.float_array(problem, who, "H", 2)
    )
    check.same_length(*matrix.shape, who, "the two sides of the Hessian")
    if batch is not None:
        raise InputError(f"{who}: expected no batch for a quadratic loss, got {batch}; it has no samples")
    n = matrix.shape[0]
    if isinstance(start, NoisyTeacher):
        thetas = np.stack([start.displacement(n, seed, run) for run in range(runs)])
    elif isinstance(start, (Network, RandomStart)):
        raise InputError(
            f"{who}: expected a displacement or a NoisyTeacher for a quadratic loss, got "
            f"{type(start).__name__}"
        )
    else:
        thetas = np.tile(_displacement(start, n, who), (runs, 1))
    return Setting(QuadraticLoss(matrix), thetas, np.zeros(n), None, ("W", "a"), lambda: as_operator(problem))


def _of_networks(
    problem: Any, start: Any, teacher: Network | None, batch: int | None, runs: int, seed: int, who: str
) -> Setting:
    students = [_student(start, teacher, problem.trainable, seed, run, who) for run in range(runs)]
    first = students[0]
    layers = Layers(first.k, first.d, problem.trainable, first.W, first.a)
    for name in {"W", "a"} - set(problem.trainable):
        if any(not np.array_equal(getattr(s, name), getattr(first, name)) for s in students):
            raise InputError(
                f"{who}: expected one frozen {name} for all runs, got a random one each; "
                "start from a Network, or take one run at a time"
            )
    reference = None
    if teacher is not None and teacher.W.shape == first.W.shape:
        reference = trained(teacher, problem.trainable)
    if isinstance(problem, Problem):
        _same_kind(first, problem.teacher, who)
        n_nodes = max(_nodes(problem, student) for student in students)
        population = PopulationLoss(layers, problem.teacher.W, problem.teacher.a, first.activation, n_nodes)
        objective: Objective = population if batch is None else OnlineLoss(population, batch)
    else:
        problem.loss(first)
        data = DataLoss(layers, problem.X, problem.y, first.activation)
        objective = data if batch is None else MinibatchLoss(data, batch)
    thetas = np.stack([trained(student, problem.trainable) for student in students])
    near = first if reference is None or teacher is None else teacher
    return Setting(objective, thetas, reference, first, problem.trainable, lambda: problem.hessian(near))


def _student(
    start: Any, teacher: Network | None, trainable: tuple[str, ...], seed: int, run: int, who: str
) -> Network:
    if isinstance(start, Network):
        return start
    if teacher is None:
        raise InputError(
            f"{who}: expected a Network as start, or the teacher that labelled the data, got neither; "
            f"pass teacher="
        )
    if isinstance(start, RandomStart):
        sampled = start.sample(teacher, seed, run)
        if sampled.k != teacher.k:
            return sampled
        # Frozen layers of a student as wide as its teacher are the teacher's: else zero loss is out of reach.
        return with_trained(teacher, trainable, trained(sampled, trainable))
    origin = trained(teacher, trainable)
    if isinstance(start, NoisyTeacher):
        return with_trained(teacher, trainable, origin + start.displacement(origin.size, seed, run))
    return with_trained(teacher, trainable, origin + _displacement(start, origin.size, who))


def _displacement(start: Any, n_params: int, who: str) -> np.ndarray:
    displacement = check.float_array(start, who, "start")
    if displacement.shape != (n_params,):
        raise InputError(
            f"{who}: expected a start of shape ({n_params},), got {displacement.shape}; it is the "
            f"displacement "
            "from the optimum, W row-major, then a"
        )
    return displacement


def _nodes(problem: Problem, student: Network) -> int:
    """Nodes of the cancellation-free gradient, 0 for the expanded one far from the teacher.

    n nodes leave a relative error of about (step of a neuron)^(2n); polynomials of degree ≤ 2n − 1 none.
    """
    if student.activation.kinks or student.k != problem.teacher.k:
        return 0
    if student.activation.degree is not None:
        return student.activation.degree // 2 + 1
    step = 2.0 * float(np.max(np.linalg.norm(student.W - problem.teacher.W, axis=1)))
    if step >= 1.0:
        return 0
    needed = max(1, math.ceil(_DIGITS / (2 * -math.log10(max(step, 1e-300)))))
    return needed if needed <= _MAX_NODES else 0


def _same_kind(student: Network, teacher: Network, who: str) -> None:
    if student.activation != teacher.activation:
        raise InputError(
            f"{who}: expected the teacher's activation {teacher.activation.spec}, got "
            f"{student.activation.spec}; "
            "student and teacher share it"
        )
    check.same_length(student.d, teacher.d, who, "the input dimensions of student and teacher")

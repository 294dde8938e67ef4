"""diagnose: where a student stands before its teacher, and what is left to learn."""

from __future__ import annotations

import dataclasses
from typing import Any, overload

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.dynamics.diagnose_model import ModelDiagnosis, diagnose_model
from tutelage.dynamics.manifold import hessian_there, limit_point, nearest_zero_loss
from tutelage.dynamics.matching import Match, match_neurons
from tutelage.dynamics.optimum_kind import OptimumKind, optimum_kind
from tutelage.dynamics.predict import predict_loss
from tutelage.dynamics.start_measure import spectral_measure
from tutelage.dynamics.timescales import Timescales, time_to_loss, timescales
from tutelage.model.sampled import SampledModel
from tutelage.network import Network
from tutelage.population import Problem

_RANGE_ERROR = 0.1
"""Second order "holds" while the quadratic loss is within ten percent of the loss."""


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnosis(Value):
    r"""A student before its teacher (science 6.7).

    Attributes
    ----------
    loss : float
        ε at the student.
    match : Match
        Permutation and signs of the teacher's neurons that come closest.
    optimum : Network
        The zero-loss network nearest to the student: the matched teacher moved along its flat directions.
    limit : Network
        :math:`\theta_\infty`, where the gradient flow of the student ends; ``converged`` says whether it was
        reached.
    distance : float
        Between student and ``optimum``.
    at_optimum, at_limit : Timescales
        Spectra of H there.
    outer_norm, functional_norm : float
        Frobenius norms of the two parts of the Hessian at the student; the second vanishes at an optimum.
    quadratic_error : float
        Relative error of ½ δᵀHδ as the student's loss, δ from ``optimum``.
    range : float
        Largest distance along δ up to which that error stays within 10 %.
    kind : OptimumKind
        What the neurons do at ``limit``, spare ones above all; ``kind.name`` in words.
    safe_rate : float
        2 over the largest eigenvalue met at the student, the optimum or the limit.
    time_left : float
        Predicted time of the flow until the loss is ``target`` (from ``limit``).
    target : float
    """

    loss: float
    match: Match
    optimum: Network
    limit: Network
    converged: bool
    distance: float
    at_optimum: Timescales
    at_limit: Timescales
    outer_norm: float
    functional_norm: float
    quadratic_error: float
    range: float
    kind: OptimumKind
    safe_rate: float
    time_left: float
    target: float

    @property
    def second_order_holds(self) -> bool:
        """Whether the student stands where its loss is quadratic to 10 %."""
        return self.quadratic_error <= _RANGE_ERROR

    def to_dict(self) -> dict[str, Any]:
        """Numbers for tables and JSON."""
        names = (
            "loss", "converged", "distance", "outer_norm", "functional_norm", "quadratic_error", "range",
            "safe_rate", "time_left", "target", "second_order_holds",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {
            "kind": self.kind.name,
            "permutation": self.match.permutation.tolist(),
            "signs": self.match.signs.tolist(),
            "at_optimum": self.at_optimum.to_dict(),
            "at_limit": self.at_limit.to_dict(),
        }

    def __repr__(self) -> str:
        inside = "inside" if self.second_order_holds else "OUTSIDE"
        return (
            f"Diagnosis(loss {self.loss:.4g}, distance {self.distance:.4g}, {inside} the second-order range "
            f"{self.range:.3g}, on the way to an optimum of kind {self.kind.name!r}, "
            f"safe rate {self.safe_rate:.4g}, time left to {self.target:.3g}: "
            f"{self.time_left:.4g})"
        )


@overload
def diagnose(student: Network, teacher: Network | Problem, target: float | None = None) -> Diagnosis: ...
@overload
def diagnose(student: SampledModel) -> ModelDiagnosis: ...
def diagnose(
    student: Network | SampledModel, teacher: Network | Problem | None = None, target: float | None = None
) -> Diagnosis | ModelDiagnosis:
    """Say where a student stands and what is left.

    Parameters
    ----------
    student, teacher : Network
        Same activation and input dimension; the student at least as wide (surplus neurons are matched to
        silent ones). A :class:`tutelage.Problem` for the teacher also says the law of the inputs. Or a
        :class:`tutelage.ModelProblem` alone: how near its parameters are to an optimum.
    target : float or None
        The loss ``time_left`` asks for; by default 1e-6 of the present one.

    Raises
    ------
    InputError
        A student narrower than its teacher, which has no zero-loss optimum to compare with; a model with a teacher, a
        network without one.
    """
    if isinstance(student, SampledModel):
        if teacher is not None or target is not None:
            raise InputError(
                "diagnose: expected a model's problem alone, got a teacher or a target too; leave them out"
            )
        return diagnose_model(student)
    if teacher is None:
        raise InputError(
            "diagnose: expected a teacher beside the network, got none; pass diagnose(student, teacher)"
        )
    problem = teacher if isinstance(teacher, Problem) else Problem(teacher)
    loss = problem.loss(student)
    match = match_neurons(student, problem.teacher)
    optimum = nearest_zero_loss(problem, student, match.teacher)
    limit, converged = limit_point(problem, student)
    target = 1e-6 * loss if target is None else check.number(target, "diagnose", "target", above=0.0)
    here = problem.hessian(student)
    at_optimum, at_limit = (timescales(hessian_there(problem, end)) for end in (optimum, limit))
    steepest = float(scipy.linalg.eigvalsh(here.dense(), driver="evd")[-1])
    delta = student.theta - optimum.theta
    functional = here.functional
    return Diagnosis(
        loss=loss,
        match=match,
        optimum=optimum,
        limit=limit,
        converged=converged,
        distance=float(np.linalg.norm(delta)),
        at_optimum=at_optimum,
        at_limit=at_limit,
        outer_norm=here.outer.frobenius_norm(),
        functional_norm=0.0 if functional is None else functional.frobenius_norm(),
        quadratic_error=_quadratic_error(problem, optimum, delta),
        range=_range(problem, optimum, delta),
        kind=optimum_kind(limit, problem.teacher),
        safe_rate=2.0 / max(steepest, at_optimum.largest, at_limit.largest),
        time_left=_time_left(problem, limit, student, loss, target),
        target=target,
    )


def _quadratic_error(problem: Problem, optimum: Network, delta: np.ndarray, factor: float = 1.0) -> float:
    """|½ δᵀHδ / ε − 1| at a multiple of the displacement; 0 where there is none."""
    hessian = hessian_there(problem, optimum)
    moved = factor * delta
    quadratic = 0.5 * float(np.dot(moved, hessian.matvec(moved)))
    loss = problem.loss(optimum.with_theta(optimum.theta + moved))
    return float(abs(quadratic / loss - 1.0)) if loss > 0.0 else 0.0


def _range(problem: Problem, optimum: Network, delta: np.ndarray) -> float:
    """The distance along δ at which the quadratic loss is first off by 10 %, by doubling and bisection."""
    length = float(np.linalg.norm(delta))
    if length == 0.0:
        return float("nan")
    high = 1e-3 / length
    while _quadratic_error(problem, optimum, delta, high) <= _RANGE_ERROR:
        high *= 2.0
        if high * length > 1e3:
            return float("inf")
    low = high / 2.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        inside = _quadratic_error(problem, optimum, delta, middle) <= _RANGE_ERROR
        low, high = (middle, high) if inside else (low, middle)
    return low * length


def _time_left(problem: Problem, limit: Network, student: Network, loss: float, target: float) -> float:
    """The flow's time from the student to the target, with the Hessian where it ends."""
    if loss <= target:
        return 0.0
    measure = spectral_measure(hessian_there(problem, limit), student.theta - limit.theta)
    if predict_loss(measure, [0.0]).loss[0] <= 0.0:
        raise InputError("diagnose: expected a student with some loss left, got none; it is at an optimum")
    return time_to_loss(measure, target)

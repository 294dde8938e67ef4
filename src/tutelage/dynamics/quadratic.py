"""The loss ½ δᵀHδ of a Hessian, exactly quadratic: a problem whose students are displacements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tutelage.base.errors import InputError
from tutelage.base.types import Array, PyTree
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import SymmetricOperator
from tutelage.population import Problem
from tutelage.problem import AbstractProblem, Objective
from tutelage.source import Source, hessian_of


class QuadraticLoss(Objective):
    r""":math:`\epsilon = \tfrac12\,\theta^T H\,\theta`: the loss on which predictions are exact."""

    H: Array

    def loss(self, theta: Array) -> Array:
        return 0.5 * theta @ (self.H @ theta)

    def gradient(self, theta: Array, drawn: PyTree) -> Array:
        return self.H @ theta


class QuadraticProblem(AbstractProblem[np.ndarray]):
    """½ δᵀHδ of an operator, its optimum at 0."""

    def __init__(self, hessian: SymmetricOperator):
        self.operator = hessian

    @property
    def optimum(self) -> np.ndarray:
        return np.zeros(self.operator.size)

    def loss(self, student: np.ndarray) -> float:
        return float(0.5 * student @ self.operator.matvec(student))

    def gradient(self, student: np.ndarray) -> np.ndarray:
        return self.operator.matvec(student)

    def hessian(self, student: np.ndarray) -> SymmetricOperator:
        return self.operator

    def layout(self, student: np.ndarray) -> Layout:
        return Layout({"theta": (self.operator.size,)})

    def theta(self, student: np.ndarray) -> np.ndarray:
        if not isinstance(student, np.ndarray):
            raise InputError(
                "objective: expected a displacement or a NoisyTeacher for a quadratic loss, got "
                f"{type(student).__name__}"
            )
        return student

    def with_theta(self, student: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta

    def objective(self, students: Sequence[np.ndarray], batch: int | None = None) -> QuadraticLoss:
        if batch is not None:
            raise InputError(
                f"objective: expected no batch for a quadratic loss, got {batch}; it has no samples"
            )
        return QuadraticLoss(self.operator.dense())


def as_problem(source: AbstractProblem | Source, who: str) -> AbstractProblem:
    """A problem from itself, that of a network before itself as teacher, or the quadratic one of a Hessian."""
    if isinstance(source, AbstractProblem):
        return source
    if isinstance(source, Network):
        return Problem(source)
    return QuadraticProblem(hessian_of(source, who=who))

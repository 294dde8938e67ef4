"""AbstractProblem: what every question is asked of. Objective: what a run descends."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.lbfgs import minimize_rows
from tutelage.base.precision import float64
from tutelage.base.types import Array, PyTree, Trainable
from tutelage.base.value import Value
from tutelage.layout import Layout
from tutelage.network import Network, evaluate, require_network, with_same_shapes
from tutelage.operators import SymmetricOperator

Student = TypeVar("Student")


class Objective(eqx.Module):
    """A loss of θ, traceable, whose arrays are leaves, so that compiled loops are shared by problems of one shape.

    ``gradient(theta, drawn)`` ignores what was drawn unless it is one of a batch.
    """

    @abc.abstractmethod
    def loss(self, theta: Array) -> Array:
        """The loss, a scalar."""

    @abc.abstractmethod
    def gradient(self, theta: Array, drawn: PyTree) -> Array:
        """Its gradient, shape of ``theta``; ``drawn`` is what :meth:`draw` gave, or None for all there is."""

    def draw(self, key: jax.Array) -> PyTree:
        """What a step needs beside θ, of the step's own key: nothing, unless a batch is drawn by it.

        Runs draw for many steps at once, which a step alone would pay for dearly.
        """
        return None

    @property
    def recorded(self) -> Objective:
        """The objective whose loss a run records: of all samples, where gradients see a batch."""
        return self

    def plain(self) -> Callable[[np.ndarray], tuple[Array, Array]] | None:
        """:meth:`observed` in NumPy, where a few losses take less time than compiling one; None elsewhere."""
        return None

    def observed(self, theta: Array) -> tuple[Array, Array]:
        """The loss, and the loss below which a run from here records round-off."""
        loss = self.loss(theta)
        # Sums of squares reach the square of the rounding of their terms, far below any use.
        return loss, 0.0 * loss

    def smooth_gradient(self, theta: Array) -> Array:
        """A gradient whose derivative is the Hessian at the least cost, where that is not :meth:`gradient`."""
        return self.gradient(theta, None)


def half_mean_square(activation: Activation, layers: Mapping[str, Array], X: Array, y: Array) -> jax.Array:
    """½ mean |f(x) − y|² of a two-layer network with these layers, traceable."""
    residual = evaluate(activation, layers, X) - y
    return 0.5 * jnp.mean(jnp.sum(residual**2, axis=tuple(range(1, residual.ndim))))


@dataclasses.dataclass(frozen=True, eq=False)
class Minimum(Value, Generic[Student]):
    """Where a descent ended: the student, its loss, the norm of the gradient there, and accepted steps."""

    student: Student
    loss: float
    gradient_norm: float
    steps: int


class AbstractProblem(abc.ABC, Generic[Student]):
    """A loss over the parameters of students: the source of every question.

    Parameters of a student are a vector θ of its trained layers; ``layout`` says what stands where.
    """

    @abc.abstractmethod
    def loss(self, student: Student) -> float:
        """ε at the student."""

    @abc.abstractmethod
    def gradient(self, student: Student) -> np.ndarray:
        """∇ε with respect to θ, shape (P,)."""

    @abc.abstractmethod
    def hessian(self, student: Student) -> SymmetricOperator:
        """∇²ε with respect to θ, (P, P)."""

    @abc.abstractmethod
    def layout(self, student: Student) -> Layout:
        """Which layers the student has, and which are trained."""

    @abc.abstractmethod
    def theta(self, student: Student) -> np.ndarray:
        """Its trained parameters, shape (P,)."""

    @abc.abstractmethod
    def with_theta(self, student: Student, theta: np.ndarray) -> Student:
        """The student with these trained parameters."""

    @abc.abstractmethod
    def objective(self, students: Sequence[Student], batch: int | None = None) -> Objective:
        """What runs from these students descend, all of one shape; gradients of ``batch`` inputs each, or the full one."""

    @property
    def optimum(self) -> Student | None:
        """A student of zero loss, where one is known by construction."""
        return None

    @float64
    def minimise(self, start: Student, *, gradient: float = 1e-10, max_steps: int = 3000) -> Minimum[Student]:
        """The minimum that L-BFGS reaches from ``start``: where training would end, if not how it goes there.

        Parameters
        ----------
        start : Network
            Any student of this problem: ``RandomStart().sample(teacher, seed)`` draws one.
        gradient : float
            The norm of the gradient at which it ends; it also ends where rounding hides any descent.
        max_steps : int

        Examples
        --------
        >>> from tutelage import Problem, RandomStart, sample_teacher
        >>> teacher = sample_teacher("erf", d=3, k=2, seed=0)
        >>> found = Problem(teacher).minimise(RandomStart().sample(teacher, 1))
        >>> found.loss < 1e-15
        True
        """
        objective = self.objective([start]).recorded

        def evaluate(thetas: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            value, slope = _value_and_gradient(objective, jnp.asarray(thetas[0]))
            return np.array(value)[None], np.array(slope)[None]  # copies, which the descent writes into

        end = minimize_rows(evaluate, self.theta(start)[None], gradient=gradient, max_steps=max_steps)
        student = self.with_theta(start, end.x[0])
        size = float(np.linalg.norm(end.gradient[0]))
        return Minimum(student, self.loss(student), size, int(end.steps[0]))


@eqx.filter_jit
def _value_and_gradient(objective: Objective, theta: Array) -> tuple[Array, Array]:
    return objective.loss(theta), objective.gradient(theta, None)


class NetworkProblem(AbstractProblem[Network]):
    """A problem whose students are two-layer networks; ``trainable`` names the layers that are trained, None all."""

    trainable: Trainable

    def layout(self, student: Network) -> Layout:
        return student.layout.only(self.trainable)

    def theta(self, student: Network) -> np.ndarray:
        return self.layout(student).flatten(student.layers)

    def with_theta(self, student: Network, theta: np.ndarray) -> Network:
        require_network(student, "with_theta")
        theta, layout = check.float_array(theta, "with_theta", "theta", ndim=1), self.layout(student)
        check.same_length(theta.size, layout.size, "with_theta", "the length of theta and P")
        layers = layout.split(theta)
        return with_same_shapes(student, layers) if layout.is_complete else student.with_layers(layers)

    def frozen(self, students: Sequence[Network]) -> dict[str, np.ndarray]:
        """The layers that are not trained, which runs share."""
        first, trained = students[0], self.layout(students[0]).trained
        frozen = {name: array for name, array in first.layers.items() if name not in trained}
        for name, array in frozen.items():
            if any(not np.array_equal(student.layers[name], array) for student in students):
                raise InputError(
                    f"objective: expected one frozen {name} for all runs, got a random one each; "
                    "start from a Network, or take one run at a time"
                )
        return frozen

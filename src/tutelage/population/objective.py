"""The population loss as an objective of runs: all of it, or gradients from fresh inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.base.methods import quick
from tutelage.base.types import Array, PyTree
from tutelage.inputs import GaussianInputs
from tutelage.layout import Layout
from tutelage.network import Network, evaluate
from tutelage.population import loss_and_gradient
from tutelage.problem import Objective, half_mean_square

T = TypeVar("T")

_EPS = float(np.finfo(float).eps)

_MAX_NODES = 6
"""Beyond these the expanded gradient is the cheaper one, and its floor of 1e-16 far below the loss."""

_DIGITS = 14
"""Digits asked of the cancellation-free gradient."""


class PopulationLoss(Objective):
    """The population loss before a teacher; ``n_nodes`` > 0 chooses the forms that do not cancel near it."""

    layout: Layout = eqx.field(static=True)
    frozen: Mapping[str, Array]
    teacher: Mapping[str, Array]
    """Its layers before standard normal inputs."""
    original: Mapping[str, Array] | None
    """The teacher's layers themselves, where the inputs are not standard normal."""
    inputs: GaussianInputs
    activation: Activation = eqx.field(static=True)
    n_nodes: int = eqx.field(static=True, default=0)

    @quick
    def _layers(self, theta: Array) -> dict[str, Array]:
        """The student's, before standard normal inputs."""
        return self.inputs.standardised(self.layout.split(theta, self.frozen))

    def loss(self, theta: Array) -> Array:
        return self.observed(theta)[0]

    @quick
    def observed(self, theta: Array) -> tuple[Array, Array]:
        layers = self._layers(theta)
        if self.n_nodes == 0:
            return _expanded(self.activation, layers, self.teacher)
        near = _positive(self._near(loss_and_gradient.path_loss, layers, theta))
        # The path form sums terms of the size of the starting loss: the displacement along flat
        # directions never shrinks (measured: within a factor of ten of eps times that loss).
        if self.activation.degree is not None:
            return near, _EPS * near
        expanded, floor = _expanded(self.activation, layers, self.teacher)
        # The nodes were chosen for the start; the expanded form is the better one only far away.
        far = expanded > 1e12 * floor
        numpy = isinstance(far, np.bool_)
        loss = (expanded if far else near) if numpy else jnp.where(far, expanded, near)
        return loss, _EPS * loss

    def plain(self) -> Callable[[np.ndarray], tuple[Array, Array]] | None:
        """Before standard normal inputs and without biases, of an activation whose tables of few pairs are quick in NumPy."""
        student = {name: np.broadcast_to(0.0, shape) for name, shape in self.layout.shapes}
        quick = loss_and_gradient.is_plain(self.activation, student, self.teacher, self.n_nodes)
        if self.original is not None or not quick:
            return None
        host = jax.tree.map(np.asarray, self)

        def observed(theta: np.ndarray) -> tuple[Array, Array]:
            with np.errstate(all="ignore"):  # parameters that diverge overflow, as they do in JAX
                return host.observed(theta)

        return observed

    def gradient(self, theta: Array, drawn: PyTree) -> Array:
        if self.n_nodes == 0:
            return self.smooth_gradient(theta)
        return self._flat(self._near(loss_and_gradient.path_gradient, self._layers(theta), theta))

    def smooth_gradient(self, theta: Array) -> Array:
        """The expanded gradient: its derivative is the exact Hessian at the cost of one set of tables."""
        return self._flat(loss_and_gradient.gradient(self.activation, self._layers(theta), self.teacher))

    @quick
    def _near(self, form: Callable[..., T], layers: Mapping[str, Array], theta: Array) -> T:
        """A form that does not cancel."""
        step = None
        if self.original is not None:
            step = step_between(self.layout.split(theta, self.frozen), self.original, self.inputs)
        rule = loss_and_gradient.segment_rule(self.n_nodes)
        return form(self.activation, layers, self.teacher, rule, step)

    def _flat(self, gradient: Mapping[str, Array]) -> Array:
        return self.layout.flatten(self.inputs.pulled_back(gradient))


def _expanded(
    activation: Activation, layers: Mapping[str, Array], teacher: Mapping[str, Array]
) -> tuple[Array, Array]:
    """The expanded loss and its floor."""
    value, size = loss_and_gradient.loss_terms(activation, layers, teacher)
    return _positive(value), 4 * _EPS * size


def _positive(value: Array) -> Array:
    """Rounding below zero is zero."""
    return 0.5 * (value + abs(value))


class OnlineLoss(Objective):
    """The population loss, its gradient from ``batch`` fresh inputs at every step."""

    population: PopulationLoss
    teacher: Mapping[str, Array]
    batch: int = eqx.field(static=True)
    label_deviation: Array | None = None
    """√v of the noise on the labels, None where there is none."""

    @property
    def recorded(self) -> Objective:
        return self.population

    def loss(self, theta: Array) -> Array:
        return self.population.loss(theta)

    def draw(self, key: jax.Array) -> tuple[jax.Array, jax.Array | None]:
        """The inputs, and the standard noise of their labels where there is any."""
        X = self.population.inputs.draw(key, self.batch, self.teacher["W"].shape[1])
        if self.label_deviation is None:
            return X, None
        shape = (self.batch, *self.teacher["a"].shape[:-1])
        noise = jax.random.normal(jax.random.fold_in(key, 1), shape, dtype=X.dtype)
        return X, noise

    def gradient(self, theta: Array, drawn: tuple[jax.Array, jax.Array | None]) -> Array:
        p, (X, noise) = self.population, drawn
        y = evaluate(p.activation, self.teacher, X)
        if self.label_deviation is not None and noise is not None:
            y = y + self.label_deviation * noise

        def loss(theta: Array) -> jax.Array:
            return half_mean_square(p.activation, p.layout.split(theta, p.frozen), X, y)

        return jax.grad(loss)(theta)


def step_between(
    student: Mapping[str, Array], teacher: Mapping[str, Array], inputs: GaussianInputs
) -> dict[str, Array]:
    """From teacher to student of one width before standard normal inputs, made of their difference itself."""
    first, second = loss_and_gradient.same_layers(student, teacher)
    return inputs.standardised({name: first[name] - second[name] for name in first})


def nodes_for(student: Network, teacher: Network) -> int:
    """Nodes of the cancellation-free gradient, 0 for the expanded one far from the teacher.

    n nodes leave a relative error of about (step of a neuron)^(2n); polynomials of degree ≤ 2n − 1 none.
    """
    if student.activation.kinks or student.k != teacher.k:
        return 0
    if student.activation.degree is not None:
        return student.activation.degree // 2 + 1
    first, second = loss_and_gradient.same_layers(student.layers, teacher.layers)
    moved = np.column_stack([np.asarray(first[n] - second[n]) for n in ("W", "b") if n in first])
    step = 2.0 * float(np.max(np.linalg.norm(moved, axis=1)))
    if step >= 1.0:
        return 0
    needed = max(1, math.ceil(_DIGITS / (2 * -math.log10(max(step, 1e-300)))))
    return needed if needed <= _MAX_NODES else 0

"""The population loss as an objective of runs: all of it, or gradients from fresh inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.types import Array
from tutelage.inputs import GaussianInputs
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.population import formulas
from tutelage.problem import Objective, half_mean_square

_EPS = float(np.finfo(float).eps)

_MAX_NODES = 6
"""Beyond these the expanded gradient is the cheaper one, and its floor of 1e-16 far below the loss."""

_DIGITS = 14
"""Digits asked of the cancellation-free gradient."""


class PopulationLoss(Objective):
    """The population loss before a teacher; ``n_nodes`` > 0 chooses the forms that do not cancel near it."""

    layout: Layout = eqx.field(static=True)
    frozen: Mapping[str, Array]
    W_star: Array
    a_star: Array
    activation: Activation = eqx.field(static=True)
    n_nodes: int = eqx.field(static=True, default=0)

    def _arrays(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        layers = self.layout.split(theta, self.frozen)
        return layers["W"], layers["a"], self.W_star, self.a_star

    @property
    def _rule(self) -> formulas.Rule:
        return formulas.segment_rule(self.n_nodes)

    def loss(self, theta: Array) -> Array:
        return self.observed(theta)[0]

    def observed(self, theta: Array) -> tuple[Array, Array]:
        arrays = self._arrays(theta)
        near = jnp.zeros(())
        if self.n_nodes > 0:
            near = jnp.maximum(formulas.path_loss(self.activation, *arrays, self._rule), 0.0)
            # The path form sums terms of the size of the starting loss: the displacement along flat
            # directions never shrinks (measured: within a factor of ten of eps times that loss).
            if self.activation.degree is not None:
                return near, _EPS * near
        Z, c = formulas.stack(*arrays)
        terms = c[:, None] * moments.dual_matrix(self.activation, Z, Z) * c
        expanded = jnp.maximum(0.5 * terms.sum(), 0.0)
        floor = 4 * _EPS * 0.5 * jnp.abs(terms).sum()
        if self.n_nodes == 0:
            return expanded, floor
        # The nodes were chosen for the start; the expanded form is the better one only far away.
        loss = jnp.where(expanded > 1e12 * floor, expanded, near)
        return loss, _EPS * loss

    def gradient(self, theta: Array, key: jax.Array | None) -> Array:
        if self.n_nodes == 0:
            return self.smooth_gradient(theta)
        W, a = formulas.path_gradient(self.activation, *self._arrays(theta), self._rule)
        return self.layout.flatten({"W": W, "a": a})

    def smooth_gradient(self, theta: Array) -> Array:
        """The expanded gradient: its derivative is the exact Hessian at the cost of one set of tables."""
        W, a = formulas.gradient(self.activation, *self._arrays(theta))
        return self.layout.flatten({"W": W, "a": a})


class OnlineLoss(Objective):
    """The population loss, its gradient from ``batch`` fresh inputs at every step."""

    population: PopulationLoss
    inputs: GaussianInputs
    batch: int = eqx.field(static=True)
    label_deviation: Array | None = None
    """√v of the noise on the labels, None where there is none."""

    @property
    def recorded(self) -> Objective:
        return self.population

    def loss(self, theta: Array) -> Array:
        return self.population.loss(theta)

    def gradient(self, theta: Array, key: jax.Array | None) -> Array:
        assert key is not None, "batches are drawn by a key"
        p = self.population
        X = self.inputs.draw(key, self.batch, p.W_star.shape[1])
        y = p.activation(X @ p.W_star.T) @ p.a_star
        if self.label_deviation is not None:
            noise = jax.random.normal(jax.random.fold_in(key, 1), y.shape, dtype=y.dtype)
            y = y + self.label_deviation * noise

        def loss(theta: Array) -> jax.Array:
            return half_mean_square(p.activation, p.layout.split(theta, p.frozen), X, y)

        return jax.grad(loss)(theta)


def nodes_for(student: Network, teacher: Network) -> int:
    """Nodes of the cancellation-free gradient, 0 for the expanded one far from the teacher.

    n nodes leave a relative error of about (step of a neuron)^(2n); polynomials of degree ≤ 2n − 1 none.
    """
    if student.activation.kinks or student.k != teacher.k:
        return 0
    if student.activation.degree is not None:
        return student.activation.degree // 2 + 1
    step = 2.0 * float(np.max(np.linalg.norm(student.W - teacher.W, axis=1)))
    if step >= 1.0:
        return 0
    needed = max(1, math.ceil(_DIGITS / (2 * -math.log10(max(step, 1e-300)))))
    return needed if needed <= _MAX_NODES else 0

"""The loss of samples as an objective of runs: of all, or with gradients from a few of them."""

from __future__ import annotations

from collections.abc import Mapping

import equinox as eqx
import jax

from tutelage.activations import Activation
from tutelage.base.types import Array, PyTree
from tutelage.layout import Layout
from tutelage.problem import Objective, half_mean_square


class DataLoss(Objective):
    """Half the mean square error of given samples."""

    layout: Layout = eqx.field(static=True)
    frozen: Mapping[str, Array]
    X: Array
    y: Array
    activation: Activation = eqx.field(static=True)

    def loss(self, theta: Array) -> jax.Array:
        return half_mean_square(self.activation, self.layout.split(theta, self.frozen), self.X, self.y)

    def gradient(self, theta: Array, drawn: PyTree) -> Array:
        return jax.grad(self.loss)(theta)


class MinibatchLoss(Objective):
    """The loss of given samples, its gradient from ``size`` of them drawn with replacement at every step."""

    data: DataLoss
    size: int = eqx.field(static=True)

    @property
    def recorded(self) -> Objective:
        return self.data

    def loss(self, theta: Array) -> jax.Array:
        return self.data.loss(theta)

    def draw(self, key: jax.Array) -> jax.Array:
        """The numbers of the samples."""
        return jax.random.randint(key, (self.size,), 0, self.data.X.shape[0])

    def gradient(self, theta: Array, drawn: jax.Array) -> Array:
        data = self.data
        part = DataLoss(data.layout, data.frozen, data.X[drawn], data.y[drawn], data.activation)
        return part.gradient(theta, None)

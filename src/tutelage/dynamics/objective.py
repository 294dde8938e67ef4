"""What a run descends: loss and gradient as functions of the trainable parameters, traceable under jit."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.population import formulas

_EPS = float(np.finfo(float).eps)


class Objective(eqx.Module):
    """A loss whose arrays are leaves, so that compiled loops are shared by problems of one shape.

    ``gradient(theta, key)`` ignores the key unless it draws a batch.
    """

    def loss(self, theta: Any) -> Any:
        """The loss, a scalar."""
        raise NotImplementedError

    def gradient(self, theta: Any, key: Any) -> Any:
        """Its gradient, shape of ``theta``."""
        raise NotImplementedError

    @property
    def recorded(self) -> Objective:
        """The objective whose loss a run records: of all samples, where gradients see a batch."""
        return self

    def observed(self, theta: Any) -> tuple[Any, Any]:
        """The loss, and the loss below which a run from here records round-off."""
        loss = self.loss(theta)
        # Sums of squares reach the square of the rounding of their terms, far below any use.
        return loss, 0.0 * loss


class QuadraticLoss(Objective):
    r""":math:`\epsilon = \tfrac12\,\theta^T H\,\theta`: the loss on which predictions are exact."""

    H: Any

    def loss(self, theta: Any) -> Any:
        return 0.5 * theta @ (self.H @ theta)

    def gradient(self, theta: Any, key: Any) -> Any:
        return self.H @ theta


class Layers(eqx.Module):
    """How trainable parameters become weights; frozen layers come from ``frozen``."""

    k: int = eqx.field(static=True)
    d: int = eqx.field(static=True)
    trainable: tuple[str, ...] = eqx.field(static=True)
    frozen_W: Any
    frozen_a: Any

    def weights(self, theta: Any) -> tuple[Any, Any]:
        """(W, a) of trainable parameters."""
        size = self.k * self.d
        W = theta[:size].reshape(self.k, self.d) if "W" in self.trainable else self.frozen_W
        a = theta[theta.shape[0] - self.k :] if "a" in self.trainable else self.frozen_a
        return W, a

    def trained(self, W: Any, a: Any) -> Any:
        """The trainable ones of (W, a)-shaped arrays, flat."""
        kept = {"W": W.reshape(-1), "a": a}
        return jnp.concatenate([kept[name] for name in self.trainable])


class PopulationLoss(Objective):
    """The population loss before a teacher; ``n_nodes`` > 0 chooses the forms that do not cancel near it."""

    layers: Layers
    W_star: Any
    a_star: Any
    activation: Activation = eqx.field(static=True)
    n_nodes: int = eqx.field(static=True, default=0)

    @property
    def _rule(self) -> tuple[Any, Any]:
        return formulas.segment_rule(self.n_nodes)

    def loss(self, theta: Any) -> Any:
        return self.observed(theta)[0]

    def observed(self, theta: Any) -> tuple[Any, Any]:
        arrays = (*self.layers.weights(theta), self.W_star, self.a_star)
        near = 0.0
        if self.n_nodes > 0:
            near = jnp.maximum(formulas.path_loss(self.activation, *arrays, self._rule), 0.0)
            # The path form sums terms of the size of the starting loss: the displacement along flat
            # directions never shrinks (measured: within a factor of ten of eps times that loss).
            if self.activation.degree is not None:
                return near, _EPS * near
        Z, c = formulas.stack(*arrays)
        terms = c[:, None] * formulas.moments.dual_matrix(self.activation, Z, Z) * c
        expanded = jnp.maximum(0.5 * terms.sum(), 0.0)
        floor = 4 * _EPS * 0.5 * jnp.abs(terms).sum()
        if self.n_nodes == 0:
            return expanded, floor
        # The nodes were chosen for the start; the expanded form is the better one only far away.
        loss = jnp.where(expanded > 1e12 * floor, expanded, near)
        return loss, _EPS * loss

    def gradient(self, theta: Any, key: Any) -> Any:
        arrays = (*self.layers.weights(theta), self.W_star, self.a_star)
        if self.n_nodes == 0:
            return self.layers.trained(*formulas.gradient(self.activation, *arrays))
        return self.layers.trained(*formulas.path_gradient(self.activation, *arrays, self._rule))

    def expanded_gradient(self, theta: Any) -> Any:
        """The gradient whose derivative is the exact Hessian at the cost of one set of tables."""
        arrays = (*self.layers.weights(theta), self.W_star, self.a_star)
        return self.layers.trained(*formulas.gradient(self.activation, *arrays))


class DataLoss(Objective):
    """Half the mean square error of given samples."""

    layers: Layers
    X: Any
    y: Any
    activation: Activation = eqx.field(static=True)

    def loss(self, theta: Any) -> Any:
        return _half_mean_square(self.activation, self.layers, theta, self.X, self.y)

    def gradient(self, theta: Any, key: Any) -> Any:
        return jax.grad(self.loss)(theta)


class MinibatchLoss(Objective):
    """The loss of given samples, its gradient from ``size`` of them drawn with replacement at every step."""

    data: DataLoss
    size: int = eqx.field(static=True)

    @property
    def recorded(self) -> Objective:
        return self.data

    def loss(self, theta: Any) -> Any:
        return self.data.loss(theta)

    def gradient(self, theta: Any, key: Any) -> Any:
        chosen = jax.random.randint(key, (self.size,), 0, self.data.X.shape[0])
        part = DataLoss(self.data.layers, self.data.X[chosen], self.data.y[chosen], self.data.activation)
        return part.gradient(theta, key)


class OnlineLoss(Objective):
    """The population loss, its gradient from ``size`` fresh Gaussian inputs at every step."""

    population: PopulationLoss
    size: int = eqx.field(static=True)

    @property
    def recorded(self) -> Objective:
        return self.population

    def loss(self, theta: Any) -> Any:
        return self.population.loss(theta)

    def gradient(self, theta: Any, key: Any) -> Any:
        p = self.population
        X = jax.random.normal(key, (self.size, p.layers.d), dtype=theta.dtype)
        y = p.activation(X @ p.W_star.T) @ p.a_star
        return DataLoss(p.layers, X, y, p.activation).gradient(theta, key)


def _half_mean_square(activation: Activation, layers: Layers, theta: Any, X: Any, y: Any) -> Any:
    W, a = layers.weights(theta)
    return 0.5 * jnp.mean((activation(X @ W.T) @ a - y) ** 2)

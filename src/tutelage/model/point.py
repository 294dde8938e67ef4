"""Point: a model at some parameters on chunked samples; what is compiled, once for all parameters and data of a shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array, PyTree
from tutelage.layout import Layout
from tutelage.model.losses import Loss
from tutelage.model.parameters import Parameters

T = TypeVar("T")

Apply = Callable[[PyTree, PyTree], Array]
"""``apply(params, X)``: outputs (n, ...) of a batch."""


@dataclasses.dataclass(frozen=True)
class Model:
    """What compiled code depends on beside shapes: the function, the names of its parameters, the loss. Hashable."""

    apply: Apply
    parameters: Parameters
    loss: Loss
    dtype: np.dtype

    @property
    def layout(self) -> Layout:
        """Where every trained leaf stands in θ."""
        return self.parameters.layout

    def outputs(self, theta: Array, frozen: Mapping[str, Array], X: PyTree) -> Array:
        """f(x) of a batch, shape (n, ...)."""
        return self.apply(self.parameters.assemble(self.layout.split(theta, frozen)), X)


class Point(eqx.Module):
    """A model with parameters, on samples in chunks (chunks, size, ...), the last one filled up with weight 0."""

    theta: Array
    frozen: Mapping[str, Array]
    X: PyTree
    y: Array
    weight: Array
    model: Model = eqx.field(static=True)

    def at(self, theta: Array) -> Point:
        """The same elsewhere."""
        return dataclasses.replace(self, theta=theta)

    def outputs(self, theta: Array, X: PyTree) -> Array:
        """f(x) of a chunk at θ."""
        return self.model.outputs(theta, self.frozen, X)

    def risk(self, outputs: Array, y: Array, weight: Array) -> Array:
        """The weighted sum of the losses of a chunk."""
        return jnp.sum(weight * self.model.loss.value(outputs, y))

    def summed(self, term: Callable[[PyTree, Array, Array], T], start: T) -> T:
        """The sum over chunks of ``term(X, y, weight)``, one chunk in memory at a time."""

        def add(total: T, chunk: tuple[PyTree, Array, Array]) -> tuple[T, None]:
            return jax.tree.map(jnp.add, total, term(*chunk)), None

        return jax.lax.scan(add, start, (self.X, self.y, self.weight))[0]

    def loss_and_gradient(self) -> tuple[Array, Array]:
        """Their means over samples, in the precision of θ."""

        def term(X: PyTree, y: Array, weight: Array) -> tuple[Array, Array]:
            return jax.value_and_grad(lambda theta: self.risk(self.outputs(theta, X), y, weight))(self.theta)

        return self.summed(term, (jnp.zeros((), self.model.dtype), jnp.zeros_like(self.theta)))

    def loss(self) -> Array:
        """The mean over samples."""

        def term(X: PyTree, y: Array, weight: Array) -> Array:
            return self.risk(self.outputs(self.theta, X), y, weight)

        return self.summed(term, jnp.zeros((), self.model.dtype))

    def jacobian(self, X: PyTree) -> tuple[Array, Array]:
        """Outputs (c, C) of some samples and their derivatives (c, C, P)."""

        def one(x: PyTree) -> tuple[Array, Array]:
            def f(theta: Array) -> Array:
                return jnp.ravel(self.outputs(theta, jax.tree.map(lambda leaf: leaf[None], x))[0])

            return f(self.theta), jax.jacrev(f)(self.theta)

        return jax.vmap(one)(X)


def chunked(tree: T, size: int) -> T:
    """Arrays (n, ...) as (chunks, size, ...); the last chunk is filled up with the first sample, which is harmless."""

    def split(leaf: Array) -> jax.Array:
        missing = -len(leaf) % size
        filled = np.concatenate([leaf, np.repeat(leaf[:1], missing, axis=0)]) if missing else leaf
        return jnp.asarray(filled.reshape(-1, size, *leaf.shape[1:]))

    return jax.tree.map(split, tree)


@jax.jit
def point_loss(point: Point) -> Array:
    return point.loss()


@jax.jit
def point_gradient(point: Point) -> tuple[Array, Array]:
    return point.loss_and_gradient()


@jax.jit
def weighted_rows(point: Point, X: PyTree, weight: Array) -> Array:
    """√w S J, shape (c C, P), with SᵀS = ℓ'': their Gram matrix is the outer part."""
    rows = point.model.loss.root(*point.jacobian(X))
    return (jnp.sqrt(weight)[:, None, None] * rows).reshape(-1, rows.shape[-1])

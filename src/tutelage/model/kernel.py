"""TangentKernel: inner products of the gradients of outputs, as an operator that never holds the Jacobian."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp

from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array, PyTree
from tutelage.model.chunked_operator import ChunkedOperator
from tutelage.model.point import Point


class TangentKernel(ChunkedOperator):
    r""":math:`\tfrac1n J J^T`, shape (n C, n C), J = ∂f/∂θ of n samples with C outputs each, samples first.

    For half squares its non-zero eigenvalues are those of the outer part of the Hessian. Source: [C25] (19)-(20).
    """

    point: Point
    n_samples: int = eqx.field(static=True)
    n_outputs: int = eqx.field(static=True)
    columns: int = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True, default=True)

    @property
    def size(self) -> int:
        return self.n_samples * self.n_outputs

    def product(self, vector: Array) -> Array:
        require_64_bit("TangentKernel.product")
        point = self.point
        chunks, size = point.weight.shape
        filled = jnp.zeros(chunks * size * self.n_outputs, point.model.dtype).at[: self.size].set(vector)
        along = filled.reshape(chunks, size, self.n_outputs)

        def back(total: Array, chunk: tuple[PyTree, Array]) -> tuple[Array, None]:
            X, weights = chunk
            outputs, pull = jax.vjp(lambda theta: point.outputs(theta, X), point.theta)
            return total + pull(weights.reshape(outputs.shape))[0], None

        gradient, _ = jax.lax.scan(back, jnp.zeros_like(point.theta), (point.X, along))

        def forth(X: PyTree) -> Array:
            return jax.jvp(lambda theta: point.outputs(theta, X), (point.theta,), (gradient,))[1]

        images = jax.lax.map(forth, point.X).reshape(-1)[: self.size]
        return images.astype(jnp.float64) / self.n_samples

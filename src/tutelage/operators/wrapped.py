"""Operators made of what others have written: lineax operators, functions v -> H v, losses of a pytree."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jax.flatten_util import ravel_pytree

from tutelage.base import check
from tutelage.base.precision import float64, require_64_bit
from tutelage.base.types import Array, ArrayLike, PyTree
from tutelage.operators.base import SymmetricOperator


class LineaxOperator(SymmetricOperator):
    """A symmetric lineax operator on vectors or pytrees, sums and multiples of ours included."""

    arrays: PyTree
    rest: PyTree = eqx.field(static=True)
    restore: Callable[[jax.Array], PyTree] = eqx.field(static=True)
    size: int = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True)

    def __init__(self, operator: lx.AbstractLinearOperator, semidefinite: bool = False):
        # Functions are leaves of some lineax operators; a compiled product takes arrays alone.
        self.arrays, self.rest = eqx.partition(operator, lambda leaf: isinstance(leaf, Array))
        structure = operator.in_structure()
        self.restore = ravel_pytree(jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), structure))[
            1
        ]
        self.size, self.semidefinite = operator.in_size(), semidefinite

    def product(self, vector: Array) -> jax.Array:
        require_64_bit("LineaxOperator.product")
        operator = cast("lx.AbstractLinearOperator", eqx.combine(self.arrays, self.rest))
        return ravel_pytree(operator.mv(self.restore(jnp.asarray(vector))))[0]

    @float64
    def unravel(self, vector: ArrayLike) -> PyTree:
        return jax.tree.map(np.asarray, self.restore(jnp.asarray(vector)))


class FunctionOperator(SymmetricOperator):
    """v -> H v that JAX can trace."""

    function: Callable[[Array], Array] = eqx.field(static=True)
    size: int = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True, default=False)

    def product(self, vector: Array) -> jax.Array:
        require_64_bit("FunctionOperator.product")
        return jnp.asarray(self.function(vector), vector.dtype)


class HostOperator(SymmetricOperator):
    """V (n, m) -> H V computed outside JAX (NumPy, SciPy, other libraries); traced code calls back."""

    function: Callable[[np.ndarray], np.ndarray] = eqx.field(static=True)
    size: int = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True, default=False)

    def product(self, vector: Array) -> jax.Array:
        require_64_bit("HostOperator.product")

        def rows(vectors: Array) -> np.ndarray:
            columns = np.asarray(vectors).reshape(-1, self.size).T
            return np.ascontiguousarray(self.matmat(columns).T).reshape(vectors.shape)

        shape = jax.ShapeDtypeStruct(vector.shape, np.float64)
        return jax.pure_callback(rows, shape, vector, vmap_method="broadcast_all")

    def matvec(self, vector: ArrayLike) -> np.ndarray:
        vector = check.float_array(vector, "HostOperator.matvec", "vector", ndim=1)
        return self.matmat(vector[:, None])[:, 0]

    def matmat(self, vectors: ArrayLike) -> np.ndarray:
        vectors = check.float_array(vectors, "HostOperator.matmat", "vectors", ndim=2)
        check.same_length(vectors.shape[0], self.size, "HostOperator.matmat", "the rows of V and n")
        return np.asarray(self.function(vectors), dtype=np.float64)


class HessianOfLoss(SymmetricOperator):
    r""":math:`\nabla^2 L(\theta)` of a JAX loss, its products by forward over reverse differentiation."""

    theta: Array
    loss: Callable[[Array], Array] = eqx.field(static=True)
    restore: Callable[[jax.Array], PyTree] = eqx.field(static=True)
    semidefinite: bool = eqx.field(static=True, default=False)

    @property
    def size(self) -> int:
        return self.theta.size

    def product(self, vector: Array) -> Array:
        require_64_bit("HessianOfLoss.product")
        return jax.jvp(jax.grad(self.loss), (self.theta,), (vector,))[1]

    @float64
    def unravel(self, vector: ArrayLike) -> PyTree:
        return jax.tree.map(np.asarray, self.restore(jnp.asarray(vector)))

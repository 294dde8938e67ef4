"""What a spectrum can be taken of: an operator, a symmetric matrix, or anything that knows how to become one."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.operators import HessianOperator

_ASYMMETRY = 1e-10
"""Largest |H - Hᵀ| accepted, relative to the largest entry: well above round-off, well below a wrong matrix."""


class MatrixOperator(HessianOperator):
    """A symmetric matrix (n, n) as an operator without further structure."""

    matrix: np.ndarray

    @property
    def n_params(self) -> int:
        return self.matrix.shape[0]

    @property
    def outer(self) -> HessianOperator:
        return self

    @property
    def functional(self) -> HessianOperator | None:
        return None

    def product(self, vector: Any) -> Any:
        import jax.numpy as jnp

        return jnp.asarray(self.matrix) @ vector

    # A plain matrix needs no compilation: BLAS on the array itself.
    def matvec(self, vector: Any) -> np.ndarray:
        return self.matrix @ check.float_array(vector, "MatrixOperator.matvec", "vector", ndim=1)

    def matmat(self, vectors: Any) -> np.ndarray:
        return self.matrix @ check.float_array(vectors, "MatrixOperator.matmat", "vectors", ndim=2)

    def dense(self) -> np.ndarray:
        return np.array(self.matrix)

    def trace(self) -> float:
        return float(np.trace(self.matrix))

    def frobenius_norm(self) -> float:
        return float(np.linalg.norm(self.matrix))

    def blocks(self) -> dict[str, np.ndarray]:
        return {"all": self.dense()}


@functools.singledispatch
def as_operator(source: Any) -> HessianOperator:
    """The operator a source stands for; packages register their own types with ``as_operator.register``."""
    # Networks register themselves when their bridge is imported; this tower may not name it (import contracts).
    unknown = as_operator.dispatch(object)
    importlib.import_module("tutelage.population")
    handler = as_operator.dispatch(type(source))
    if handler is not unknown:
        return handler(source)
    if type(source).__module__.startswith("jax"):
        return _from_matrix(source)
    raise InputError(
        f"spectrum: expected a network, a Hessian operator or a symmetric matrix, got {type(source).__name__}; "
        "pass hessian_at_optimum(network) or Problem(teacher).hessian(student)"
    )


@as_operator.register
def _(source: HessianOperator) -> HessianOperator:
    return source


@as_operator.register(np.ndarray)
@as_operator.register(list)
@as_operator.register(tuple)
def _from_matrix(source: Any) -> HessianOperator:
    matrix = check.float_array(source, "spectrum", "the matrix", ndim=2)
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"spectrum: expected a square matrix, got shape {matrix.shape}; pass AᵀA for a factor A"
        )
    asymmetry = float(np.abs(matrix - matrix.T).max())
    if asymmetry > _ASYMMETRY * float(np.abs(matrix).max()):
        raise InputError(
            f"spectrum: expected a symmetric matrix, got |H - Hᵀ| up to {asymmetry:.3g}; pass (H + Hᵀ)/2 if meant"
        )
    return MatrixOperator((matrix + matrix.T) / 2)

"""MatrixOperator: a symmetric matrix as an operator."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import require_64_bit
from tutelage.base.types import Array, ArrayLike
from tutelage.operators.base import SymmetricOperator
from tutelage.operators.structure import Entries, Structure


class MatrixOperator(SymmetricOperator):
    """A symmetric matrix (n, n) without further structure.

    Attributes
    ----------
    matrix : ndarray, shape (n, n)
    semidefinite : bool
        As declared by whoever made it; a matrix alone claims nothing.
    entry_error : float
        Rounding of its entries, relative to the largest: that of float32 for a matrix computed there.
    """

    matrix: np.ndarray
    semidefinite: bool = eqx.field(static=True, default=False)
    entry_error: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        shape, dtype = getattr(self.matrix, "shape", ()), getattr(self.matrix, "dtype", None)
        if dtype != np.float64 or len(shape) != 2 or shape[0] != shape[1]:
            raise InputError(
                f"MatrixOperator: expected a square array of float64, got shape {shape} and dtype {dtype}; "
                "hessian_of(matrix) converts what can be converted"
            )
        check.unmasked(self.matrix, "MatrixOperator", "matrix")
        check.finite(self.matrix, "MatrixOperator", "matrix")

    @property
    def size(self) -> int:
        return self.matrix.shape[0]

    @property
    def structure(self) -> Structure:
        def entries() -> Entries:
            # All entries off by this much: n times that in the spectral norm (that of a matrix of ones).
            return Entries(error=self.size * self.entry_error * float(np.abs(self.matrix).max(initial=0.0)))

        return Structure(entries=entries)

    def product(self, vector: Array) -> jax.Array:
        require_64_bit("MatrixOperator.product")
        return jnp.asarray(self.matrix) @ vector

    def as_matrix(self) -> jax.Array:
        require_64_bit("MatrixOperator.as_matrix")
        return jnp.asarray(self.matrix)

    # A plain matrix needs no compilation: BLAS on the array itself.
    def matvec(self, vector: ArrayLike) -> np.ndarray:
        return np.asarray(self.matrix) @ check.float_array(vector, "MatrixOperator.matvec", "vector", ndim=1)

    def matmat(self, vectors: ArrayLike) -> np.ndarray:
        return np.asarray(self.matrix) @ check.float_array(
            vectors, "MatrixOperator.matmat", "vectors", ndim=2
        )

    def dense(self) -> np.ndarray:
        return np.array(self.matrix)

    def trace(self) -> float:
        return float(np.trace(self.matrix))

    def frobenius_norm(self) -> float:
        return float(np.linalg.norm(self.matrix))

"""HessianOperator: a symmetric lineax operator that knows its trace, norm, blocks and reductions."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import scipy.sparse.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.operators.ball import BallHessian

_COLUMNS_AT_ONCE = 64
"""Columns per batch in matmat: enough to fill the matrix products, few enough that k d columns stay in cache."""


@dataclasses.dataclass(frozen=True, eq=False)
class Reduction:
    """What is left of a Hessian after the rotation symmetry is used (SCIENCE.md 3a).

    ``spec(H) = spec(block)`` together with ``spec(repeated)``, each eigenvalue of the latter ``multiplicity`` times.

    Attributes
    ----------
    block : HessianOperator
        Of size k r + k: the network in coordinates of its row space.
    repeated : ndarray, shape (k, k)
    multiplicity : int
        d − r.
    repeated_factor : ndarray, shape (m, k), or None
        G with GᵀG = ``repeated`` and m < k, where the function space proves such zeros.
    frame : ndarray, shape (r, d), or None
        Orthonormal rows spanning the row space, where asked for.
    """

    block: HessianOperator
    repeated: np.ndarray
    multiplicity: int
    repeated_factor: np.ndarray | None = None
    frame: np.ndarray | None = None


class HessianOperator(lx.AbstractLinearOperator):
    """A Hessian (P, P) as a lineax operator: symmetric; positive semidefinite when it has no functional part.

    ``mv`` is JAX and needs 64-bit mode; ``matvec``, ``matmat``, ``dense`` and the SciPy view take and return
    NumPy float64 and need nothing.
    """

    @property
    @abc.abstractmethod
    def n_params(self) -> int:
        """P."""

    @property
    @abc.abstractmethod
    def outer(self) -> HessianOperator:
        r"""The outer-product part, :math:`E[\nabla f\,\nabla f^T]`."""

    @property
    @abc.abstractmethod
    def functional(self) -> HessianOperator | None:
        r"""The functional part, :math:`E[(f-f_*)\nabla^2 f]`; None where it vanishes."""

    @abc.abstractmethod
    def product(self, vector: Any) -> Any:
        """H v in JAX, for v of shape (P,)."""

    @abc.abstractmethod
    def dense(self) -> np.ndarray:
        """The matrix, shape (P, P); refused with a message where it does not fit in memory."""

    @abc.abstractmethod
    def trace(self) -> float:
        """Sum of the eigenvalues."""

    @abc.abstractmethod
    def frobenius_norm(self) -> float:
        """Root of the sum of squared eigenvalues."""

    @abc.abstractmethod
    def blocks(self) -> dict[str, np.ndarray]:
        """``ww`` (kd, kd), ``wa`` (kd, k) and ``aa`` (k, k); only those of trainable layers."""

    def reduce(self, with_frame: bool = False) -> Reduction | None:
        """The symmetry reduction, or None where there is no symmetry to use; the (r, d) frame only on demand."""
        return None

    def factor(self) -> np.ndarray | None:
        """A matrix F (M, P) with H = FᵀF where the function space is finite (M may exceed P), else None."""
        return None

    def factor_gram(self) -> np.ndarray | None:
        """F Fᵀ (M, M) of :meth:`factor`; the operator may know which products in it are zero."""
        factor = self.factor()
        return None if factor is None else factor @ factor.T

    def factor_size(self) -> int | None:
        """M of :meth:`factor`, without computing it."""
        return None

    def null_vectors(self) -> np.ndarray | None:
        """Orthonormal columns (P, m) that a symmetry of the activation proves to be null vectors, or None."""
        return None

    @property
    def is_extendable(self) -> bool:
        """Whether :meth:`extended` gives matrices."""
        return False

    def extended(self, bits: int) -> BallHessian | None:
        """The matrix in ball arithmetic at this working precision, or None where there is no formula."""
        return None

    def known_eigensystem(self) -> Any:
        """Eigenvectors in closed form (``tutelage.spectra.Eigensystem``), or None."""
        return None

    @property
    def entry_error(self) -> float:
        """Bound on the error of one entry from quadrature, relative to the largest; 0 for closed forms."""
        return 0.0

    @float64
    def matvec(self, vector: Any) -> np.ndarray:
        """H v, NumPy in and out."""
        vector = check.float_array(vector, "HessianOperator.matvec", "vector", ndim=1)
        check.same_length(
            vector.size, self.n_params, "HessianOperator.matvec", "the length of the vector and P"
        )
        return np.asarray(_compiled_product(self, vector))

    @float64
    def matmat(self, vectors: Any) -> np.ndarray:
        """H V for V of shape (P, m)."""
        vectors = check.float_array(vectors, "HessianOperator.matmat", "vectors", ndim=2)
        check.same_length(vectors.shape[0], self.n_params, "HessianOperator.matmat", "the rows of V and P")
        batches = range(0, vectors.shape[1], _COLUMNS_AT_ONCE)
        parts = [_compiled_products(self, vectors[:, b : b + _COLUMNS_AT_ONCE]) for b in batches]
        return np.concatenate([np.asarray(part) for part in parts], axis=1)

    def as_scipy(self) -> scipy.sparse.linalg.LinearOperator:
        """The same operator for SciPy's iterative solvers."""
        n = self.n_params
        return scipy.sparse.linalg.LinearOperator(
            (n, n), matvec=lambda v: self.matvec(np.ravel(v)), matmat=self.matmat, dtype=np.float64,
            rmatvec=lambda v: self.matvec(np.ravel(v)),
        )  # fmt: skip

    def require_memory(self, copies: float = 2.0) -> None:
        """Refuse a dense form that does not fit: P, the bytes and the largest feasible P."""
        n = self.n_params
        largest = int((0.9 * check.available_bytes() / (8 * copies)) ** 0.5)
        check.fits_in_memory(
            8.0 * copies * n * n, "HessianOperator.dense", f"the dense Hessian of P = {n} parameters",
            f"P = {largest}", "use spectrum(method='symmetry'), 'function_space' or 'lanczos', or the product H v",
        )  # fmt: skip

    # --- the lineax interface -------------------------------------------------------------------------------
    def mv(self, vector: Any) -> Any:
        if not jax.config.jax_enable_x64:
            raise InputError(
                "HessianOperator.mv: expected 64-bit JAX, got 32-bit mode; "
                "wrap the call in `with jax.enable_x64(True):` or use matvec, which does"
            )
        return self.product(vector)

    def as_matrix(self) -> Any:
        return jnp.asarray(self.dense())

    def transpose(self) -> HessianOperator:
        return self

    def in_structure(self) -> Any:
        return jax.ShapeDtypeStruct((self.n_params,), np.float64)

    def out_structure(self) -> Any:
        return self.in_structure()

    def __repr__(self) -> str:
        part = "" if self.functional is None else ", with functional part"
        return f"{type(self).__name__}(P={self.n_params}{part})"

    def _repr_html_(self) -> str:
        return f"<b>{type(self).__name__}</b>: P = {self.n_params}, trace = {self.trace():.6g}"


@jax.jit
def _compiled_product(operator: HessianOperator, vector: Any) -> Any:
    return operator.product(vector)


@jax.jit
def _compiled_products(operator: HessianOperator, vectors: Any) -> Any:
    return jax.vmap(operator.product, in_axes=1, out_axes=1)(vectors)


@lx.is_symmetric.register(HessianOperator)
def _(operator: HessianOperator) -> bool:
    return True


@lx.is_positive_semidefinite.register(HessianOperator)
def _(operator: HessianOperator) -> bool:
    return operator.functional is None


@lx.is_negative_semidefinite.register(HessianOperator)
@lx.is_diagonal.register(HessianOperator)
@lx.is_tridiagonal.register(HessianOperator)
@lx.is_lower_triangular.register(HessianOperator)
@lx.is_upper_triangular.register(HessianOperator)
@lx.has_unit_diagonal.register(HessianOperator)
def _(operator: HessianOperator) -> bool:
    return False


@lx.linearise.register(HessianOperator)
def _(operator: HessianOperator) -> HessianOperator:
    return operator


@lx.materialise.register(HessianOperator)
def _(operator: HessianOperator) -> Any:
    tags = lx.positive_semidefinite_tag if operator.functional is None else lx.symmetric_tag
    return lx.MatrixLinearOperator(operator.as_matrix(), tags)


@lx.diagonal.register(HessianOperator)
def _(operator: HessianOperator) -> Any:
    return jnp.asarray(np.diag(operator.dense()))


@lx.conj.register(HessianOperator)
def _(operator: HessianOperator) -> HessianOperator:
    return operator

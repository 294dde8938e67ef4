"""SymmetricOperator: a symmetric lineax operator of which a size, a product and a declaration are enough."""

# Annotations are evaluated here: Equinox finds abstract attributes by their types, not by their text.
import abc
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np

from tutelage.base import check
from tutelage.base.methods import quick
from tutelage.base.precision import float64, pinned, require_64_bit
from tutelage.base.types import Array, ArrayLike, PyTree, Scalar
from tutelage.operators.structure import Structure

_COLUMNS_AT_ONCE = 64
"""Columns per batch of products: enough to fill the matrix products, few enough that k d columns stay in cache."""

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

T = TypeVar("T", bound="SymmetricOperator")


class SymmetricOperator(lx.AbstractLinearOperator):
    """A symmetric operator (n, n), positive semidefinite only where it says so.

    Writing one means giving ``size``, ``semidefinite`` (attributes or properties) and ``product``; the rest has
    working defaults. ``mv`` and
    ``as_matrix`` are JAX, traceable, and need 64-bit mode; ``matvec``, ``matmat``, ``dense``, ``trace``,
    ``frobenius_norm`` and the SciPy view take and return NumPy float64 and need nothing.

    Examples
    --------
    >>> class Twice(SymmetricOperator):
    ...     size, semidefinite = 2, True
    ...     def product(self, vector):
    ...         return 2 * vector
    >>> Twice().dense()
    array([[2., 0.],
           [0., 2.]])
    """

    if (
        TYPE_CHECKING
    ):  # To a type checker the marks below are fields, which every constructor would have to take.

        @property
        def size(self) -> int: ...
        @property
        def semidefinite(self) -> bool: ...
    else:
        size: eqx.AbstractVar[int]
        """n."""

        semidefinite: eqx.AbstractVar[bool]
        """Whether the maker declares that no eigenvalue is negative; False claims nothing."""

    @abc.abstractmethod
    def product(self, vector: Array) -> Array:
        """H v in JAX, for v of shape (n,)."""

    @property
    def structure(self) -> Structure:
        """What is known beyond products; nothing by default."""
        return Structure()

    @property
    def columns_at_once(self) -> int:
        """How many products one batch may hold in memory."""
        return _COLUMNS_AT_ONCE

    @property
    def by_products(self) -> bool:
        """Whether a dense form costs n products, each dear: at large n Krylov spaces take its place."""
        return False

    def unravel(self, vector: ArrayLike) -> PyTree:
        """A vector (n,) as the user's pytree of NumPy arrays, where there is one; by default itself."""
        return np.asarray(vector)

    # --- NumPy ------------------------------------------------------------------------------------------------
    @functools.cached_property
    def on_device(self: T) -> T:
        """This operator with its arrays on the device, put there once for all products."""

        def put(leaf: Array) -> jax.Array:
            return leaf if isinstance(leaf, jax.Array) else jnp.asarray(leaf)

        # Now, not when the surrounding trace runs: the arrays are kept longer than it.
        with pinned(), jax.ensure_compile_time_eval():
            return jax.tree.map(put, self)

    @functools.cached_property
    def on_host(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """H v for v (n,), NumPy in and out, for which all that does not change from product to product is kept; None, the
        default, where there is none that is faster than JAX."""
        return None

    @quick
    def matvec(self, vector: ArrayLike) -> np.ndarray:
        """H v, NumPy in and out."""
        vector = check.float_array(vector, "SymmetricOperator.matvec", "vector", ndim=1)
        check.same_length(
            vector.size, self.size, "SymmetricOperator.matvec", "the length of the vector and n"
        )
        product = self.on_host
        return self._by_device(vector) if product is None else product(vector)

    @float64
    def _by_device(self, vector: np.ndarray) -> np.ndarray:
        return np.asarray(_compiled_product(self.on_device, vector))

    @quick
    @float64
    def matmat(self, vectors: ArrayLike) -> np.ndarray:
        """H V for V of shape (n, m)."""
        vectors = check.float_array(vectors, "SymmetricOperator.matmat", "vectors", ndim=2)
        check.same_length(vectors.shape[0], self.size, "SymmetricOperator.matmat", "the rows of V and n")
        step = self.columns_at_once
        batches = range(0, vectors.shape[1], step)
        parts = [_compiled_products(self.on_device, vectors[:, b : b + step]) for b in batches]
        return np.concatenate([np.asarray(part) for part in parts], axis=1)

    def dense(self) -> np.ndarray:
        """The matrix, shape (n, n); refused with a message where it does not fit in memory."""
        self.require_memory()
        matrix = np.concatenate([columns for _, columns in self._columns()], axis=1)
        return (matrix + matrix.T) / 2

    def trace(self) -> float:
        """Sum of the eigenvalues; n products unless the maker knows better."""
        return float(sum(np.trace(columns, offset=-start) for start, columns in self._columns()))

    def frobenius_norm(self) -> float:
        """Root of the sum of squared eigenvalues; n products unless the maker knows better."""
        return float(np.sqrt(sum(np.sum(columns**2) for _, columns in self._columns())))

    def _columns(self) -> Iterator[tuple[int, np.ndarray]]:
        """All columns in batches, each with the index of its first."""
        step = self.columns_at_once
        for start in range(0, self.size, step):
            unit = np.eye(self.size, min(step, self.size - start), -start)
            yield start, check.finite(self.matmat(unit), type(self).__name__, "products")

    def as_scipy(self) -> "LinearOperator":
        """The same operator for SciPy's iterative solvers."""
        from scipy.sparse.linalg import LinearOperator  # 20 ms, which a dense spectrum does without

        def matvec(vector: np.ndarray) -> np.ndarray:
            return self.matvec(np.ravel(vector))

        shape = (self.size, self.size)
        return LinearOperator(shape, matvec=matvec, rmatvec=matvec, matmat=self.matmat, dtype=np.float64)

    @quick
    def require_memory(self, copies: float = 2.0) -> None:
        """Refuse a dense form that does not fit: its size, the bytes and the largest feasible size."""
        n = self.size
        largest = int((0.9 * check.available_bytes() / (8 * copies)) ** 0.5)
        check.fits_in_memory(
            8.0 * copies * n * n, f"{type(self).__name__}.dense", f"the dense matrix of P = {n} parameters",
            f"P = {largest}", "use spectrum(method='symmetry'), 'function_space' or 'lanczos', or the product H v",
        )  # fmt: skip

    # --- the lineax interface -----------------------------------------------------------------------------------
    def mv(self, vector: Array) -> Array:
        require_64_bit(f"{type(self).__name__}.mv")
        return self.on_device.product(vector)

    def as_matrix(self) -> jax.Array:
        require_64_bit(f"{type(self).__name__}.as_matrix")
        return _compiled_matrix(self.on_device)

    def transpose(self: T) -> T:
        return self

    @quick
    def in_structure(self) -> jax.ShapeDtypeStruct:
        # float64 in 64-bit mode; elsewhere what JAX makes of it, so that sums can be formed there, to be used here.
        return jax.ShapeDtypeStruct((self.size,), jax.dtypes.canonicalize_dtype(np.float64))

    @quick
    def out_structure(self) -> jax.ShapeDtypeStruct:
        return self.in_structure()

    # Scalars in 64 bits in any mode: lineax turns 0.1 into an array, which elsewhere is a float32 one.
    @float64
    def __mul__(self, other: Scalar) -> lx.AbstractLinearOperator:
        return super().__mul__(other)

    @float64
    def __truediv__(self, other: Scalar) -> lx.AbstractLinearOperator:
        return super().__truediv__(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n={self.size})"

    def _repr_html_(self) -> str:
        return f"<b>{type(self).__name__}</b>: n = {self.size}"


@jax.jit
def _compiled_product(operator: SymmetricOperator, vector: Array) -> Array:
    return operator.product(vector)


@jax.jit
def _compiled_products(operator: SymmetricOperator, vectors: Array) -> Array:
    return jax.vmap(operator.product, in_axes=1, out_axes=1)(vectors)


@jax.jit
def _compiled_matrix(operator: SymmetricOperator) -> jax.Array:
    n = operator.size

    def row(i: jax.Array) -> Array:
        return operator.product(jnp.zeros(n).at[i].set(1.0))

    matrix = jax.lax.map(row, jnp.arange(n), batch_size=operator.columns_at_once)
    return (matrix + matrix.T) / 2


@lx.is_symmetric.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> bool:
    return True


@lx.is_positive_semidefinite.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> bool:
    return operator.semidefinite


@lx.is_negative_semidefinite.register(SymmetricOperator)
@lx.is_diagonal.register(SymmetricOperator)
@lx.is_tridiagonal.register(SymmetricOperator)
@lx.is_lower_triangular.register(SymmetricOperator)
@lx.is_upper_triangular.register(SymmetricOperator)
@lx.has_unit_diagonal.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> bool:
    return False


@lx.linearise.register(SymmetricOperator)
@lx.conj.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> SymmetricOperator:
    return operator


@lx.materialise.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> lx.MatrixLinearOperator:
    tag = lx.positive_semidefinite_tag if operator.semidefinite else lx.symmetric_tag
    return lx.MatrixLinearOperator(operator.as_matrix(), tag)


@lx.diagonal.register(SymmetricOperator)
def _(operator: SymmetricOperator) -> jax.Array:
    return jnp.diag(operator.as_matrix())

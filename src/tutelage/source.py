"""hessian_of: the front door. Whatever a Hessian can be made of becomes a SymmetricOperator here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard, TypeVar, Union, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jax.flatten_util import ravel_pytree

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.types import Array, ArrayLike, PyTree
from tutelage.deep_network import DeepNetwork
from tutelage.network import Network, require_network
from tutelage.operators import (
    FunctionOperator,
    HessianOfLoss,
    HostOperator,
    LineaxOperator,
    MatrixOperator,
    SymmetricOperator,
)
from tutelage.population import hessian_at_optimum
from tutelage.population.deep import deep_hessian
from tutelage.problem import AbstractProblem

T = TypeVar("T", bound=SymmetricOperator)

if TYPE_CHECKING:
    from scipy.sparse import sparray, spmatrix
    from scipy.sparse.linalg import LinearOperator

# A Union of names: scipy.sparse is not loaded for a type.
Source: TypeAlias = Union[
    Network,
    DeepNetwork,
    AbstractProblem,
    SymmetricOperator,
    lx.AbstractLinearOperator,
    "LinearOperator",
    "sparray",
    "spmatrix",
    ArrayLike,
    jax.Array,
    tuple[AbstractProblem, object],
    tuple[Callable, int],
    tuple[Callable, PyTree],
]
"""What :func:`hessian_of` takes."""

ACCEPTED = (
    "a Network (at its optimum), a problem that knows its optimum, (problem, student), a symmetric matrix (NumPy, JAX, "
    "nested lists, sparse), a symmetric lineax or SciPy operator, (v -> H v, n), or (loss, params)"
)


def hessian_of(source: Source, *, semidefinite: bool = False, who: str = "hessian_of") -> SymmetricOperator:
    r"""The Hessian of anything that has one, as an operator that every function of tutelage and lineax takes.

    Parameters
    ----------
    source
        - a :class:`Network`, or a :class:`DeepNetwork` (see :func:`deep_hessian`): at its optimum, the student equal to
          the teacher, under standard normal inputs;
        - a problem, at its own optimum if it knows one; ``(problem, student)`` anywhere else;
        - a symmetric matrix: NumPy, JAX, nested lists, SciPy sparse. Asymmetry is judged by the precision it comes in;
        - a symmetric lineax operator (sums and multiples of ours included) or a SciPy ``LinearOperator``;
        - ``(v -> H v, n)``, a product written in JAX or NumPy, and its size;
        - ``(loss, params)``: a JAX function of a pytree of floats, at that pytree.
    semidefinite : bool
        Declare that no eigenvalue is negative, of a matrix or function, which do not say so themselves.

    Raises
    ------
    InputError
        Not symmetric, not square, complex, masked, not finite; a loss that is not one number; anything else, with
        a list of what would have worked.

    Examples
    --------
    >>> from tutelage import hessian_of
    >>> hessian_of((lambda p: p["w"] ** 2 + 3 * p["w"] * p["b"], {"w": 1.0, "b": 2.0})).dense()
    array([[0., 3.],
           [3., 2.]])
    >>> hessian_of((lambda v: 2 * v, 3)).trace()
    6.0
    """
    if isinstance(source, SymmetricOperator):
        return source
    if isinstance(source, lx.AbstractLinearOperator):
        return _from_lineax(source, semidefinite, who)
    if isinstance(source, Network):
        require_network(source, who)
        return hessian_at_optimum(source)
    if isinstance(source, DeepNetwork):
        return deep_hessian(source)
    if isinstance(source, AbstractProblem):
        return _at_optimum(source, who)
    if _is_scipy(source):
        return _from_scipy(source, semidefinite, who)
    if (
        isinstance(source, tuple)
        and source
        and (callable(source[0]) or isinstance(source[0], AbstractProblem))
    ):
        return _from_pair(source, semidefinite, who)
    if _is_torch_module(source):
        raise NotAvailableError(
            f"{who}: expected one of the sources of hessian_of, got a torch module; pass a product by torch.func with "
            "its size, (v -> H v, n), or the loss in JAX as (loss, params)"
        )
    if callable(source):
        raise InputError(
            f"{who}: expected a function with what it is a function of, got the function alone; pass (v -> H v, n) "
            "with the size n, or (loss, params)"
        )
    if isinstance(source, (list, tuple, _HasArray)):
        return _from_array(source, semidefinite, who)
    raise InputError(f"{who}: expected {ACCEPTED}; got {type(source).__name__}")


@runtime_checkable
class _HasArray(Protocol):
    """NumPy, JAX and PyTorch arrays, data frames: whatever NumPy can read."""

    def __array__(self) -> np.ndarray: ...


def _at_optimum(problem: AbstractProblem, who: str) -> SymmetricOperator:
    optimum = problem.optimum
    if optimum is None:
        raise InputError(
            f"{who}: expected a problem that knows its optimum, got {problem!r}; pass (problem, student)"
        )
    return problem.hessian(optimum)


def _from_pair(source: tuple, semidefinite: bool, who: str) -> SymmetricOperator:
    first, *rest = source
    if len(rest) != 1:
        raise NotAvailableError(
            f"{who}: expected (problem, student), (v -> H v, n) or (loss, params), got a tuple of {len(source)}; of a "
            "model and data make a loss: (lambda params: mean_loss(apply(params, X), y), params)"
        )
    if isinstance(first, AbstractProblem):
        return first.hessian(rest[0])
    if isinstance(first, Network):
        raise InputError(
            f"{who}: expected a problem beside a student, got a Network; pass (Problem(teacher), student)"
        )
    if isinstance(rest[0], (int, np.integer)) and not isinstance(rest[0], bool):
        return _from_product(first, check.integer(rest[0], who, "size n"), semidefinite, who)
    return _from_loss(first, rest[0], semidefinite, who)


def _from_array(source: ArrayLike, semidefinite: bool, who: str) -> MatrixOperator:
    matrix = check.float_array(source, who, "matrix", ndim=2)
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"{who}: expected a square matrix, got shape {matrix.shape}; pass AᵀA for a factor A"
        )
    precision = np.asarray(source).dtype
    eps = float(np.finfo(precision).eps) if precision.kind == "f" else float(np.finfo(float).eps)
    _require_symmetric(float(np.abs(matrix - matrix.T).max()), float(np.abs(matrix).max()), eps, who)
    rounding = eps if eps > np.finfo(float).eps else 0.0
    return MatrixOperator((matrix + matrix.T) / 2, semidefinite, rounding)


def _require_symmetric(asymmetry: float, size: float, eps: float, who: str) -> None:
    """Up to 3 eps^(2/3) of the largest entry (1e-10 in float64, 7e-5 in float32): above round-off, below a wrong matrix."""
    if asymmetry > 3 * eps ** (2 / 3) * size:
        raise InputError(
            f"{who}: expected a symmetric matrix, got |H - Hᵀ| up to {asymmetry:.3g}; pass (H + Hᵀ)/2 if meant"
        )


@float64
def _from_lineax(source: lx.AbstractLinearOperator, semidefinite: bool, who: str) -> SymmetricOperator:
    if not lx.is_symmetric(source):
        raise InputError(
            f"{who}: expected a symmetric lineax operator, got a {type(source).__name__} that is not tagged as one; "
            "pass lx.TaggedLinearOperator(operator, lx.symmetric_tag) if it is"
        )
    declared = semidefinite or lx.is_positive_semidefinite(source)
    source = jax.tree.map(_in_64_bits, source, is_leaf=_is_identity)
    structure = source.in_structure()
    if any(leaf.dtype != np.float64 for leaf in jax.tree.leaves(structure)):
        # Products of a float32 operator refuse float64 vectors: its matrix is rounded anyway.
        return _from_array(np.asarray(source.as_matrix()), declared, who)
    numbers = jax.tree.leaves(eqx.filter(source, eqx.is_inexact_array))
    if any(leaf.dtype != np.float64 for leaf in numbers):
        raise InputError(
            f"{who}: expected a lineax operator of float64 numbers, got float32 ones in it, as 0.1 * operator makes "
            "outside 64-bit mode; build it within `with jax.enable_x64(True):`"
        )
    return LineaxOperator(source, declared)


def _is_identity(node: object) -> bool:
    return isinstance(node, lx.IdentityLinearOperator)


def _in_64_bits(node: PyTree) -> PyTree:
    """An identity made in 32-bit mode takes vectors of that precision alone, though it holds no number to round."""
    if not isinstance(node, lx.IdentityLinearOperator):
        return node
    return lx.IdentityLinearOperator(
        jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, np.float64), node.in_structure())
    )


def _from_scipy(source: LinearOperator | sparray | spmatrix, semidefinite: bool, who: str) -> HostOperator:
    n, columns = source.shape
    if n != columns:
        raise InputError(f"{who}: expected a square operator, got shape {source.shape}")
    if np.issubdtype(source.dtype, np.complexfloating):
        raise InputError(
            f"{who}: expected real numbers, got a complex operator; pass its real part explicitly"
        )
    operator = HostOperator(lambda V: source @ V, n, semidefinite)
    return _with_symmetric_products(operator, who)


@float64
def _from_product(
    function: Callable[[Array], Array], n: int, semidefinite: bool, who: str
) -> FunctionOperator | HostOperator:
    try:
        image = jax.eval_shape(function, jax.ShapeDtypeStruct((n,), np.float64))
        operator = FunctionOperator(lambda v: function(v), n, semidefinite)
    except Exception:  # Whatever JAX cannot trace is run outside it, where its own errors show.
        image = np.asarray(function(np.zeros(n)))
        operator = HostOperator(lambda V: np.stack([function(v) for v in V.T], axis=1), n, semidefinite)
    if np.shape(image) != (n,) or not np.issubdtype(image.dtype, np.floating):
        raise InputError(f"{who}: expected a product v -> H v of {n} real numbers, got {image}; check n")
    return _with_symmetric_products(operator, who)


def _with_symmetric_products(operator: T, who: str) -> T:
    """uᵀHv = vᵀHu for two random vectors: a product of another matrix would give a spectrum of nothing."""
    vectors = np.random.default_rng(0).standard_normal((operator.size, 2))
    images = check.finite(operator.matmat(vectors), who, "products")
    between = vectors.T @ images
    # Of n terms of random sign: the root of n is what remains of the sum of their sizes.
    size = float(np.linalg.norm(vectors) * np.linalg.norm(images)) / np.sqrt(operator.size)
    if abs(between[0, 1] - between[1, 0]) > _ASYMMETRIC_PRODUCT * size:
        raise InputError(
            f"{who}: expected a symmetric operator, got products with uᵀHv ≠ vᵀHu; pass (H + Hᵀ)/2 if meant"
        )
    return operator


_ASYMMETRIC_PRODUCT = 1e-4
"""Largest |uᵀHv − vᵀHu| accepted for random vectors, relative to its typical size: room for products in float32."""


@float64
def _from_loss(
    loss: Callable[[PyTree], Array], params: PyTree, semidefinite: bool, who: str
) -> HessianOfLoss:
    leaves = jax.tree_util.tree_leaves_with_path(params)
    if not leaves:
        raise InputError(f"{who}: expected parameters beside the loss, got none in {type(params).__name__}")
    for path, leaf in leaves:
        name = f"params{jax.tree_util.keystr(path)}"
        if not isinstance(leaf, float) and not np.issubdtype(getattr(leaf, "dtype", type(leaf)), np.floating):
            raise InputError(
                f"{who}: expected params of floats, got {name} of type {getattr(leaf, 'dtype', type(leaf).__name__)}; "
                "keep what is not trained out of params"
            )
        check.float_array(leaf, who, name)
    theta, restore = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params))

    def of_theta(theta: jax.Array) -> Array:
        return loss(restore(theta))

    try:
        value = jax.eval_shape(of_theta, theta)
    except jax.errors.TracerArrayConversionError:
        raise InputError(
            f"{who}: expected a loss written in JAX, got one that JAX cannot trace; pass (v -> H v, n) with its products"
        ) from None
    if jax.tree.structure(value) != jax.tree.structure(0) or value.shape or value.dtype.kind != "f":
        raise InputError(
            f"{who}: expected a loss that gives one real number, got {value}; take the mean over samples"
        )
    return HessianOfLoss(theta, of_theta, restore, semidefinite)


def _is_scipy(source: object) -> TypeGuard[LinearOperator | sparray | spmatrix]:
    """Whoever has an operator or a sparse matrix of SciPy has loaded its module."""
    sparse, linalg = (sys.modules.get(name) for name in ("scipy.sparse", "scipy.sparse.linalg"))
    return (linalg is not None and isinstance(source, linalg.LinearOperator)) or (
        sparse is not None and isinstance(source, (sparse.sparray, sparse.spmatrix))
    )


def _is_torch_module(source: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.nn.Module)

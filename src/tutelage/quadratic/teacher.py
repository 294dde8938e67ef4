"""The teacher of the quadratic problem: a positive semidefinite matrix made of m_* neurons, and Gaussian inputs."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np

from tutelage.activations import Polynomial
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.teachers import layer_rng
from tutelage.weights import Normal, Weights, as_weight_law

# Layers 0 and 1 are the weights and the read-out of `sample_teacher`; inputs and starts have their own streams.
_INPUT_STREAM = 2
_START_STREAM = 3


@dataclasses.dataclass(frozen=True, eq=False)
class QuadraticTeacher:
    r"""The teacher :math:`f_*(x) = x^\top A_* x`, :math:`A_* = \frac{1}{m_*}\sum_i w_i w_i^\top`.

    Parameters
    ----------
    W : array_like, shape (m_star, d)
        Rows are neurons.

    Raises
    ------
    InputError
        ``W`` is empty, complex, not finite or not a matrix.

    Examples
    --------
    >>> QuadraticTeacher([[2.0, 0.0], [0.0, 0.0]]).matrix
    array([[2., 0.],
           [0., 0.]])
    """

    W: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "W", check.float_array(self.W, "QuadraticTeacher", "W", ndim=2))

    @property
    def d(self) -> int:
        """Input dimension."""
        return self.W.shape[1]

    @property
    def width(self) -> int:
        """Number of neurons m_*."""
        return self.W.shape[0]

    @property
    def matrix(self) -> np.ndarray:
        """A_*, shape (d, d)."""
        return matrix_of(self.W)

    @property
    def network(self) -> Network:
        """The same function as a two-layer network: activation u², read-out 1/m_*."""
        return as_network(self.W)

    def __repr__(self) -> str:
        return f"QuadraticTeacher(d={self.d}, width={self.width})"

    def _repr_html_(self) -> str:
        return f"<b>QuadraticTeacher</b>: d = {self.d}, m<sub>*</sub> = {self.width}"


Teacher: TypeAlias = QuadraticTeacher | ArrayLike
"""A teacher, or its matrix A_* (d, d)."""


def matrix_of(W: ArrayLike) -> np.ndarray:
    """A = (1/m) WᵀW for weights of shape (..., m, d): shape (..., d, d)."""
    W = check.float_array(W, "matrix_of", "W")
    if W.ndim < 2:
        raise InputError(
            f"matrix_of: expected W with at least 2 dimensions (m, d), got shape {W.shape}; reshape it"
        )
    return np.swapaxes(W, -1, -2) @ W / W.shape[-2]


def as_network(W: ArrayLike) -> Network:
    """The two-layer network with activation u² and read-out frozen at 1/m that computes xᵀAx."""
    W = check.float_array(W, "as_network", "W", ndim=2)
    return Network(W, np.full(W.shape[0], 1.0 / W.shape[0]), Polynomial((0.0, 0.0, 1.0)))


def sample_quadratic_teacher(
    d: int,
    width: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    realization: int = 0,
) -> QuadraticTeacher:
    """A random teacher with entries of variance 1/d; the same W as ``sample_teacher`` with the same seed.

    Parameters
    ----------
    d, width : int
        Input dimension and number of neurons m_*.
    seed, realization : int
        Stream of the draw, as in :func:`tutelage.sample_teacher`.
    weights : WeightLaw, str or frozen scipy.stats distribution
        Any law of :mod:`tutelage.weights`.
    """
    d = check.integer(d, "sample_quadratic_teacher", "d")
    width = check.integer(width, "sample_quadratic_teacher", "width")
    seed = check.seed(seed, "sample_quadratic_teacher")
    realization = check.integer(realization, "sample_quadratic_teacher", "realization", minimum=0)
    law = as_weight_law(weights)
    return QuadraticTeacher(law.sample(layer_rng(seed, realization, 0, (d, width)), (width, d), d))


def sample_inputs(n: int, d: int, seed: int = 0, realization: int = 0) -> np.ndarray:
    """n standard normal inputs, shape (n, d); the first n rows of one stream, so that a larger n extends the data."""
    n = check.integer(n, "sample_inputs", "n")
    d = check.integer(d, "sample_inputs", "d")
    return GaussianInputs().sample(n, d, input_stream(d, seed, realization))


def input_stream(d: int, seed: int, realization: int) -> np.random.Generator:
    """The stream of :func:`sample_inputs`."""
    return layer_rng(seed, realization, _INPUT_STREAM, (d,))


def sample_start(
    m: int, d: int, seed: int = 0, realization: int = 0, scale: float = 1.0, attempt: int = 0
) -> np.ndarray:
    """Random student weights, shape (m, d), entries N(0, scale²/d): of full rank when m >= d; one start per attempt."""
    m = check.integer(m, "sample_start", "m")
    d = check.integer(d, "sample_start", "d")
    scale = check.number(scale, "sample_start", "scale")
    rng = layer_rng(seed, realization, _START_STREAM + attempt, (d, m))
    return scale * rng.standard_normal((m, d)) / np.sqrt(d)


def teacher_matrix(teacher: Teacher, who: str) -> np.ndarray:
    """A_* of a QuadraticTeacher or of a symmetric positive semidefinite array (d, d)."""
    if isinstance(teacher, QuadraticTeacher):
        return teacher.matrix
    A = check.float_array(teacher, who, "teacher matrix", ndim=2)
    if A.shape[0] != A.shape[1]:
        raise InputError(
            f"{who}: expected a square teacher matrix A_* (d, d), got shape {A.shape}; "
            "for weights (m_star, d) pass QuadraticTeacher(W)"
        )
    scale = np.abs(A).max()
    if np.abs(A - A.T).max() > 1e-12 * scale:
        raise InputError(
            f"{who}: expected a symmetric teacher matrix, got an asymmetric one; pass (A + A.T) / 2"
        )
    lowest = np.linalg.eigvalsh(A)[0]
    if lowest < -1e-10 * scale:
        raise InputError(
            f"{who}: expected a positive semidefinite teacher matrix, got the eigenvalue {lowest:.3g}; "
            "a mean of squares has none below zero"
        )
    return A


def check_inputs(X: ArrayLike, d: int, who: str) -> np.ndarray:
    """Inputs of shape (n, d) with the teacher's d."""
    X = check.float_array(X, who, "X", ndim=2)
    if X.shape[1] != d:
        raise InputError(
            f"{who}: expected inputs X of shape (n, {d}) for a teacher with d = {d}, got {X.shape}; "
            "rows of X are samples"
        )
    return X


def check_student(W: ArrayLike, d: int, who: str) -> np.ndarray:
    """Student weights of shape (m, d) with the teacher's d."""
    W = check.float_array(W, who, "student weights W", ndim=2)
    if W.shape[1] != d:
        raise InputError(
            f"{who}: expected student weights of shape (m, {d}) for a teacher with d = {d}, got {W.shape}; "
            "rows of W are neurons"
        )
    return W


def orthogonal_split(A: np.ndarray, tolerance: float = 1e-10) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal bases of the range (d, r) and the kernel (d, d−r) of a semidefinite matrix.

    Eigenvalues below ``tolerance`` times the largest count as zero: a teacher made of m_* < d neurons has its kernel
    at rounding level (1e-16), and its smallest non-zero eigenvalue is rarely below 1e-6.
    """
    vectors, rank = range_last(A, tolerance)
    kernel = len(A) - int(rank)
    return vectors[:, kernel:], vectors[:, :kernel]


def range_last(A: np.ndarray, tolerance: float = 1e-10) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal bases of Rᵈ that end in those of the ranges, (..., d, d), and the ranks (...), as in the split."""
    values, vectors = np.linalg.eigh(A)
    largest = np.maximum(values[..., -1:], np.finfo(float).tiny)
    return vectors, np.sum(values > tolerance * largest, axis=-1)

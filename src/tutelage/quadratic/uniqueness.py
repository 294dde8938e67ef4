r"""Is A_* the only positive semidefinite matrix that fits the data? A verified certificate either way.

Let U span the range of A_* (dimension r), V its kernel (q = d − r), and
:math:`L = \{\Delta : x_\nu^\top \Delta x_\nu = 0\ \forall\nu\}`. Matrices :math:`V^\top\Delta V`, Δ ∈ L, form the orthogonal
complement in Sym(q) of

.. math::
    Q = \Big\{ \sum_\nu y_\nu (V^\top x_\nu)(V^\top x_\nu)^\top \;:\; U^\top \sum_\nu y_\nu x_\nu x_\nu^\top = 0 \Big\}.

- **unique**: Q holds a positive definite matrix (the dual witness y) and no Δ ∈ L is tangent to the matrices of rank
  r at A_* (the tangent space has N_eff dimensions). For any feasible :math:`A_*+\Delta`, Δ_T its tangent part:
  :math:`0 = \langle \sum y x x^\top, \Delta\rangle \ge (\lambda_{\min}(S) - (1+\kappa)\|R\|)\operatorname{tr} V^\top\Delta V`
  with R the rounding residue of the witness and :math:`\|\Delta_T\| \le \kappa\,\|V^\top\Delta V\|`; verified if the
  bracket is positive.
- **not unique**: the complement holds a positive definite matrix; lifted to Δ ∈ L, :math:`A_* + \varepsilon\Delta` is a
  second solution, positive definite. Verified if its smallest eigenvalue exceeds the correction
  :math:`\|\text{residual}\|/\sigma_{\min}` that makes it fit exactly.
  With n < d a direction is unseen and nothing needs solving.
- **undecided**: neither inequality holds with room for rounding. It is reported, never guessed.

For rank d the condition is linear: unique if and only if the n forms determine all d(d+1)/2 entries.
"""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.quadratic.certificate import (
    RANK_TOLERANCE,
    UniquenessCertificate,
    groups,
    objects,
    verify_second,
)
from tutelage.quadratic.symmetric import from_vector, outer_vectors
from tutelage.quadratic.teacher import Teacher, check_inputs, range_last, teacher_matrix
from tutelage.quadratic.witnesses import Instances, certify_blocks

# Matrices x xᵀ held at once by the batched method, in bytes (keeps the working set inside a few caches' reach).
_PIECE_BYTES = 32e6


def certify_uniqueness(teacher: Teacher, X: ArrayLike) -> UniquenessCertificate:
    """Decide whether A_* is the only positive semidefinite A with xᵀAx = xᵀA_*x on all rows of X (science 7.3).

    Parameters
    ----------
    teacher : QuadraticTeacher or array_like, shape (d, d)
        A_*, positive semidefinite.
    X : array_like, shape (n, d)
        Inputs.

    Examples
    --------
    One input in two dimensions cannot tell a rank-one matrix from its neighbours; three in general position can:

    >>> certify_uniqueness([[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0]]).status
    'not unique'
    >>> certify_uniqueness([[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]).status
    'unique'
    """
    A = teacher_matrix(teacher, "certify_uniqueness")
    X = check_inputs(X, A.shape[0], "certify_uniqueness")
    return certify_batch(A[None], X[None])[0]


def certify_batch(A: np.ndarray, X: np.ndarray) -> list[UniquenessCertificate]:
    """Certificates of many instances: teachers (B, d, d), inputs (B, n, d); solved in groups of equal rank."""
    A = check.float_array(A, "certify_batch", "A", ndim=3)
    X = check.float_array(X, "certify_batch", "X", ndim=3)
    if A.shape[0] != X.shape[0] or A.shape[1:] != (X.shape[2], X.shape[2]):
        raise InputError(
            f"certify_batch: expected teachers (B, d, d) and inputs (B, n, d), got {A.shape} and {X.shape}; "
            "stack the instances along the first axis"
        )
    vectors, ranks = range_last(A)
    found = np.empty(len(A), dtype=object)
    for rank, rows in groups(ranks):
        found[rows] = _certify_rank(A[rows], X[rows], vectors[rows], rank)
    return list(found)


def _certify_rank(A: np.ndarray, X: np.ndarray, vectors: np.ndarray, rank: int) -> np.ndarray:
    B, n, d = X.shape
    if n < d:
        return _certify_unseen(A, X)
    linear = rank == d or n >= d * (d + 1) // 2
    pieces = -(-B // max(1, int(_PIECE_BYTES / (8 * n * d * d))))
    return np.concatenate([
        _certify_linear(A[rows], X[rows]) if linear
        else certify_blocks(Instances.build(A[rows], X[rows], vectors[rows], rank))
        for rows in np.array_split(np.arange(B), pieces)
    ])  # fmt: skip


def _certify_unseen(A: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Fewer samples than dimensions leave a direction v unseen, whatever the rounding: A_* + v vᵀ fits."""
    n, d = X.shape[1:]
    v = np.linalg.svd(X, full_matrices=True)[2][:, -1]
    scale = np.trace(A, axis1=1, axis2=2) / d
    scale[scale == 0] = 1.0
    seconds = A + scale[:, None, None] * v[:, :, None] * v[:, None, :]
    free, reason = d * (d + 1) // 2 - n, "the data leave a direction unseen"
    return objects(UniquenessCertificate("not unique", 1.0, None, s, free, reason) for s in seconds)


def _certify_linear(A: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The forms determine every entry of A, or (A_* of full rank) there is room in every direction of L."""
    n, d = X.shape[1:]
    entries = d * (d + 1) // 2
    _, singular, right = np.linalg.svd(outer_vectors(X), full_matrices=n < entries)
    found = np.empty(len(A), dtype=object)
    for rank, rows in groups(np.sum(singular > RANK_TOLERANCE * singular[:, :1], axis=1)):
        found[rows] = _certify_forms(A[rows], X[rows], singular[rows], right[rows, -1], rank)
    return found


def _certify_forms(
    A: np.ndarray, X: np.ndarray, singular: np.ndarray, last: np.ndarray, rank: int
) -> np.ndarray:
    """Forms of one rank, with their singular values and the last right singular vector."""
    d = A.shape[-1]
    free, lowest = d * (d + 1) // 2 - rank, np.linalg.eigvalsh(A)[:, 0]
    if free == 0:
        reason = "the data determine all d(d+1)/2 entries of A"
        margins = singular[:, -1] / singular[:, 0]
        return objects(UniquenessCertificate("unique", float(m), None, None, 0, reason) for m in margins)
    delta = from_vector(last, d)
    room = 0.5 * np.maximum(lowest, 0.0) / np.abs(np.linalg.eigvalsh(delta)).max(axis=1)
    found = verify_second(A, X, A + room[:, None, None] * delta, singular[:, rank - 1], free)
    reason = "more forms than entries, and they are dependent"
    found[lowest <= 0] = UniquenessCertificate("undecided", 0.0, None, None, free, reason)
    return found

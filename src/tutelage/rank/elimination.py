"""Rank over a prime field: recursive elimination by matrix products, and FLINT for small matrices."""

from __future__ import annotations

import flint
import numpy as np

from tutelage.rank.modular import PrimeField

# Below this many entries FLINT's own elimination wins; above, moving the entries into Python integers costs
# more than the elimination (measured in benchmarks/rank_exact.py).
_FLINT_ENTRIES = 60_000


def rank_mod(field: PrimeField, matrix: np.ndarray) -> int:
    """The rank of an (m, n) matrix of residues."""
    if matrix.size <= _FLINT_ENTRIES:
        return flint_rank(field.p, matrix)
    # Recursion over columns costs m n min(m, n): the shorter side goes there.
    matrix = matrix if matrix.shape[1] <= matrix.shape[0] else matrix.T
    return _count(field, matrix)


def flint_rank(p: int, matrix: np.ndarray) -> int:
    """The rank by FLINT's nmod_mat; entries any integers below 2^53."""
    if not matrix.size:
        return 0
    entries = np.mod(matrix, p).astype(np.int64).ravel().tolist()
    return flint.nmod_mat(*matrix.shape, entries, p).rank()


def row_basis(field: PrimeField, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows R that span the row space, the other rows, and C with ``matrix[others] = C @ matrix[R]``.

    Left columns first: with [A1 | A2] and A1[rest] = C1 A1[R1], the Schur complement A2[rest] - C1 A2[R1]
    decides the further pivots; C follows by substitution. All work is in matrix products.
    """
    n = matrix.shape[1]
    if n == 1:
        return _single_column(field, matrix[:, 0])
    half = n // 2
    pivots, rest, left = row_basis(field, matrix[:, :half])
    schur = matrix[rest, half:]
    if pivots.size:
        schur = field.reduce(schur - field.matmul(left, matrix[pivots, half:]))
    more, others, right = row_basis(field, schur)
    combined = left[others]
    if more.size and pivots.size:
        combined = field.reduce(combined - field.matmul(right, left[more]))
    return np.concatenate([pivots, rest[more]]), rest[others], np.concatenate([combined, right], axis=1)


def _single_column(field: PrimeField, column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    index = np.arange(column.size)
    pivot = int(np.argmax(column != 0)) if column.size else 0
    if not column.size or column[pivot] == 0:
        return index[:0], index, np.zeros((column.size, 0))
    rest = np.delete(index, pivot)
    factor = np.array(field.inverse(column[pivot]))
    return index[pivot : pivot + 1], rest, field.multiply(column[rest], factor)[:, None]


def _count(field: PrimeField, matrix: np.ndarray) -> int:
    """The rank alone: the coefficients of the last half are never formed."""
    m, n = matrix.shape
    if n <= 64 or not m:
        return row_basis(field, matrix)[0].size if m else 0
    half = n // 2
    pivots, rest, left = row_basis(field, matrix[:, :half])
    schur = matrix[rest, half:]
    if pivots.size:
        schur = field.reduce(schur - field.matmul(left, matrix[pivots, half:]))
    del left, matrix
    return pivots.size + _count(field, schur)

"""Symmetric matrices as vectors: an isometry of Sym(d) with the Frobenius product onto R^{d(d+1)/2}."""

from __future__ import annotations

import functools

import numpy as np


@functools.lru_cache(maxsize=64)
def _layout(d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Upper-triangle positions (flat), the weight of each, and for every entry of the matrix its vector position."""
    rows, columns = np.triu_indices(d)
    weights = np.where(rows == columns, 1.0, np.sqrt(2.0))
    position = np.zeros((d, d), dtype=int)
    position[rows, columns] = position[columns, rows] = np.arange(len(rows))
    return rows * d + columns, weights, position


def to_vector(M: np.ndarray) -> np.ndarray:
    """Upper triangle with off-diagonal entries times √2: (..., d, d) -> (..., d(d+1)/2)."""
    d = M.shape[-1]
    flat, weights, _ = _layout(d)
    return M.reshape(*M.shape[:-2], d * d).take(flat, axis=-1) * weights


def outer_vectors(X: np.ndarray) -> np.ndarray:
    """x xᵀ of every row as a vector: (..., n, d) -> (..., n, d(d+1)/2)."""
    return to_vector(X[..., :, None] * X[..., None, :])


def from_vector(v: np.ndarray, d: int) -> np.ndarray:
    """The inverse of :func:`to_vector`: (..., d(d+1)/2) -> (..., d, d)."""
    _, weights, position = _layout(d)
    return (v / weights).take(position, axis=-1)

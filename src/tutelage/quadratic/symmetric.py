"""Symmetric matrices as vectors: an isometry of Sym(d) with the Frobenius product onto R^{d(d+1)/2}."""

from __future__ import annotations

import numpy as np


def to_vector(M: np.ndarray) -> np.ndarray:
    """Upper triangle with off-diagonal entries times √2: (..., d, d) -> (..., d(d+1)/2)."""
    rows, columns = np.triu_indices(M.shape[-1])
    return M[..., rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))


def from_vector(v: np.ndarray, d: int) -> np.ndarray:
    """The inverse of :func:`to_vector`: (..., d(d+1)/2) -> (..., d, d)."""
    rows, columns = np.triu_indices(d)
    M = np.zeros((*v.shape[:-1], d, d))
    M[..., rows, columns] = v / np.where(rows == columns, 1.0, np.sqrt(2.0))
    M[..., columns, rows] = M[..., rows, columns]
    return M

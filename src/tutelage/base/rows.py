"""Coordinates of the neurons in their own span: all that a rotation-invariant Hessian can depend on."""

from __future__ import annotations

import numpy as np

_WELL_CONDITIONED = 1e-6
"""Smallest eigenvalue of the Gram matrix, relative to the largest, at which its Cholesky factor stands for the rows.

The factor reproduces the Gram matrix to 1e-16 of its norm; the coordinates then carry 1e-16/1e-3, in directions that
carry 1e-3 of the norm or more, which moves eigenvalues by 1e-16 of the largest. Below it a QR of the rows is taken.
"""


def row_coordinates(rows: np.ndarray) -> np.ndarray:
    """Coordinates (n, r) of rows (n, d) in some orthonormal basis of their span; the basis is never formed.

    For d >> n this costs one product of the rows with themselves. Each row keeps its own relative accuracy, however
    long others are.
    """
    n, d = rows.shape
    if n >= d:
        return row_space(rows)[0]
    unit, norms = _unit(rows)
    gram = unit @ unit.T
    values = np.linalg.eigvalsh(gram)
    if values[0] > _WELL_CONDITIONED * values[-1]:
        return norms * np.linalg.cholesky(gram)
    triangle = np.linalg.qr(unit.T, mode="r")
    return norms * _span(triangle.T)[0]


_FULL = 1e-12
"""Smallest eigenvalue of the Gram matrix of columns, relative to the largest, at which rows span every dimension for sure."""


def stacked_coordinates(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``row_coordinates`` of many networks' rows (n, k, d), W itself for k ≥ d, and for which of them they hold (n,).

    They hold where rows are non-zero and far from dependent: k < d of them, or any d of k ≥ d.
    """
    k, d = rows.shape[1:]
    unit, norms = _unit(rows)
    turned = np.swapaxes(unit, 1, 2)
    gram, floor = (unit @ turned, _WELL_CONDITIONED) if k < d else (turned @ unit, _FULL)
    values = np.linalg.eigvalsh(gram)
    kept = norms.all(axis=(1, 2)) & (values[:, 0] > floor * values[:, -1])
    if k >= d:
        return rows, kept
    return norms * np.linalg.cholesky(np.where(kept[:, None, None], gram, np.eye(k))), kept


def row_space(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, r) and basis (r, d) of the span, dropping singular values at round-off."""
    unit, norms = _unit(rows)
    coordinates, basis = _span(unit)
    return norms * coordinates, basis


def lengths(rows: np.ndarray) -> np.ndarray:
    """Norms (..., n, 1) of rows (..., n, d), which neither overflow nor underflow where the entries do not."""
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0)
    scaled = rows / scale
    return scale * np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))


def _unit(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norms = lengths(rows)
    return rows / np.where(norms > 0, norms, 1.0), norms


def _span(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left, values, basis = np.linalg.svd(rows, full_matrices=False)
    # At least one direction, so that zero rows have coordinates too.
    r = max(1, int(np.sum(values > max(rows.shape) * np.finfo(float).eps * values.max())))
    return left[:, :r] * values[:r], basis[:r]

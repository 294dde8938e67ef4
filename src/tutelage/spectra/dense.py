"""Eigenvalues of the assembled matrix."""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg

from tutelage.operators import Entries, SymmetricOperator
from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum


def dense_spectrum(operator: SymmetricOperator) -> Spectrum:
    """All eigenvalues by LAPACK; the error bar is the backward error and what quadrature left in the entries.

    Null vectors that a symmetry proves (the scale of every ReLU neuron) are taken out first: their zeros are exact.
    """
    operator.require_memory()
    known = operator.structure
    nulls, entries = known.null_vectors(), known.entries()
    if nulls is None:
        return matrix_spectrum(operator.dense(), entries)
    rest = matrix_spectrum(_outside(operator.dense(), nulls), entries)
    return Spectrum(
        np.append(rest.values, 0.0),
        np.append(rest.multiplicities, nulls.shape[1]),
        operator.size,
        "dense",
        np.append(2 * rest.errors, 0.0),
        rest.rank,
    )


def matrix_spectrum(matrix: np.ndarray, entries: Entries = Entries()) -> Spectrum:  # noqa: B008  (a frozen value)
    """Eigenvalues of a symmetric matrix, which is overwritten; no error of its entries moves one by more than its norm
    (Weyl)."""
    n = matrix.shape[0]
    values = symmetric_eigenvalues(matrix)
    error = error_bar(n, values, entries)
    # Every eigenvalue away from zero by ten error bars: full rank is certain, any other count would be a guess.
    rank = n if np.all(np.abs(values) > 10 * error) else None
    return Spectrum(values, np.ones(n, dtype=np.int64), n, "dense", np.full(n, error), rank)


def error_bar(n: int, values: np.ndarray, entries: Entries) -> float:
    """Of every eigenvalue of a matrix of this size: LAPACK's backward error, and what is wrong in the entries."""
    largest = float(np.abs(values).max(initial=0.0))
    # Entries wrong by a share of themselves: |E| <= |E|_F <= share |H|_F <= share √n λ_max.
    of_products = entries.relative * math.sqrt(n) * largest
    return backward_error(n, max(largest, entries.size)) + entries.error + of_products


def _outside(matrix: np.ndarray, nulls: np.ndarray) -> np.ndarray:
    """QᵀHQ without the leading m rows and columns, Q a product of reflections that brings the null vectors there."""
    n, m = nulls.shape
    reflectors, tau, _, _ = scipy.linalg.lapack.dgeqrf(nulls)
    work = 64 * n
    # The matrix is symmetric: its transpose is itself in the column order LAPACK wants.
    left, _, _ = scipy.linalg.lapack.dormqr("L", "T", reflectors, tau, matrix.T, work, overwrite_c=1)
    both, _, _ = scipy.linalg.lapack.dormqr("R", "N", reflectors, tau, left, work, overwrite_c=1)
    inside = both[m:, m:]
    return (inside + inside.T) / 2

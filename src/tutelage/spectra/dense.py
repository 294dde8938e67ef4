"""Eigenvalues of the assembled matrix."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from tutelage.operators import SymmetricOperator
from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum


def dense_spectrum(operator: SymmetricOperator) -> Spectrum:
    """All eigenvalues by LAPACK; the error bar is the backward error and what quadrature left in the entries.

    Null vectors that a symmetry proves (the scale of every ReLU neuron) are taken out first: their zeros are exact.
    """
    operator.require_memory()
    known = operator.structure
    nulls = known.null_vectors()
    if nulls is None:
        return matrix_spectrum(operator.dense(), known.entry_error())
    rest = matrix_spectrum(_outside(operator.dense(), nulls), known.entry_error())
    return Spectrum(
        np.append(rest.values, 0.0),
        np.append(rest.multiplicities, nulls.shape[1]),
        operator.size,
        "dense",
        np.append(2 * rest.errors, 0.0),
        rest.rank,
    )


def matrix_spectrum(matrix: np.ndarray, entry_error: float = 0.0) -> Spectrum:
    """Eigenvalues of a symmetric matrix, which is overwritten.

    An error of every entry by ``entry_error`` times the largest moves no eigenvalue by more than n times that
    (Weyl, and the spectral norm of a matrix of ones).
    """
    n = matrix.shape[0]
    from_entries = n * entry_error * float(np.abs(matrix).max()) if entry_error else 0.0
    values = symmetric_eigenvalues(matrix)
    error = backward_error(n, float(np.abs(values).max())) + from_entries
    # Every eigenvalue away from zero by ten error bars: full rank is certain, any other count would be a guess.
    rank = n if np.all(np.abs(values) > 10 * error) else None
    return Spectrum(values, np.ones(n, dtype=np.int64), n, "dense", np.full(n, error), rank)


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

"""Eigenvalues of the assembled matrix."""

from __future__ import annotations

import numpy as np

from tutelage.operators import HessianOperator
from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum


def dense_spectrum(operator: HessianOperator) -> Spectrum:
    """All eigenvalues by LAPACK; the error bar is the backward error and what quadrature left in the entries."""
    operator.require_memory()
    return matrix_spectrum(operator.dense(), operator.entry_error)


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

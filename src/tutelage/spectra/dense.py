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
    matrix = operator.dense() if nulls is None else outside(operator.dense(), nulls)
    values = symmetric_eigenvalues(matrix)
    error = error_bar(values.size, values, entries)
    return of_values(values, error, 0 if nulls is None else nulls.shape[1])


def matrix_spectrum(matrix: np.ndarray, entries: Entries = Entries()) -> Spectrum:  # noqa: B008  (a frozen value)
    """Eigenvalues of a symmetric matrix, which is overwritten; no error of its entries moves one by more than its norm
    (Weyl)."""
    values = symmetric_eigenvalues(matrix)
    return of_values(values, error_bar(values.size, values, entries))


def of_values(values: np.ndarray, error: float, nulls: int = 0) -> Spectrum:
    """The spectrum with these eigenvalues (n,) and their error, and ``nulls`` zeros that were taken out by reflections."""
    n = values.size
    # Every eigenvalue away from zero by ten error bars: full rank is certain, any other count would be a guess.
    rank = n if np.abs(values).min() > 10 * error else None
    if not nulls:
        return Spectrum(values, np.ones(n, dtype=np.int64), n, "dense", error, rank)
    full, counts, errors = np.zeros(n + 1), np.ones(n + 1, dtype=np.int64), np.zeros(n + 1)
    full[:n], counts[n], errors[:n] = values, nulls, 2 * error
    return Spectrum(full, counts, n + nulls, "dense", errors, rank)


def of_stacked_values(values: np.ndarray, errors: np.ndarray) -> list[Spectrum]:
    """:func:`of_values` of every row of finite ones (m, n), each ascending, and its error (m,)."""
    n, each = values.shape[1], zip(values, errors, np.abs(values).min(axis=1) > 10 * errors, strict=True)
    return [
        Spectrum.unchecked(
            values=own, multiplicities=np.ones(n, dtype=np.int64), n_params=n, method="dense",
            errors=np.full(n, error), rank=n if resolved else None, network=None,
        )
        for own, error, resolved in each
    ]  # fmt: skip


def error_bar(n: int, values: np.ndarray, entries: Entries) -> float:
    """Of every eigenvalue of a matrix of this size: LAPACK's backward error, and what is wrong in the entries."""
    largest = float(np.abs(values).max(initial=0.0))
    # Entries wrong by a share of themselves: |E| <= |E|_F <= share |H|_F <= share √n λ_max.
    of_products = entries.relative * math.sqrt(n) * largest
    return backward_error(n, max(largest, entries.size)) + entries.error + of_products


def outside(matrix: np.ndarray, nulls: np.ndarray) -> np.ndarray:
    """QᵀHQ without the leading m rows and columns, Q a product of reflections that brings the null vectors there."""
    n, m = nulls.shape
    reflectors, tau, _, _ = scipy.linalg.lapack.dgeqrf(nulls)
    work = 64 * n
    # The matrix is symmetric: its transpose is itself in the column order LAPACK wants.
    left, _, _ = scipy.linalg.lapack.dormqr("L", "T", reflectors, tau, matrix.T, work, overwrite_c=1)
    both, _, _ = scipy.linalg.lapack.dormqr("R", "N", reflectors, tau, left, work, overwrite_c=1)
    inside = both[m:, m:]
    return (inside + inside.T) / 2

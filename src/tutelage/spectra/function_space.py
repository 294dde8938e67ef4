"""Function space: with H = FᵀF and F wide, the non-zero eigenvalues are those of the small F Fᵀ (science 3b)."""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.operators import SymmetricOperator
from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum


def function_space_spectrum(operator: SymmetricOperator) -> Spectrum:
    """M eigenvalues of F Fᵀ and P − M exact zeros, F (M, P) the operator's factor; all P of FᵀF where M ≥ P.

    Raises
    ------
    NotAvailableError
        The operator has no factor (a non-polynomial activation, a point away from the optimum).
    """
    factor, n_params = operator.structure.factor, operator.size
    if factor is None:
        raise NotAvailableError(
            "spectrum(method='function_space'): expected a polynomial activation or few samples at the optimum, got an "
            "operator without a finite function space; use method='auto'"
        )
    require_memory(factor.size, n_params)
    if factor.size < n_params:
        return of_gram_values(symmetric_eigenvalues(factor.gram()), factor.size, n_params)
    return gram_spectrum(factor.rows(), n_params)


def gram_spectrum(factor: np.ndarray, n_params: int) -> Spectrum:
    """Spectrum of FᵀF for F (M, P): through the smaller of F Fᵀ and FᵀF."""
    m = factor.shape[0]
    gram = factor.T @ factor if m >= n_params else factor @ factor.T
    return of_gram_values(symmetric_eigenvalues(gram), m, n_params)


def of_gram_values(values: np.ndarray, m: int, n_params: int) -> Spectrum:
    """The eigenvalues of the smaller Gram matrix, and the zeros that size M proves."""
    n = values.size
    # Forming the Gram matrix rounds each entry by at most n eps times the product of two row norms.
    error = 2 * backward_error(n, float(values[-1])) if n else 0.0
    counts, errors = np.ones(n, dtype=np.int64), np.full(n, error)
    if m < n_params:
        values, counts, errors = (
            np.append(values, 0.0),
            np.append(counts, n_params - m),
            np.append(errors, 0.0),
        )
    return Spectrum(
        values, counts, n_params, "function_space", errors, _proven_rank(values, errors, m, n_params)
    )


def _proven_rank(values: np.ndarray, errors: np.ndarray, m: int, n_params: int) -> int | None:
    """min(M, P) bounds the rank; it is reached, and so proven, when that many eigenvalues exceed ten error bars."""
    bound = min(m, n_params)
    return bound if int(np.sum(values > 10 * errors)) == bound else None


def require_memory(m: int, n_params: int) -> None:
    """Refuse a factor (M, P) with its Gram matrix that does not fit."""
    needed = 8.0 * (m * n_params + 2 * min(m, n_params) ** 2)
    largest = int((0.9 * check.available_bytes() / 8) / max(m, 1))
    check.fits_in_memory(
        needed, "spectrum(method='function_space')", f"the factor ({m}, {n_params}) with its Gram matrix",
        f"P = {largest} at this degree and input dimension", "use method='lanczos' or 'slq'",
    )  # fmt: skip

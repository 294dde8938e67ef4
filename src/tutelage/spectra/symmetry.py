"""The rotation symmetry: a few repeated eigenvalues and one small block (SCIENCE.md 3a)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.base.errors import NotAvailableError
from tutelage.operators import HessianOperator, Reduction
from tutelage.spectra.dense import dense_spectrum, matrix_spectrum
from tutelage.spectra.function_space import gram_spectrum
from tutelage.spectra.result import Spectrum


def symmetry_spectrum(
    operator: HessianOperator, solve: Callable[[HessianOperator], Spectrum] = dense_spectrum
) -> Spectrum:
    r""":math:`\mathrm{spec}(H) = \mathrm{spec}(C)^{\times(d-r)} \cup \mathrm{spec}(B)`, C (k, k), B of size k r + k.

    Parameters
    ----------
    operator : HessianOperator
        Its neurons (and the teacher's) span r < d dimensions.
    solve : callable
        Takes the block B to its spectrum.

    Raises
    ------
    NotAvailableError
        The neurons span the whole input space, so that nothing is left over.
    """
    reduction = operator.reduce()
    if reduction is None:
        raise NotAvailableError(
            "spectrum(method='symmetry'): expected neurons that span fewer than d dimensions (k < d), got neurons "
            "that span them all; use method='auto'"
        )
    return reduced_spectrum(operator, reduction, solve)


def reduced_spectrum(
    operator: HessianOperator, reduction: Reduction, solve: Callable[[HessianOperator], Spectrum]
) -> Spectrum:
    """The two parts put together."""
    block = solve(reduction.block)
    repeated = repeated_spectrum(reduction, operator.entry_error)
    rank = None
    if repeated.rank is not None and block.rank is not None:
        rank = repeated.rank * reduction.multiplicity + block.rank
    return Spectrum(
        np.concatenate([repeated.values, block.values]),
        np.concatenate([repeated.multiplicities * reduction.multiplicity, block.multiplicities]),
        operator.n_params,
        "symmetry" if block.method == "dense" else f"symmetry+{block.method}",
        np.concatenate([repeated.errors, block.errors]),
        rank,
    )


def repeated_spectrum(reduction: Reduction, entry_error: float = 0.0) -> Spectrum:
    """Eigenvalues of C (k, k), each once; through its factor where that proves zeros."""
    factor = reduction.repeated_factor
    if factor is not None and factor.shape[0] < factor.shape[1]:
        return gram_spectrum(factor, factor.shape[1])
    return matrix_spectrum(np.array(reduction.repeated), entry_error)

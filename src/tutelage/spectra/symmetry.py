"""The rotation symmetry: a few repeated eigenvalues and one small block (science 3a)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.base.errors import NotAvailableError
from tutelage.operators import Copies, Reduction, SymmetricOperator
from tutelage.spectra.dense import dense_spectrum, matrix_spectrum
from tutelage.spectra.function_space import gram_spectrum
from tutelage.spectra.result import Spectrum


def symmetry_spectrum(
    operator: SymmetricOperator, solve: Callable[[SymmetricOperator], Spectrum] = dense_spectrum
) -> Spectrum:
    r""":math:`\mathrm{spec}(H) = \mathrm{spec}(C)^{\times(d-r)} \cup \mathrm{spec}(B)`, C (k, k), B of size k r + k.

    Parameters
    ----------
    operator : SymmetricOperator
        Its neurons (and the teacher's) span r < d dimensions.
    solve : callable
        Takes the block B to its spectrum.

    Raises
    ------
    NotAvailableError
        The neurons span the whole input space, so that nothing is left over.
    """
    reduction = operator.structure.reduction()
    if reduction is None:
        raise NotAvailableError(
            "spectrum(method='symmetry'): expected neurons that span fewer than d dimensions (k < d), got neurons "
            "that span them all; use method='auto'"
        )
    return reduced_spectrum(operator, reduction, solve)


def reduced_spectrum(
    operator: SymmetricOperator, reduction: Reduction, solve: Callable[[SymmetricOperator], Spectrum]
) -> Spectrum:
    """The parts put together."""
    copies = [(copies_spectrum(part), part.multiplicity) for part in reduction.copies]
    return joined(solve(reduction.block), copies, operator.size)


def joined(block: Spectrum, copies: list[tuple[Spectrum, int]], n_params: int) -> Spectrum:
    """The spectrum of the block, and those of the copies as often as they repeat themselves."""
    rank = block.rank
    for part, times in copies:
        rank = None if rank is None or part.rank is None else rank + part.rank * times
    return Spectrum(
        np.concatenate([*(part.values for part, _ in copies), block.values]),
        np.concatenate([*(part.multiplicities * times for part, times in copies), block.multiplicities]),
        n_params,
        "symmetry" if block.method == "dense" else f"symmetry+{block.method}",
        np.concatenate([*(part.errors for part, _ in copies), block.errors]),
        rank,
    )


def copies_spectrum(copies: Copies) -> Spectrum:
    """Eigenvalues of one copy, each once; through its factor where that proves zeros."""
    factor = copies.factor
    if factor is not None and factor.shape[0] < factor.shape[1]:
        return gram_spectrum(factor, factor.shape[1])
    return matrix_spectrum(np.array(copies.matrix), copies.entries())

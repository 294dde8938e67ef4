"""spectrum(): one door to all methods."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.network import Network
from tutelage.operators import SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra.choose import LANCZOS_FROM, Plan, is_unresolved, plan, refined
from tutelage.spectra.dense import dense_spectrum
from tutelage.spectra.function_space import function_space_spectrum
from tutelage.spectra.lanczos import DEFAULT_COUNT, ENDS, lanczos_spectrum
from tutelage.spectra.result import Spectrum
from tutelage.spectra.stacked import only_spectrum
from tutelage.spectra.stochastic_lanczos import density_spectrum
from tutelage.spectra.symmetry import reduced_spectrum, symmetry_spectrum

_WHO = "spectrum"


def _extended(operator: SymmetricOperator) -> Spectrum:
    # With python-flint, which takes 30 ms to load and few spectra need.
    from tutelage.spectra.extended import extended_spectrum

    return extended_spectrum(operator)


FULL: dict[str, Callable[[SymmetricOperator], Spectrum]] = {
    "symmetry": symmetry_spectrum,
    "function_space": function_space_spectrum,
    "dense": dense_spectrum,
    "extended": _extended,
}
METHODS = ("auto", *FULL, "lanczos", "slq")


def spectrum(
    source: Source, method: str = "auto", *, count: int | None = None, which: str = "largest", seed: int = 0,
    refine: bool = True, tolerance: float = 0.0,
) -> Spectrum:  # fmt: skip
    r"""The eigenvalues of a Hessian with their multiplicities and error bars (science 3).

    Parameters
    ----------
    source
        Anything :func:`tutelage.hessian_of` takes; a network means its Hessian at the optimum.
    method : str
        ``"auto"`` (see ``explain_method``), ``"symmetry"``, ``"function_space"``, ``"dense"``, ``"extended"`` (relative
        accuracy for the smallest), ``"lanczos"`` (the ends) or ``"slq"`` (a density, rounded to whole multiplicities).
    count : int, optional
        Only this many eigenvalues at the end(s) ``which``.
    which : {"largest", "smallest", "both"}
    seed : int
        Of the random starts of Lanczos and slq.
    refine : bool
        Whether ``"auto"`` computes small eigenvalues anew that LAPACK leaves unresolved (20 to 100 ms).
    tolerance : float
        Residual, relative to its eigenvalue, at which Lanczos stops (by far fewer products: the error of an isolated
        eigenvalue is about its square); 0 means rounding. Other methods are exact to rounding whatever it is.

    Returns
    -------
    Spectrum
        Σ multiplicities = P unless ``count`` is given; Σ multiplicity · λ = trace.

    Raises
    ------
    InputError
        Unknown method or end, a source that is none.
    NotAvailableError
        The method does not apply to this operator; the message names one that does.
    AllocationError
        The matrix does not fit; the message gives P, the bytes and the largest feasible size.

    Examples
    --------
    >>> from tutelage import Network, spectrum
    >>> spectrum(Network([[2.0]], [3.0], "linear")).eigenvalues
    array([ 0., 13.])
    """
    method = check.choice(method, _WHO, "method", METHODS)
    which = check.choice(which, _WHO, "end", ENDS)
    if count is not None:
        count = check.integer(count, _WHO, "count")
    found = only_spectrum(source, refine) if method == "auto" else None
    if found is None:
        operator = hessian_of(source, who=_WHO)
        chosen = plan(operator) if method == "auto" else None
        if method == "lanczos" or (chosen is not None and _only_ends(chosen, count)):
            count = DEFAULT_COUNT if count is None else count
            return lanczos_spectrum(operator, count, which, seed, tolerance)
        if method == "slq":
            found = density_spectrum(operator, seed=seed)
        else:
            found = FULL[method](operator) if chosen is None else _run(chosen, refine)
    if isinstance(source, Network):
        found = found.named(source)
    return found if count is None else _ends(found, count, which)


def _only_ends(chosen: Plan, count: int | None) -> bool:
    """Whether so few eigenvalues of so many are asked for that products are cheaper than a matrix."""
    return count is not None and chosen.size > LANCZOS_FROM and count * 20 <= chosen.operator.size


def _run(chosen: Plan, refine: bool) -> Spectrum:
    solve = FULL[chosen.inner]
    if chosen.reduction is None:
        found = solve(chosen.operator)
    else:
        found = reduced_spectrum(chosen.operator, chosen.reduction, solve)
    if refine and chosen.refines and is_unresolved(found):
        return refined(found, chosen.operator.structure.balls)
    return found


def _ends(full: Spectrum, count: int, which: str) -> Spectrum:
    """``count`` eigenvalues (multiplicities included) from the asked end(s)."""
    total = int(full.multiplicities.sum())
    count = min(count, total)
    low = {"largest": 0, "smallest": count, "both": count // 2}[which]
    ends = np.cumsum(full.multiplicities)
    begins = ends - full.multiplicities
    kept = np.clip(low - begins, 0, full.multiplicities)
    kept += np.clip(ends - np.maximum(begins, total - (count - low)), 0, full.multiplicities)
    kept = np.minimum(kept, full.multiplicities)
    on = kept > 0
    return dataclasses.replace(full, values=full.values[on], multiplicities=kept[on], errors=full.errors[on])

"""Which method fits: the decision list of ``method="auto"``, its cost and memory, and why the others were passed over."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.base.value import Shown
from tutelage.operators import BallHessian, Reduction, SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra.result import Spectrum

REFINE_UP_TO = 150
"""Largest size at which auto refines unresolved small eigenvalues by itself: 0.1 s there, 0.5 s at 220, 2 s at 420."""

LANCZOS_FROM = 2000
"""Size from which a few eigenvalues are cheaper by products than all of them by LAPACK."""

_UNRESOLVED = 1e-6
"""Relative error from which an eigenvalue counts as unresolved: what the slow dynamics need."""

_FLOPS = 2e10
"""Assumed rate of the tridiagonal reduction on two cores: an order of magnitude, lower on a busy machine."""


@dataclasses.dataclass(frozen=True)
class Explanation(Shown):
    """What ``spectrum`` would do, without doing it.

    Attributes
    ----------
    method : str
    n_params : int
        P.
    size : int
        Of the largest eigenproblem to be solved.
    n_bytes : float
        Peak of the arrays it needs.
    seconds : float
        Rough time on two cores.
    fits : bool
        Whether the memory is there now.
    rejected : tuple of (method, reason)
    """

    method: str
    n_params: int
    size: int
    n_bytes: float
    seconds: float
    fits: bool
    rejected: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        head = (
            f"{self.method}: an eigenproblem of size {self.size} for P = {self.n_params}, "
            f"{check.human_bytes(self.n_bytes)}, about {self.seconds:.2g} s"
            f"{'' if self.fits else '; DOES NOT FIT in memory'}"
        )
        return "\n".join([head, *(f"  not {method}: {reason}" for method, reason in self.rejected)])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>not {m}</td><td>{reason}</td></tr>" for m, reason in self.rejected)
        first, *_ = repr(self).splitlines()
        return f"<b>{first}</b><table>{rows}</table>"


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """The choice with what was computed to make it."""

    operator: SymmetricOperator
    reduction: Reduction | None
    inner: str
    size: int
    n_bytes: float
    rejected: tuple[tuple[str, str], ...]

    @property
    def method(self) -> str:
        """Outer and inner method."""
        if self.reduction is None:
            return self.inner
        return "symmetry" if self.inner == "dense" else f"symmetry+{self.inner}"

    @property
    def refines(self) -> bool:
        """Whether small eigenvalues that LAPACK leaves unresolved will be recomputed with relative accuracy."""
        known = self.operator.structure
        return (
            self.inner == "dense"
            and known.balls is not None
            and known.quick_balls
            and self.size <= REFINE_UP_TO
        )


def plan(operator: SymmetricOperator) -> Plan:
    """The decision list.

    1. Fewer neurons than inputs: the rotation symmetry, then the rest of the list on its block.
    2. A polynomial whose function space is smaller than the parameters: the function space.
    3. Otherwise the dense matrix; refused where it does not fit.
    4. Up to size 150, values that LAPACK does not resolve to 1e-6 are recomputed in extended precision.

    A ``count`` of at most P/20 eigenvalues above size 2000 goes to Lanczos. Densities (slq) are never chosen:
    they are estimates.
    """
    rejected: list[tuple[str, str]] = []
    reduction = operator.structure.reduction()
    if reduction is None:
        rejected.append(("symmetry", "the neurons span the whole input space (r = d), nothing is left over"))
    block = operator if reduction is None else reduction.block
    n, factor = block.size, block.structure.factor
    if factor is None:
        rejected.append(
            (
                "function_space",
                "neither a polynomial activation nor few samples at the optimum: no small function space",
            )
        )
    elif factor.size >= n:
        rejected.append(("function_space", f"{factor.size} functions are not fewer than {n} parameters"))
    else:
        m = factor.size
        rejected.append(("dense", f"size {n} instead of {m}"))
        return Plan(operator, reduction, "function_space", m, 8.0 * (m * n + 2 * m * m), tuple(rejected))
    if reduction is not None:
        rejected.append(("dense", f"size {operator.size} instead of {n}"))
    rejected.append(("lanczos", "gives the ends only: pass count"))
    rejected.append(("slq", "gives a density with sampling error: ask for it"))
    return Plan(operator, reduction, "dense", n, 16.0 * n * n, tuple(rejected))


def is_unresolved(found: Spectrum) -> bool:
    """Whether an error bar is a noticeable part of its eigenvalue."""
    return bool(np.any(found.errors > _UNRESOLVED * np.abs(found.values)))


def refined(found: Spectrum, balls: Callable[[int], BallHessian | None] | None) -> Spectrum:
    """The same with the smallest eigenvalues to relative accuracy, from the matrix in ball arithmetic."""
    # With python-flint, which takes 30 ms to load and few spectra need.
    from tutelage.spectra.extended import PRECISIONS, enclosed_spectrum

    try:
        return enclosed_spectrum(balls, found.n_params, PRECISIONS[:2])
    except NotAvailableError:
        # Singular: the zeros are what the dense values say within their error bars.
        return found


def explain_method(source: Source) -> Explanation:
    """What ``spectrum(source)`` would run: method, size of the eigenproblem, memory, time, and the alternatives.

    Parameters
    ----------
    source
        Anything :func:`tutelage.hessian_of` takes.

    Examples
    --------
    >>> from tutelage import explain_method, sample_teacher
    >>> explain_method(sample_teacher("erf", d=1000, k=3, seed=0)).size
    12
    """
    chosen = plan(hessian_of(source, who="explain_method"))
    rejected = chosen.rejected
    if chosen.refines:
        rejected += (
            ("LAPACK alone", "eigenvalues it cannot resolve to 1e-6 are recomputed in extended precision"),
        )
    elif chosen.operator.structure.balls is not None and chosen.inner == "dense":
        rejected += (("extended", f"relative accuracy at size {chosen.size} takes longer: ask for it"),)
    seconds = 1e-3 + 4 / 3 * float(chosen.size) ** 3 / _FLOPS
    fits = chosen.n_bytes <= 0.9 * check.available_bytes()
    return Explanation(
        chosen.method, chosen.operator.size, chosen.size, chosen.n_bytes, seconds, fits, rejected
    )

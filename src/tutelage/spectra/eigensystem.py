"""Eigenvectors by structure: sectors instead of a P × P matrix."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.measure import Measure
from tutelage.network import Network
from tutelage.operators import Explicit, Lifted, Reduction, Repeated, Rest, Sector, SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra.dense import error_bar
from tutelage.spectra.lanczos import lanczos_pairs
from tutelage.spectra.result import Spectrum


@dataclasses.dataclass(frozen=True, eq=False)
class Eigensystem(Value):
    r"""Eigenvalues with their invariant subspaces, :math:`H = \sum_i \lambda_i \Pi_i`.

    Attributes
    ----------
    sectors : tuple of Sector
    n_params : int
        P.
    method : str
    error : float
        Error bar of each eigenvalue.
    """

    sectors: tuple[Sector, ...]
    n_params: int
    method: str
    error: float = 0.0

    @property
    def _order(self) -> np.ndarray:
        return np.argsort(np.concatenate([s.values for s in self.sectors]), kind="stable")

    @property
    def values(self) -> np.ndarray:
        """Distinct eigenvalues (n,), ascending."""
        return np.concatenate([s.values for s in self.sectors])[self._order]

    @property
    def multiplicities(self) -> np.ndarray:
        """Their multiplicities (n,), summing to P."""
        counts = [np.full(s.values.size, s.multiplicity, dtype=np.int64) for s in self.sectors]
        return np.concatenate(counts)[self._order]

    def spectrum(self) -> Spectrum:
        """The values without the vectors."""
        exact = np.concatenate([np.full(s.values.size, isinstance(s, Rest)) for s in self.sectors])[
            self._order
        ]
        errors = np.where(exact, 0.0, self.error)
        return Spectrum(self.values, self.multiplicities, self.n_params, self.method, errors)

    def project(self, delta: ArrayLike) -> np.ndarray:
        r""":math:`\sum_{v \in i}(v\cdot\delta)^2` for every value i, shape (n,), in the order of ``values``."""
        delta = self._vector(delta, "project")
        return np.concatenate([s.energies(delta) for s in self.sectors])[self._order]

    def measure(self, delta: ArrayLike) -> Measure:
        r"""The spectral measure of :math:`\delta`: atoms at the values, weights ``project(delta)``, mass ``|δ|²``."""
        return Measure(self.values, self.project(delta))

    def apply(self, function: Callable[[np.ndarray], np.ndarray], delta: ArrayLike) -> np.ndarray:
        r""":math:`f(H)\,\delta`, shape (P,), for a vectorised f: ``lambda x: np.exp(-x * t)`` is gradient flow."""
        delta = self._vector(delta, "apply")
        return sum(
            (s.apply(np.asarray(function(s.values)), delta) for s in self.sectors), np.zeros(self.n_params)
        )

    def vectors(self) -> np.ndarray:
        """All eigenvectors as columns, ordered as the expanded eigenvalues; (P, P), unless only a few were asked for."""
        columns = int(self.multiplicities.sum())
        check.fits_in_memory(
            24.0 * self.n_params * columns, "Eigensystem.vectors", f"all vectors of P = {self.n_params} parameters",
            f"P = {int((0.9 * check.available_bytes() / 24) ** 0.5)}", "use project(delta) or apply(f, delta)",
        )  # fmt: skip
        expanded = np.concatenate([np.repeat(s.values, s.multiplicity) for s in self.sectors])
        columns = np.concatenate([s.vectors() for s in self.sectors], axis=1)
        return columns[:, np.argsort(expanded, kind="stable")]

    def _vector(self, delta: ArrayLike, name: str) -> np.ndarray:
        delta = check.float_array(delta, f"Eigensystem.{name}", "delta", ndim=1)
        check.same_length(delta.size, self.n_params, f"Eigensystem.{name}", "the length of delta and P")
        return delta

    def __repr__(self) -> str:
        return f"Eigensystem(P={self.n_params}, {self.values.size} distinct values, method={self.method!r})"


def eigensystem(
    source: Source, count: int | None = None, which: str = "largest", seed: int = 0
) -> Eigensystem:
    r"""Eigenvalues and eigenvectors of a Hessian, as structured as it allows.

    A closed form where one is known (the linear network, [C25] A.3); the rotation symmetry for k < d, whose
    repeated values carry the vectors :math:`u \otimes q`, q outside the row space; the function space of polynomials
    smaller than P, whose remaining vectors all have the eigenvalue zero; the dense eigenvectors otherwise.

    Parameters
    ----------
    source
        Anything :func:`tutelage.hessian_of` takes. The columns of ``vectors()`` become parameters in the shape of the
        user's own by ``operator.unravel(column)``.
    count : int, optional
        Only this many at the end(s) ``which`` ("largest", "smallest", "both"), by Lanczos: products alone, no matrix.
    seed : int
        Of its random start.

    Examples
    --------
    >>> from tutelage import Network, eigensystem
    >>> eigensystem(Network([[2.0]], [3.0], "linear")).project([3.0, 2.0]).round(12)
    array([ 0., 13.])
    """
    operator = hessian_of(source, who="eigensystem")
    if count is not None:
        values, vectors, errors = lanczos_pairs(operator, count, which, seed, "eigensystem")
        ends = (Explicit(values, vectors),)
        return Eigensystem(ends, operator.size, f"lanczos ({which})", float(errors.max()))
    known = operator.structure
    closed = known.sectors()
    reduction = known.reduction(with_frame=True) if closed is None else None
    if closed is not None:
        sectors, method = closed, "closed form"
    elif reduction is None:
        sectors, method = _solve(operator)
    else:
        sectors, method = _lifted(reduction)
    values = np.concatenate([s.values for s in sectors])
    error = error_bar(max(s.values.size for s in sectors), values, known.entries())
    return Eigensystem(sectors, operator.size, method, error)


def linear_eigensystem(W: ArrayLike, a: ArrayLike) -> Eigensystem:
    r"""Eigensystem of the linear network :math:`f(x) = a^T W x` at its optimum in closed form ([C25] A.3).

    The formulas stand in ``tutelage.population.linear``.

    Parameters
    ----------
    W : array_like, shape (k, d)
    a : array_like, shape (k,), not zero
    """
    network = Network(W, a, "linear")
    if not network.a.any():
        raise InputError(
            "linear_eigensystem: expected a non-zero read-out a, got zeros; use eigensystem(network)"
        )
    return eigensystem(network)


def _lifted(reduction: Reduction) -> tuple[tuple[Sector, ...], str]:
    """Sectors of the block lifted into the whole space, and the vectors outside the span."""
    inner, method = _solve(reduction.block)
    layout, inside = reduction.layout, reduction.block.layout
    outside = []
    for part in reduction.copies:
        assert part.frame is not None, "asked for"
        outside.append(Repeated(*_eigh(part.matrix), part.frame, layout, part.within, part.layer))
    lifted = (
        Lifted(sector, layout, inside, reduction.frame, reduction.outputs, reduction.layer)
        for sector in inner
    )
    sectors = (*outside, *lifted)
    return sectors, "symmetry" if method == "dense" else f"symmetry+{method}"


def _solve(operator: SymmetricOperator) -> tuple[tuple[Sector, ...], str]:
    factor = operator.structure.factor
    if factor is None or factor.size >= operator.size:
        operator.require_memory(4.0)
        return (Explicit(*_eigh(operator.dense())),), "dense"
    # The singular vectors of F, not F^T u / sqrt(lambda): those lose their orthogonality at small lambda.
    _, singular, right = scipy.linalg.svd(factor.rows(), full_matrices=False, check_finite=False)
    found = Explicit(singular**2, right.T)
    return (found, Rest(0.0, (found,), operator.size)), "function_space"


def _eigh(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scipy.linalg.eigh(matrix, driver="evd", check_finite=False)

"""The ends of a spectrum and single Krylov spaces, by products alone."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.base.types import Product
from tutelage.operators import SymmetricOperator
from tutelage.spectra.dense import error_bar
from tutelage.spectra.lapack import EPS
from tutelage.spectra.lobpcg import device_pairs, runs_on_device
from tutelage.spectra.result import Spectrum

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

ENDS = {"largest": "LA", "smallest": "SA", "both": "BE"}
DEFAULT_COUNT = 6
"""Eigenvalues at an end when no count is given: the default of ``scipy.sparse.linalg.eigsh``."""


_ROUGH, _KEPT = 1e-2, 10
"""Relative residual to which what is left beside the found is looked at first, and vectors kept for it: about 20 products.
Where that reaches the found, it is looked at to the tolerance."""


def lanczos_spectrum(
    operator: SymmetricOperator, count: int = DEFAULT_COUNT, which: str = "largest", seed: int = 0,
    tolerance: float = 0.0,
) -> Spectrum:  # fmt: skip
    r"""The ``count`` eigenvalues at the asked end(s), by implicitly restarted Lanczos (ARPACK through SciPy).

    It keeps 2 ``count`` + 1 vectors, at least 20, and stops where every residual :math:`\|Hv - \lambda v\|` is below
    ``tolerance`` :math:`|\lambda|`, or rounding. That residual is the error bar: some eigenvalue lies that near; the error
    itself is of the order of its square over the gap to the next. One start shows one copy of a repeated eigenvalue: the
    others are looked for among what is left once the found are moved to the other end of the spectrum. Where JAX runs on an
    accelerator, blocks that never leave it take its place (LOBPCG).

    Raises
    ------
    NotAvailableError
        ARPACK did not converge, as it will not at a crowded small end; the message says what to do.
    """
    who = "spectrum(method='lanczos')"
    values, _, errors = lanczos_pairs(operator, count, which, seed, who, tolerance)
    counts = np.ones(values.size, dtype=np.int64)
    return Spectrum(values, counts, operator.size, f"lanczos ({which})", errors)


def lanczos_pairs(
    operator: SymmetricOperator, count: int, which: str, seed: int, who: str, tolerance: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues (count,) at the asked end(s), ascending, their vectors (n, count), and error bars (count,)."""
    n = operator.size
    count, which = check.integer(count, who, "count"), check.choice(which, who, "end", ENDS)
    tolerance = check.number(tolerance, who, "tolerance", minimum=0.0, maximum=0.1)
    if count >= n:
        raise NotAvailableError(
            f"{who}: expected count < P = {n}, got {count}; use method='dense' for all of them"
        )
    rng, entries = np.random.default_rng(seed), operator.structure.entries()
    start = rng.standard_normal(n)
    if not operator.matvec(start).any():  # ARPACK has no start in the range of a zero operator
        return np.zeros(count), np.eye(n, count), np.zeros(count)
    tolerance = max(tolerance, entries.relative)
    low = {"largest": 0, "smallest": count, "both": count // 2}[which]
    if runs_on_device(operator, count):
        parts = [
            device_pairs(operator, part, sign, rng.standard_normal((n, part)), tolerance, who)
            for part, sign in ((low, -1), (count - low, 1))
            if part
        ]
    else:
        parts = _by_arpack(_Search(operator, which, tolerance, who), count, low, start, rng)
    values, vectors = (np.concatenate(x, axis=-1) for x in zip(*parts, strict=True))
    # One by one, as ARPACK had them: a product of several would be compiled for its shape.
    images = np.stack([operator.matvec(vector) for vector in vectors.T], axis=1)
    residuals = np.linalg.norm(images - vectors * values, axis=0)
    errors = residuals + error_bar(n, values, entries)
    order = np.argsort(values, kind="stable")
    return values[order], vectors[:, order], errors[order]


def _by_arpack(
    search: _Search, count: int, low: int, start: np.ndarray, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """``low`` pairs of the lower end, the others of the upper, each with its copies where there is more than one."""
    values, vectors = search.ends(search.operator.as_scipy(), count, ENDS[search.which], start)
    if count == 1:
        return [(values, vectors)]
    return [
        search.with_copies(values[part], vectors[:, part], end, rng)
        for part, end in ((slice(low), "SA"), (slice(low, None), "LA"))
        if values[part].size
    ]


_RESTARTS, _SPACE = 200, 60
"""Restarts in ARPACK's usual space of 20 vectors before a larger one: SciPy 1.18 goes round for ever in the small one where an
outer eigenvalue is repeated."""


@dataclasses.dataclass(frozen=True, eq=False)
class _Search:
    """Pairs of one operator to one tolerance."""

    operator: SymmetricOperator
    which: str
    tolerance: float
    who: str

    def ends(
        self, operator: LinearOperator, count: int, end: str, start: np.ndarray, **rough: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (count,) at an end of an operator, ascending, and their vectors (n, count)."""
        import scipy.sparse.linalg

        search = functools.partial(
            scipy.sparse.linalg.eigsh,
            operator,
            k=count,
            which=end,
            v0=start,
            **({"tol": self.tolerance} | rough),
        )
        try:
            try:
                values, vectors = search(maxiter=_RESTARTS)
            except scipy.sparse.linalg.ArpackNoConvergence:
                values, vectors = search(ncv=min(operator.shape[0], max(_SPACE, 4 * count)))
        except scipy.sparse.linalg.ArpackNoConvergence as failure:
            raise NotAvailableError(
                f"{self.who}: {failure.eigenvalues.size} of {count} eigenvalues at the {self.which} end converged; ask for "
                "fewer, raise the tolerance, or use method='dense', 'extended' (smallest) or 'slq' (density)"
            ) from None
        except scipy.sparse.linalg.ArpackError as failure:
            raise NotAvailableError(
                f"{self.who}: expected products that ARPACK can use, got from it {failure}; use "
                "method='dense', and check that H v is finite"
            ) from None
        order = np.argsort(values, kind="stable")
        return values[order], vectors[:, order]

    def with_copies(
        self, values: np.ndarray, vectors: np.ndarray, end: str, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """As many values at this end, ascending, once more copies of repeated ones have taken the place of the innermost."""
        count, sign, seen = values.size, 1 if end == "LA" else -1, vectors
        for _ in range(count):
            innermost = int(np.argmin(sign * values))
            found = self._beside(seen, float(np.abs(values).max()), end, sign * values[innermost], rng)
            if found is None:
                break
            value, vector = found
            values, vectors, seen = values.copy(), vectors.copy(), np.column_stack([seen, vector])
            values[innermost], vectors[:, innermost] = value, vector
        order = np.argsort(values, kind="stable")
        return values[order], vectors[:, order]

    def _beside(
        self, seen: np.ndarray, size: float, end: str, floor: float, rng: np.random.Generator
    ) -> tuple[float, np.ndarray] | None:
        """The outermost pair orthogonal to the vectors seen, where it lies outside the floor by more than the tolerance."""
        from scipy.sparse.linalg import LinearOperator

        sign, n = 1 if end == "LA" else -1, len(seen)
        basis = np.linalg.qr(seen)[0]

        def product(vector: np.ndarray) -> np.ndarray:
            inside = basis.T @ np.ravel(vector)
            image = self.operator.matvec(np.ravel(vector) - basis @ inside)
            return image - basis @ (basis.T @ image + sign * size * inside)

        rest = LinearOperator((n, n), matvec=product, dtype=np.float64)
        slack = (self.tolerance + 1e3 * EPS) * size
        rough = {"tol": max(_ROUGH, self.tolerance), "ncv": min(_KEPT, n)}
        (value,), vectors = self.ends(rest, 1, end, rng.standard_normal(n), **rough)
        residual = float(np.linalg.norm(product(vectors[:, 0]) - value * vectors[:, 0]))
        if sign * value + residual <= floor + slack:
            return None
        (value,), vectors = self.ends(rest, 1, end, vectors[:, 0])
        return (value, vectors[:, 0]) if sign * value > floor + slack else None


def tridiagonalize(
    matmat: Product, starts: np.ndarray, steps: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    r"""Lanczos with full reorthogonalisation: :math:`Q^T H Q = T` on the Krylov space of each start.

    The starts keep step, so that their products are one batch.

    Parameters
    ----------
    matmat : callable
        V (n, m) to H V.
    starts : ndarray, shape (n, m)
        Of any lengths; not zero.
    steps : int
        Fewer are done where a Krylov space ends earlier (then T is exact).

    Returns
    -------
    list of diagonal (s,), off_diagonal (s - 1,), basis (n, s)
        of T, and Q, one for each start.
    """
    n, steps = starts.shape[0], min(steps, starts.shape[0])
    spaces = [_Krylov(np.empty((n, steps), order="F"), start / np.linalg.norm(start)) for start in starts.T]
    for _ in range(steps):
        running = [space for space in spaces if not space.ended]
        if not running:
            break
        images = matmat(np.stack([space.vector for space in running], axis=1))
        for space, image in zip(running, images.T, strict=True):
            space.take(image)
    return [space.tridiagonal() for space in spaces]


class _Krylov:
    """The space of one start as it grows."""

    def __init__(self, basis: np.ndarray, vector: np.ndarray):
        self.basis, self.vector = basis, vector
        self.diagonal: list[float] = []
        self.off_diagonal: list[float] = []
        self.largest, self.ended = 0.0, False

    def take(self, new: np.ndarray) -> None:
        """One more vector, given the image of the last."""
        n, steps = self.basis.shape
        j = len(self.diagonal)
        self.basis[:, j] = self.vector
        self.diagonal.append(float(self.vector @ new))
        seen = self.basis[:, : j + 1]
        # Twice is enough (Kahan and Parlett): after it the basis is orthogonal to working precision.
        for _ in range(2):
            new = new - seen @ (seen.T @ new)
        length = float(np.linalg.norm(new))
        self.largest = max(self.largest, abs(self.diagonal[-1]), length)
        self.ended = j == steps - 1 or length <= 10 * np.finfo(float).eps * np.sqrt(n) * self.largest
        if not self.ended:
            self.off_diagonal.append(length)
            self.vector = new / length

    def tridiagonal(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        m = len(self.diagonal)
        return np.array(self.diagonal), np.array(self.off_diagonal[: m - 1]), self.basis[:, :m]


def gauss_rule(diagonal: np.ndarray, off_diagonal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Nodes and weights (sum 1) with :math:`e_1^T p(T) e_1 = \sum_i \omega_i p(\theta_i)` (Golub and Welsch)."""
    nodes, vectors = scipy.linalg.eigh_tridiagonal(diagonal, off_diagonal)
    return nodes, vectors[0] ** 2

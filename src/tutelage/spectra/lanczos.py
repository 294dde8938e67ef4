"""The ends of a spectrum and single Krylov spaces, by products alone."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse.linalg

from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.base.types import Product
from tutelage.operators import SymmetricOperator
from tutelage.spectra.dense import error_bar
from tutelage.spectra.result import Spectrum

ENDS = {"largest": "LA", "smallest": "SA", "both": "BE"}
DEFAULT_COUNT = 6
"""Eigenvalues at an end when no count is given: the default of ``scipy.sparse.linalg.eigsh``."""


def lanczos_spectrum(
    operator: SymmetricOperator, count: int = DEFAULT_COUNT, which: str = "largest", seed: int = 0
) -> Spectrum:
    r"""The ``count`` eigenvalues at the asked end(s), by implicitly restarted Lanczos (ARPACK through SciPy).

    Each error bar is the residual :math:`\|Hv - \lambda v\|`: some eigenvalue lies that near. What Lanczos cannot
    see is the multiplicity; every copy found counts as one.

    Raises
    ------
    NotAvailableError
        ARPACK did not converge, as it will not at a crowded small end; the message says what to do.
    """
    values, _, errors = lanczos_pairs(operator, count, which, seed, "spectrum(method='lanczos')")
    counts = np.ones(values.size, dtype=np.int64)
    return Spectrum(values, counts, operator.size, f"lanczos ({which})", errors)


def lanczos_pairs(
    operator: SymmetricOperator, count: int, which: str, seed: int, who: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues (count,) at the asked end(s), ascending, their vectors (n, count), and error bars (count,)."""
    n = operator.size
    count, which = check.integer(count, who, "count"), check.choice(which, who, "end", ENDS)
    if count >= n:
        raise NotAvailableError(
            f"{who}: expected count < P = {n}, got {count}; use method='dense' for all of them"
        )
    start, entries = np.random.default_rng(seed).standard_normal(n), operator.structure.entries()
    if not operator.matvec(start).any():  # ARPACK has no start in the range of a zero operator
        return np.zeros(count), np.eye(n, count), np.zeros(count)
    try:
        values, vectors = scipy.sparse.linalg.eigsh(
            operator.as_scipy(), k=count, which=ENDS[which], v0=start, tol=entries.relative
        )
    except scipy.sparse.linalg.ArpackNoConvergence as failure:
        raise NotAvailableError(
            f"{who}: {failure.eigenvalues.size} of {count} eigenvalues at the {which} end converged; ask for fewer, or use "
            "method='dense', 'extended' (smallest) or 'slq' (density)"
        ) from None
    except scipy.sparse.linalg.ArpackError as failure:
        raise NotAvailableError(
            f"{who}: expected products that ARPACK can use, got from it {failure}; use "
            "method='dense', and check that H v is finite"
        ) from None
    residuals = np.linalg.norm(operator.matmat(vectors) - vectors * values, axis=0)
    errors = residuals + error_bar(n, values, entries)
    order = np.argsort(values, kind="stable")
    return values[order], vectors[:, order], errors[order]


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

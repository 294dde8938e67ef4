"""The ends of a spectrum and single Krylov spaces, by products alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import scipy.sparse.linalg

from tutelage.base import check
from tutelage.base.errors import NotAvailableError
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
    n = operator.size
    count = check.integer(count, "spectrum(method='lanczos')", "count")
    which = check.choice(which, "spectrum(method='lanczos')", "end", ENDS)
    if count >= n:
        raise NotAvailableError(
            f"spectrum(method='lanczos'): expected count < P = {n}, got {count}; use method='dense' for all of them"
        )
    start = np.random.default_rng(seed).standard_normal(n)
    name = f"lanczos ({which})"
    if not operator.matvec(start).any():  # ARPACK has no start in the range of a zero operator
        return Spectrum(np.zeros(count), np.ones(count, dtype=np.int64), n, name)
    try:
        values, vectors = scipy.sparse.linalg.eigsh(operator.as_scipy(), k=count, which=ENDS[which], v0=start)
    except scipy.sparse.linalg.ArpackNoConvergence as failure:
        raise NotAvailableError(
            f"spectrum(method='lanczos'): {failure.eigenvalues.size} of {count} eigenvalues at the {which} end "
            "converged; ask for fewer, or use method='dense', 'extended' (smallest) or 'slq' (density)"
        ) from None
    except scipy.sparse.linalg.ArpackError as failure:
        raise NotAvailableError(
            f"spectrum(method='lanczos'): expected products that ARPACK can use, got from it {failure}; use "
            "method='dense', and check that H v is finite"
        ) from None
    residuals = np.linalg.norm(operator.matmat(vectors) - vectors * values, axis=0)
    errors = residuals + error_bar(n, values, operator.structure.entries())
    return Spectrum(values, np.ones(count, dtype=np.int64), n, name, errors)


def tridiagonalize(
    matvec: Callable[[np.ndarray], np.ndarray], start: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Lanczos with full reorthogonalisation: :math:`Q^T H Q = T` on the Krylov space of ``start``.

    Parameters
    ----------
    matvec : callable
        v (n,) to H v.
    start : ndarray, shape (n,)
        Any length; not zero.
    steps : int
        m; fewer are done where the Krylov space ends earlier (then T is exact).

    Returns
    -------
    diagonal (m,), off_diagonal (m - 1,), basis (n, m)
        of T, and Q.
    """
    size = float(np.linalg.norm(start))
    n, steps = start.size, min(steps, start.size)
    basis = np.empty((n, steps), order="F")
    diagonal, off_diagonal = [], []
    vector, largest = start / size, 0.0
    for j in range(steps):
        basis[:, j] = vector
        new = matvec(vector)
        diagonal.append(float(vector @ new))
        seen = basis[:, : j + 1]
        # Twice is enough (Kahan and Parlett): after it the basis is orthogonal to working precision.
        for _ in range(2):
            new = new - seen @ (seen.T @ new)
        length = float(np.linalg.norm(new))
        largest = max(largest, abs(diagonal[-1]), length)
        if j == steps - 1 or length <= 10 * np.finfo(float).eps * np.sqrt(n) * largest:
            break
        off_diagonal.append(length)
        vector = new / length
    m = len(diagonal)
    return np.array(diagonal), np.array(off_diagonal[: m - 1]), basis[:, :m]


def gauss_rule(diagonal: np.ndarray, off_diagonal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Nodes and weights (sum 1) with :math:`e_1^T p(T) e_1 = \sum_i \omega_i p(\theta_i)` (Golub and Welsch)."""
    nodes, vectors = scipy.linalg.eigh_tridiagonal(diagonal, off_diagonal)
    return nodes, vectors[0] ** 2

r"""Eigenvalues with relative accuracy, however small: an inverse in ball arithmetic turns the smallest into the largest.

LAPACK finds each eigenvalue of H to about :math:`\epsilon\lambda_{\max}`. Erf networks have eigenvalues down to
1e-13 λ_max and below, and the slow dynamics live there. H and H⁻¹ are enclosed by balls at growing precision, rounded
once to float64, and solved: the smallest λ then have the relative error :math:`\epsilon`, the one at
:math:`\lambda_i` the better of :math:`\epsilon\lambda_{\max}/\lambda_i` and :math:`\epsilon\lambda_i/\lambda_{\min}`, at worst
:math:`\epsilon\sqrt{\lambda_{\max}/\lambda_{\min}}`. Tried and dropped: ``acb_mat.eig`` certifies too and
took 25 times longer at size 72; scaled Jacobi (dgejsv) needs a pivoted Cholesky, which python-flint has not.
"""

from __future__ import annotations

import flint
import numpy as np

from tutelage.base.errors import NotAvailableError
from tutelage.operators import BallHessian, SymmetricOperator
from tutelage.spectra.lapack import backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum

PRECISIONS = (128, 256, 512, 1024)
"""Bits tried in turn; 128 suffice for λ_min/λ_max down to about 1e-25, each doubling squares that."""

_EPS = float(np.finfo(np.float64).eps)


def extended_spectrum(operator: SymmetricOperator, precisions: tuple[int, ...] = PRECISIONS) -> Spectrum:
    """All eigenvalues of a positive definite H from its enclosure, each with its error bar.

    Raises
    ------
    NotAvailableError
        No elementary tables for the activation, or H is singular to the last precision tried.
    """
    balls = operator.structure.balls
    for bits in precisions:
        hessian = None if balls is None else balls(bits)
        if hessian is None:
            raise NotAvailableError(
                "spectrum(method='extended'): expected a Hessian at the optimum of a smooth activation with elementary "
                "tables (erf, sin, cos, ...), got one without; use method='auto'"
            )
        parts = _solve(hessian, bits)
        if parts is not None:
            values, counts, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
            return Spectrum(values, counts, operator.size, f"extended ({bits} bits)", errors, operator.size)
    raise NotAvailableError(
        f"spectrum(method='extended'): expected a positive definite Hessian, got one that is singular to {precisions[-1]} bits "
        "(equal or opposite neurons, a zero neuron or read-out, or more parameters than functions); "
        "use method='auto', and hessian_rank for the exact rank"
    )


def _solve(hessian: BallHessian, bits: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
    parts = []
    for matrix, multiplicity in ((hessian.block, 1), (hessian.repeated, hessian.multiplicity)):
        if matrix is None:
            continue
        solved = relative_eigenvalues(matrix, bits)
        if solved is None:
            return None
        parts.append((solved[0], np.full(matrix.nrows(), multiplicity), solved[1]))
    return parts


def relative_eigenvalues(matrix: flint.arb_mat, bits: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Eigenvalues (n,) and error bars (n,) of a positive definite enclosure; None when ``bits`` do not resolve it."""
    with flint.ctx.workprec(bits):
        try:
            inverse = matrix.inv()
        except ZeroDivisionError:
            return None
    large, large_error = _enclosed_eigenvalues(matrix)
    small, small_error = _enclosed_eigenvalues(inverse)
    small = small[::-1]
    if not np.isfinite(small_error) or small[-1] + small_error <= 0:
        return None
    # [1/(mu + e), 1/(mu - e)] encloses the eigenvalue; where e >= mu only the direct value says anything.
    resolved = small > 2 * small_error
    from_inverse = np.where(resolved, 1 / np.where(resolved, small, 1.0), 0.0)
    error = np.where(
        resolved, from_inverse * small_error / np.where(resolved, small - small_error, 1.0), np.inf
    )
    error = error + _EPS * from_inverse
    better = error < large_error
    if not np.all(better | (large > large_error)):
        return None
    return np.where(better, from_inverse, large), np.where(better, error, large_error)


def _enclosed_eigenvalues(matrix: flint.arb_mat) -> tuple[np.ndarray, float]:
    """Ascending eigenvalues of the rounded midpoint and the bound on each that covers rounding, radii and LAPACK."""
    n = matrix.nrows()
    entries = matrix.entries()
    midpoint = np.array([float(x.mid()) for x in entries]).reshape(n, n)
    radius = np.array([float(x.rad()) for x in entries]).reshape(n, n)
    midpoint = (midpoint + midpoint.T) / 2
    uncertain = float(np.linalg.norm(radius)) + _EPS * float(np.linalg.norm(midpoint))
    if not np.isfinite(uncertain):
        return np.zeros(n), np.inf
    values = symmetric_eigenvalues(midpoint)
    return values, backward_error(n, float(np.abs(values).max())) + uncertain

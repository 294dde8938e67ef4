r"""Eigenvalues with relative accuracy, however small: an inverse in ball arithmetic turns the smallest into the largest.

LAPACK finds each eigenvalue of H to about :math:`\epsilon\lambda_{\max}`. Erf networks have eigenvalues down to
1e-13 λ_max and below, and the slow dynamics live there. H and H⁻¹ are enclosed by balls at growing precision, rounded
once to float64, and solved: the smallest λ then have the relative error :math:`\epsilon`, the one at
:math:`\lambda_i` the better of :math:`\epsilon\lambda_{\max}/\lambda_i` and :math:`\epsilon\lambda_i/\lambda_{\min}`, at worst
:math:`\epsilon\sqrt{\lambda_{\max}/\lambda_{\min}}`. Tried and dropped: ``acb_mat.eig`` certifies too and
took 25 times longer at size 72; scaled Jacobi (dgejsv) needs a pivoted Cholesky, which python-flint has not.
"""

from __future__ import annotations

from collections.abc import Callable

import flint
import numpy as np
import scipy.linalg

from tutelage.base.errors import NotAvailableError
from tutelage.operators import BallHessian, SymmetricOperator
from tutelage.spectra.lapack import EPS, backward_error, symmetric_eigenvalues
from tutelage.spectra.result import Spectrum

PRECISIONS = (128, 256, 512, 1024)
"""Bits tried in turn; 128 suffice for λ_min/λ_max down to about 1e-25, each doubling squares that."""

_INVERTED_UP_TO = 30
"""Size up to which the inverse takes no longer than the products that avoid it: 1 ms."""


def extended_spectrum(operator: SymmetricOperator, precisions: tuple[int, ...] = PRECISIONS) -> Spectrum:
    """All eigenvalues of a positive definite H from its enclosure, each with its error bar.

    Raises
    ------
    NotAvailableError
        No elementary tables for the activation, or H is singular to the last precision tried.
    """
    return enclosed_spectrum(operator.structure.balls, operator.size, precisions)


def enclosed_spectrum(
    balls: Callable[[int], BallHessian | None] | None, n_params: int, precisions: tuple[int, ...]
) -> Spectrum:
    """The same of the enclosures that ``balls(bits)`` gives."""
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
            return Spectrum(values, counts, n_params, f"extended ({bits} bits)", errors, n_params)
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
    found = eigenvalues_by_smallest(matrix, bits) if matrix.nrows() > _INVERTED_UP_TO else None
    return eigenvalues_by_inverse(matrix, bits) if found is None else found


def eigenvalues_by_smallest(matrix: flint.arb_mat, bits: int) -> tuple[np.ndarray, np.ndarray] | None:
    r"""The same within the span of the eigenvectors below :math:`\sqrt{\lambda_{\min}\lambda_{\max}}`; None where it fails.

    Any s orthonormal columns Q give :math:`\theta_i = \lambda_i(Q^THQ)` and :math:`\kappa = |HQ - QQ^THQ|`, and with
    :math:`\ell \ge \lambda_{s+1} - \kappa` (Weyl) the smallest eigenvalue of H on what is orthogonal to them (inertia of the
    Schur complement)

    .. math:: \theta_i - \frac{\kappa^2}{\ell - \theta_i} \le \lambda_i \le \theta_i.

    LAPACK's eigenvectors have :math:`\kappa \approx \epsilon\lambda_{\max}`: its square is mostly below all rounding, and is
    after one correction by perturbation theory. Products with s columns are all that is left of the cost of an inverse.
    """
    middle, uncertain = _midpoint(matrix)
    if not np.isfinite(uncertain):
        return None
    large, vectors = scipy.linalg.eigh(middle, driver="evd", check_finite=False)
    n, error = large.size, backward_error(large.size, float(np.abs(large).max())) + uncertain
    s = int(np.searchsorted(large, np.sqrt(max(large[0], error) * large[-1])))
    if s == 0:
        return large, np.full(n, error)
    first, rest = vectors[:, :s], vectors[:, s:]
    basis = _as_balls(first)
    for _ in range(2):
        with flint.ctx.workprec(bits):
            images = matrix * basis
            inside, skew, lost = _orthonormalised(basis, images)
        solved = relative_eigenvalues(inside, bits)
        if solved is None:
            return None
        (values, errors), near = solved, _floats(images)
        residual = near - first @ (first.T @ near)
        rounding = n * np.sqrt(s) * EPS * float(np.linalg.norm(near))
        kappa = (1 + skew) * (float(np.linalg.norm(residual)) + rounding)
        gap = large[s] - error - kappa - values - errors
        if np.all(gap > 0) and np.all(kappa**2 / gap + lost <= EPS * values):
            errors = errors + kappa**2 / gap + lost + 2 * skew**3 * values
            return np.append(values, large[s:]), np.append(errors, np.full(n - s, error))
        step = rest @ ((rest.T @ residual) / (large[:s] - large[s:, None]))
        with flint.ctx.workprec(bits):
            basis, first = basis + _as_balls(step), first + step
    return None


def _orthonormalised(basis: flint.arb_mat, images: flint.arb_mat) -> tuple[flint.arb_mat, float, float]:
    r""":math:`Q^THQ` for :math:`Q = VB^{-1/2}`, :math:`B = V^TV = I + \Delta`, and bounds: of :math:`|\Delta|`, of rounding.

    :math:`B^{-1/2} = I - \Delta/2 + \tfrac38\Delta^2` to relative order :math:`|\Delta|^3`; what it changes is so small that
    float64 has all of its digits that matter.
    """
    turned, s = basis.transpose(), basis.ncols()
    inside = turned * images
    delta, uncertain = _midpoint(turned * basis - _as_balls(np.eye(s)))
    root, middle = -delta / 2 + 3 / 8 * delta @ delta, _floats(inside)
    change = root @ middle
    change = change + change.T + change @ root
    rounding = 2 * s * EPS * float(np.linalg.norm(root)) * float(np.linalg.norm(middle))
    return inside + _as_balls((change + change.T) / 2), float(np.linalg.norm(delta)) + uncertain, rounding


def eigenvalues_by_inverse(matrix: flint.arb_mat, bits: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The same from the matrix and its inverse, each solved once."""
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
    error = error + EPS * from_inverse
    better = error < large_error
    if not np.all(better | (large > large_error)):
        return None
    return np.where(better, from_inverse, large), np.where(better, error, large_error)


def _enclosed_eigenvalues(matrix: flint.arb_mat) -> tuple[np.ndarray, float]:
    """Ascending eigenvalues of the rounded midpoint and the bound on each that covers rounding, radii and LAPACK."""
    n, (middle, uncertain) = matrix.nrows(), _midpoint(matrix)
    if not np.isfinite(uncertain):
        return np.zeros(n), np.inf
    values = symmetric_eigenvalues(middle)
    return values, backward_error(n, float(np.abs(values).max())) + uncertain


def _midpoint(matrix: flint.arb_mat) -> tuple[np.ndarray, float]:
    """The rounded midpoint of a symmetric enclosure, and a bound on the norm of what it leaves out.

    The radii of a row's sum are at least the sum of the radii, and no norm exceeds the largest sum of a row.
    """
    middle = _floats(matrix)
    sums = matrix * flint.arb_mat(matrix.ncols(), 1, [1] * matrix.ncols())
    radius = max(float(x.rad()) for x in sums.entries())
    return (middle + middle.T) / 2, radius + EPS * float(np.linalg.norm(middle))


def _floats(matrix: flint.arb_mat) -> np.ndarray:
    """The midpoints, rounded."""
    return np.fromiter(map(float, matrix.entries()), float).reshape(matrix.nrows(), matrix.ncols())


def _as_balls(matrix: np.ndarray) -> flint.arb_mat:
    return flint.arb_mat(*matrix.shape, matrix.ravel().tolist())

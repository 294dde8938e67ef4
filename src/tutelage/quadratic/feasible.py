r"""How large is the set of positive semidefinite matrices that fit the data? Widths in random directions, trace range.

For a direction C the extreme values of ⟨C, A⟩ over :math:`\{A \succeq 0 : x_\nu^\top A x_\nu = y_\nu\}` are found by following
the maximisers of :math:`\langle C, A\rangle + \mu\log\det A` as μ falls, many directions and instances at once. With
A = L Lᵀ a Newton step that keeps the equations is again one n × n system:

.. math::
    (XAX^\top)^{\circ 2} z = \mathrm{diag}\,X(A + ACA/\mu)X^\top + r, \qquad
    A \leftarrow L(I + \alpha M)L^\top,\quad M = I + L^\top C L/\mu - L^\top X^\top \mathrm{diag}(z) X L .

On the path the value is within d μ of the extreme, so every width comes with its gap.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.certificate import UniquenessCertificate
from tutelage.quadratic.losses import population_energy, quadratic_forms
from tutelage.quadratic.solver import minimise
from tutelage.quadratic.teacher import Teacher, check_inputs, teacher_matrix
from tutelage.quadratic.uniqueness import certify_batch

_STEPS = 60
# A step at the last weight shorter than this moves ⟨C, A⟩ by 1e-7 of a gap that is 1e-4 of the trace itself.
_ARRIVED = 1e-7


@dataclasses.dataclass(frozen=True)
class FeasibleSize(Value):
    """Size of the set of fits of one instance, relative to A_*.

    ``width``: mean over random directions C (‖C‖_F = 1) of max − min of ⟨C, A⟩, over ‖A_*‖_F; ``trace``: smallest and
    largest tr A / tr A_*; ``error_at_centre``: E/E(0) at the analytic centre; ``gap``: bound on the widths'
    shortfall. All zero (trace 1) for a unique fit, infinite for n < d, NaN where the certificate is undecided.
    """

    status: str
    width: float
    trace: tuple[float, float]
    error_at_centre: float
    gap: float


def feasible_size(teacher: Teacher, X: ArrayLike, directions: int = 8, seed: int = 0) -> FeasibleSize:
    """Certify one instance and measure its set of fits.

    Examples
    --------
    Two axis inputs fix the diagonal of A: the off-diagonal entry is free between −1 and 1 where A_* = I.

    >>> import numpy as np
    >>> size = feasible_size(np.eye(2), np.eye(2), directions=2)
    >>> size.status, round(size.trace[0], 6), round(size.trace[1], 6)
    ('not unique', 1.0, 1.0)
    """
    A = teacher_matrix(teacher, "feasible_size")
    X = check_inputs(X, len(A), "feasible_size")
    return feasible_sizes(A[None], X[None], directions, seed)[0]


def feasible_sizes(
    A: np.ndarray,
    X: np.ndarray,
    directions: int = 8,
    seed: int = 0,
    certificates: list[UniquenessCertificate] | None = None,
    progress: AskedProgress = None,
) -> list[FeasibleSize]:
    """Sizes of many instances, (B, d, d) and (B, n, d); certificates already at hand are used."""
    progress = as_progress(progress, "feasible_sizes")
    who = "feasible_sizes"
    A, X = check.float_array(A, who, "A", ndim=3), check.float_array(X, who, "X", ndim=3)
    directions = check.integer(directions, who, "directions")
    certificates = certify_batch(A, X) if certificates is None else certificates
    check.same_length(len(certificates), len(A), who, "the number of certificates and of instances")
    B, n, d = X.shape
    sizes: list[FeasibleSize] = []
    for certificate in certificates:
        value = {"unique": 0.0, "undecided": np.nan}.get(certificate.status, np.inf)
        trace = (1.0, 1.0) if value == 0 else ((np.nan, np.nan) if np.isnan(value) else (0.0, np.inf))
        sizes.append(FeasibleSize(certificate.status, value, trace, value, 0.0))
    rows = [b for b in range(B) if certificates[b].status == "not unique"]
    if n < d or not rows:
        return sizes
    # The identity first (the trace), then random directions, each with both signs.
    G = np.random.default_rng(seed).standard_normal((directions, d, d))
    C = np.concatenate([np.eye(d)[None], G + G.mT])
    C /= np.linalg.norm(C, axis=(1, 2))[:, None, None]
    signed = np.concatenate([C, -C])
    starts = np.array([certificates[b].second for b in rows])
    centres = minimise(A[rows], X[rows], starts, training_loss=1e-16, max_steps=60)
    # Small pieces keep the batch's matrices in cache.
    for first in range(0, len(rows), 32):
        piece = np.array(rows[first : first + 32])
        spectra = np.linalg.eigh(centres.A[first : first + 32])
        values, gaps = _extremes(signed, spectra, X[piece], quadratic_forms(X[piece], A[piece]))
        for row, b in enumerate(piece):
            sizes[b] = _summary(A[b], centres.A[first + row], values[row], float(gaps[row]))
        if progress is not None:
            progress(min(first + 32, len(rows)) / len(rows))
    return sizes


def _summary(A: np.ndarray, centre: np.ndarray, values: np.ndarray, gap: float) -> FeasibleSize:
    """Values of max ⟨C, A⟩ for the trace, the random directions and their negatives, in that order."""
    d, norm, total = len(A), np.linalg.norm(A), np.trace(A)
    high, low = values[: len(values) // 2], -values[len(values) // 2 :]
    return FeasibleSize(
        status="not unique",
        width=float(np.mean(high[1:] - low[1:]) / norm),
        trace=(float(low[0] * np.sqrt(d) / total), float(high[0] * np.sqrt(d) / total)),
        error_at_centre=float(population_energy(centre - A) / population_energy(A)),
        gap=float(2 * gap / norm),
    )


def _extremes(
    C: np.ndarray, spectra: tuple[np.ndarray, np.ndarray], X: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """max ⟨C, A⟩ for every instance and direction (B, J) from interior fits, and the bounds d μ (B,) on what is missing."""
    J, d, _ = C.shape
    B = len(X)
    values, vectors = spectra
    if values.min() <= 0:
        raise InputError("feasible_sizes: an interior fit has a zero eigenvalue; pass data that leave room")
    # One row per instance and direction from here on.
    L = np.repeat(vectors * np.sqrt(values)[:, None, :], J, axis=0)
    X, y, C = np.repeat(X, J, axis=0), np.repeat(y, J, axis=0), np.tile(C, (B, 1, 1))
    mu = np.repeat(values.sum(axis=1) / d, J)
    last = 1e-4 * mu
    extremes, bounds, rows = np.empty(B * J), np.empty(B * J), np.arange(B * J)

    def close(ended: np.ndarray) -> None:
        half = C[ended] @ L[ended]
        extremes[rows[ended]] = np.einsum("bij,bij->b", half, L[ended])
        bounds[rows[ended]] = d * mu[ended]

    for _ in range(_STEPS):
        M, decrement = _newton(L, C, X, y, mu)
        if np.all((mu <= last) & (decrement < 0.5)):
            break
        # Self-concordance: a damped step 1/(1 + decrement) always stays inside and ascends.
        step = np.where(decrement < 0.25, 1.0, 1 / (1 + decrement))
        L = L @ np.linalg.cholesky(np.eye(d) + step[:, None, None] * M)
        arrived = (mu <= last) & (decrement < _ARRIVED)
        mu = np.where((decrement < 0.9) & (mu > last), 0.25 * mu, mu)
        if arrived.any():
            close(arrived)
            rows, L, X, y, C, mu, last = (v[~arrived] for v in (rows, L, X, y, C, mu, last))
    close(np.ones(len(rows), dtype=bool))
    return extremes.reshape(B, J), bounds.reshape(B, J).max(axis=1)


def _newton(
    L: np.ndarray, C: np.ndarray, X: np.ndarray, y: np.ndarray, mu: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The step M of A <- L(I + αM)Lᵀ for every row, and its norm."""
    Y, target = X @ L, L.mT @ C @ L / mu[:, None, None]
    forms = Y @ Y.mT
    diagonal = np.einsum("bii->bi", forms)  # a view
    right = 2 * diagonal - y + np.einsum("bni,bni->bn", Y @ target, Y)
    forms *= forms
    diagonal *= 1 + 1e-13
    z = np.linalg.solve(forms, right[..., None])
    M = np.eye(L.shape[-1]) + target - Y.mT @ (z * Y)
    return M, np.sqrt(np.einsum("bij,bij->b", M, M))

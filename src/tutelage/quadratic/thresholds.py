r"""Sample counts at which things change: N_eff, n_c, and the statistical dimension (science 7.3)."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.optimize import minimize_scalar

from tutelage.base import check
from tutelage.base.value import Value


def effective_parameters_frozen(d: int, width: int) -> int:
    """N_eff = d r − r(r−1)/2, r = min(width, d): the dimension of matrices of rank r, read-outs frozen (science 7.5).

    Examples
    --------
    >>> effective_parameters_frozen(8, 2), effective_parameters_frozen(8, 20)
    (15, 36)
    """
    d = check.integer(d, "effective_parameters_frozen", "d")
    r = min(check.integer(width, "effective_parameters_frozen", "width"), d)
    return d * r - r * (r - 1) // 2


def critical_samples(d: int, width: int) -> int:
    """n_c = d(m_*+1) − m_*(m_*+1)/2 for m_* < d, d(d+1)/2 otherwise (attributed to [S20]; science 7.3).

    Examples
    --------
    >>> critical_samples(8, 2), critical_samples(8, 8)
    (21, 36)
    """
    d = check.integer(d, "critical_samples", "d")
    m = check.integer(width, "critical_samples", "width")
    return d * (m + 1) - m * (m + 1) // 2 if m < d else d * (d + 1) // 2


@dataclasses.dataclass(frozen=True)
class StatisticalDimension(Value):
    """``value`` with the standard error of its Gaussian-ensemble mean, and the minimising ``tau``."""

    value: float
    error: float
    tau: float


@functools.lru_cache(maxsize=64)
def _goe_eigenvalues(q: int, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(q,)))
    G = rng.standard_normal((draws, q, q))
    return np.linalg.eigvalsh((G + np.swapaxes(G, -1, -2)) / 2)


def statistical_dimension(
    d: int, rank: int, draws: int = 1000, seed: int = 0, student_width: int | None = None
) -> StatisticalDimension:
    r"""δ(d, r, w): the expected squared distance that decides recovery from random positive semidefinite data (science 7.4).

    .. math::
        \delta = \min_\tau\Big\{ \frac{r(r+1)}{2} + \tau^2 r + r(d-r) + E\sum_{i\le w-r} (\lambda_i - \tau)_+^2 \Big\},

    λ the eigenvalues of a (d−r)×(d−r) GOE matrix (diagonal variance 1, off-diagonal ½), the largest first. It is the
    statistical dimension of the cone of directions that keep A_* + Δ semidefinite, of rank w at most, without raising the
    trace: forms x xᵀ all but fix the trace, which a Gaussian-design argument then turns into a threshold. w = r gives
    N_eff = dr − r(r−1)/2; with one spare neuron most of the way to w >= d is gone (science 12b).

    Parameters
    ----------
    d, rank : int
        r >= d gives d(d+1)/2.
    draws : int
        GOE matrices behind the mean (1000: standard error below 0.2 % for d <= 64), shared by all w.
    student_width : int, optional
        w >= r; no limit of the rank by default.

    Raises
    ------
    InputError
        A student narrower than the teacher's rank.

    Examples
    --------
    >>> narrow, wide = statistical_dimension(20, 5, student_width=5), statistical_dimension(20, 5)
    >>> narrow.value, abs(wide.value - 122.3) < 0.5
    (90.0, True)
    """
    who = "statistical_dimension"
    d, r = check.integer(d, who, "d"), check.integer(rank, who, "rank")
    draws, seed = check.integer(draws, who, "draws", minimum=2), check.seed(seed, who)
    spare = (
        d - r if student_width is None else check.integer(student_width, who, "student_width", minimum=r) - r
    )
    if r >= d:
        return StatisticalDimension(d * (d + 1) / 2, 0.0, 0.0)
    if spare == 0:
        return StatisticalDimension(float(effective_parameters_frozen(d, r)), 0.0, 0.0)
    values = _goe_eigenvalues(d - r, draws, seed)[:, -spare:]
    fixed = r * (r + 1) / 2 + r * (d - r)

    def tail(tau: float) -> np.ndarray:
        return np.sum(np.maximum(values - tau, 0.0) ** 2, axis=1)

    best = minimize_scalar(
        lambda tau: tau**2 * r + tail(tau).mean(), bounds=(0.0, 3 * np.sqrt(2.0 * d)), method="bounded"
    )
    error = tail(best.x).std(ddof=1) / np.sqrt(draws)
    return StatisticalDimension(float(fixed + best.fun), float(error), float(best.x))


def statistical_dimension_limit(fraction: float) -> float:
    r"""lim δ(d, r)/d² at r/d = ``fraction``: the GOE replaced by its semicircle of radius √(2(d−r)).

    As r/d → 0 the minimiser τ tends to the edge √(2d), so δ/d → 3r: twice τ²r = 2dr plus the r d of the tangent space.
    """
    who = "statistical_dimension_limit"
    p = check.number(fraction, who, "fraction", minimum=0.0)
    if p >= 1:
        return 0.5
    q = 1 - p
    x = np.cos(
        (np.arange(4000) + 0.5) * np.pi / 4000
    )  # Chebyshev nodes of the second kind: weight (2/pi) sin²
    weights = 2 * (1 - x**2) / 4000
    radius = np.sqrt(2 * q)

    def objective(tau: float) -> float:
        return (
            p**2 / 2
            + tau**2 * p
            + p * q
            + q * float(np.sum(weights * np.maximum(radius * x - tau, 0.0) ** 2))
        )

    return float(
        minimize_scalar(objective, bounds=(0.0, radius), method="bounded", options={"xatol": 1e-10}).fun
    )

r"""Soft counts of parameters, from eigenvalues; the exact rank is their limit.

Each takes eigenvalues (P,) and, where wanted, multiplicities; or a Spectrum; or a Measure, of which a sampled one
(``spectral_density``) gives an Estimate with its standard error. Negative ones within rounding of zero count as zero.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.estimate import Statistic
from tutelage.base.types import ArrayLike
from tutelage.measure import Measure
from tutelage.spectra import Spectrum

Eigenvalues: TypeAlias = ArrayLike | Spectrum | Measure
"""Numbers, or what has them with multiplicities or weights."""


def ridge_count(eigenvalues: Eigenvalues, alpha: float, multiplicities: ArrayLike | None = None) -> float:
    r"""Effective dimension :math:`\sum_i \lambda_i/(\lambda_i+\alpha)` (MacKay, Neural Computation 1992; Maddox 2020).

    Tends to the rank as alpha falls to 0.

    >>> ridge_count([0.0, 1.0, 3.0], 1.0)
    1.25
    """
    alpha = check.number(alpha, "ridge_count", "alpha", above=0.0)
    return _summed(eigenvalues, multiplicities, "ridge_count", lambda x, w: float(w @ (x / (x + alpha))))


def log_determinant(eigenvalues: Eigenvalues, alpha: float, multiplicities: ArrayLike | None = None) -> float:
    r""":math:`\log\det(H + \alpha I) = \sum_i \log(\lambda_i + \alpha)`, the volume term of Laplace's evidence.

    >>> round(log_determinant([0.0, 1.0], 1.0), 6)
    0.693147
    """
    alpha = check.number(alpha, "log_determinant", "alpha", above=0.0)
    return _summed(eigenvalues, multiplicities, "log_determinant", lambda x, w: float(w @ np.log(x + alpha)))


def participation_ratio(eigenvalues: Eigenvalues, multiplicities: ArrayLike | None = None) -> float:
    r"""Participation ratio :math:`(\sum\lambda)^2/\sum\lambda^2`: r for r equal eigenvalues, whatever their size.

    >>> participation_ratio([0.0, 2.0, 2.0])
    2.0
    """

    def ratio(values: np.ndarray, weights: np.ndarray) -> float:
        square = float(weights @ values**2)
        return float(weights @ values) ** 2 / square if square else 0.0

    return _summed(eigenvalues, multiplicities, "participation_ratio", ratio)


def rank_at_time(eigenvalues: Eigenvalues, time: float, multiplicities: ArrayLike | None = None) -> float:
    r"""Directions the flow has learned by ``time``: :math:`\sum_i (1 - e^{-2\lambda_i t})`.

    The loss along direction i has fallen by the factor :math:`e^{-2\lambda_i t}` (science 6.2), so
    this is the number of directions, each counted by the share of its loss that is gone; it tends to the
    rank.

    >>> rank_at_time([0.0, 1.0], 1e9)
    1.0
    """
    time = check.number(time, "rank_at_time", "time", minimum=0.0)
    return _summed(
        eigenvalues, multiplicities, "rank_at_time", lambda x, w: float(w @ -np.expm1(-2 * x * time))
    )


def rank_with_samples(n_samples: int, effective: int) -> int:
    """Generic rank of the Hessian of n samples at a shared optimum: min(n, N_eff).

    Each sample adds one gradient; generic ones are independent until they span the tangent space.

    >>> rank_with_samples(7, 65), rank_with_samples(100, 65)
    (7, 65)
    """
    n_samples = check.integer(n_samples, "rank_with_samples", "n_samples", minimum=0)
    return min(n_samples, check.integer(effective, "rank_with_samples", "effective", minimum=0))


def _summed(source: Eigenvalues, multiplicities: ArrayLike | None, who: str, statistic: Statistic) -> float:
    """The number made of eigenvalues and weights; of a sampled measure an Estimate."""
    if isinstance(source, Measure):
        _require_positive(source.points, who)
        return source.estimate(lambda points, weights: statistic(np.maximum(points, 0.0), weights))
    if isinstance(source, Spectrum):
        source, multiplicities = source.values, source.multiplicities
    values = check.float_array(source, who, "eigenvalues", ndim=1)
    weights = (
        np.ones(values.size)
        if multiplicities is None
        else check.float_array(multiplicities, who, "multiplicities", ndim=1)
    )
    check.same_length(values.size, weights.size, who, "eigenvalues and multiplicities")
    _require_positive(values, who)
    return statistic(np.maximum(values, 0.0), weights)


def _require_positive(values: np.ndarray, who: str) -> None:
    """Refuse eigenvalues below zero beyond rounding, of a symmetric eigensolver P eps λ_max."""
    if values.size and values.min() < -1e3 * values.size * np.finfo(np.float64).eps * np.abs(values).max():
        raise InputError(
            f"{who}: expected eigenvalues >= 0 up to rounding, got {values.min():.3g}; is this an optimum? "
            "The outer part of a Hessian has none below zero"
        )

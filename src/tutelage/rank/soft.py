r"""Soft counts of parameters, from eigenvalues; the exact rank is their limit.

Each takes eigenvalues (P,) and, where wanted, multiplicities. Negative ones within rounding of zero count as
zero.
"""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike


def ridge_count(eigenvalues: ArrayLike, alpha: float, multiplicities: ArrayLike | None = None) -> float:
    r"""Effective dimension :math:`\sum_i \lambda_i/(\lambda_i+\alpha)` (MacKay, Neural Computation 1992; Maddox 2020).

    Tends to the rank as alpha falls to 0.

    >>> ridge_count([0.0, 1.0, 3.0], 1.0)
    1.25
    """
    values, weights = _clean(eigenvalues, multiplicities, "ridge_count")
    alpha = check.number(alpha, "ridge_count", "alpha", above=0.0)
    return float(weights @ (values / (values + alpha)))


def participation_ratio(eigenvalues: ArrayLike, multiplicities: ArrayLike | None = None) -> float:
    r"""Participation ratio :math:`(\sum\lambda)^2/\sum\lambda^2`: r for r equal eigenvalues, whatever their size.

    >>> participation_ratio([0.0, 2.0, 2.0])
    2.0
    """
    values, weights = _clean(eigenvalues, multiplicities, "participation_ratio")
    square = float(weights @ values**2)
    return float(weights @ values) ** 2 / square if square else 0.0


def rank_at_time(eigenvalues: ArrayLike, time: float, multiplicities: ArrayLike | None = None) -> float:
    r"""Directions the flow has learned by ``time``: :math:`\sum_i (1 - e^{-2\lambda_i t})`.

    The loss along direction i has fallen by the factor :math:`e^{-2\lambda_i t}` (science 6.2), so
    this is the number of directions, each counted by the share of its loss that is gone; it tends to the
    rank.

    >>> rank_at_time([0.0, 1.0], 1e9)
    1.0
    """
    values, weights = _clean(eigenvalues, multiplicities, "rank_at_time")
    time = check.number(time, "rank_at_time", "time", minimum=0.0)
    return float(weights @ -np.expm1(-2 * values * time))


def rank_with_samples(n_samples: int, effective: int) -> int:
    """Generic rank of the Hessian of n samples at a shared optimum: min(n, N_eff).

    Each sample adds one gradient; generic ones are independent until they span the tangent space.

    >>> rank_with_samples(7, 65), rank_with_samples(100, 65)
    (7, 65)
    """
    n_samples = check.integer(n_samples, "rank_with_samples", "n_samples", minimum=0)
    return min(n_samples, check.integer(effective, "rank_with_samples", "effective", minimum=0))


def _clean(
    eigenvalues: ArrayLike, multiplicities: ArrayLike | None, who: str
) -> tuple[np.ndarray, np.ndarray]:
    values = check.float_array(eigenvalues, who, "eigenvalues", ndim=1)
    weights = (
        np.ones(values.size)
        if multiplicities is None
        else check.float_array(multiplicities, who, "multiplicities", ndim=1)
    )
    check.same_length(values.size, weights.size, who, "eigenvalues and multiplicities")
    # Rounding of a symmetric eigensolver is below P eps lambda_max; anything more negative is a wrong input.
    largest = float(np.abs(values).max())
    if values.min() < -1e3 * values.size * np.finfo(np.float64).eps * largest:
        raise InputError(
            f"{who}: expected eigenvalues >= 0 up to rounding, got {values.min():.3g}; is this an optimum?"
        )
    return np.maximum(values, 0.0), weights

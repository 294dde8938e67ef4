"""Eigenvalues of many teachers against a law: eigenvalues of one teacher are dependent, so teachers are the sample.

The pooled Kolmogorov-Smirnov test treats them as independent and rejects the TRUE law (at d = 30, k = 10 every time:
there d - k = 20 eigenvalues of a teacher are one number). Two judges are right: the pooled distance with a bootstrap by
teacher, and the ordinary test on one eigenvalue per teacher.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.stats

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law


class Distance(NamedTuple):
    """Outcome of :func:`pooled_distance`."""

    value: float
    """sup over x of \\|F_n(x) - F(x)\\|, all eigenvalues pooled."""
    noise: float
    """95 % quantile of sup \\|F_b - F_n\\| over bootstrap samples of teachers: what chance alone gives."""
    p_value: float
    """Share of bootstrap samples whose sup \\|F_b - F_n\\| reaches ``value``; small speaks against the law."""


class KolmogorovSmirnov(NamedTuple):
    """Outcome of :func:`one_per_teacher`."""

    value: float
    p_value: float
    n_teachers: int


def pooled_distance(
    eigenvalues: Any,
    law: Law,
    multiplicities: Any = None,
    n_bootstrap: int = 500,
    random_state: Any = 0,
) -> Distance:
    r"""Distance :math:`\sup_x |F_n(x) - F(x)|` of pooled eigenvalues to a law, with a bootstrap by teacher.

    Parameters
    ----------
    eigenvalues : array_like, shape (teachers, n)
    law : Law
    multiplicities : array_like, shape (teachers, n) or (n,), optional
        Weights of the eigenvalues; 0 leaves one out.
    n_bootstrap : int
        Samples of teachers with replacement; 500 tell a p-value of 0.05 to 0.01.
    random_state
        Anything ``numpy.random.default_rng`` takes; fixed by default, so that equal data give equal answers.

    Examples
    --------
    >>> from tutelage.laws import ChiSquare
    >>> draws = ChiSquare(3).rvs((400, 1), random_state=1).repeat(5, axis=1)  # five copies are no five draws
    >>> pooled_distance(draws, ChiSquare(3)).p_value > 0.05, pooled_distance(draws, ChiSquare(4)).p_value < 0.01
    (True, True)
    """
    values, weights = _table(eigenvalues, multiplicities, law, "pooled_distance")
    n_bootstrap = check.integer(n_bootstrap, "pooled_distance", "n_bootstrap")
    rng = np.random.default_rng(random_state)
    points, place = np.unique(values, return_inverse=True)
    place, n_teachers = place.ravel(), len(values)
    jumps = np.bincount(place, weights.ravel())
    total = np.cumsum(jumps) / jumps.sum()
    before = np.concatenate([[0.0], total[:-1]])
    gap = np.abs(total - law.cdf(points))
    gap_before = np.abs(before - law.cdf(np.nextafter(points, -np.inf)))
    value = float(max(gap.max(), gap_before.max()))
    chance = np.empty(n_bootstrap)
    for b in range(n_bootstrap):
        drawn = np.bincount(rng.integers(n_teachers, size=n_teachers), minlength=n_teachers)
        sample = np.cumsum(np.bincount(place, (weights * drawn[:, None]).ravel()))
        chance[b] = np.abs(sample / sample[-1] - total).max()
    # The sample itself counts as one draw, so that no p-value is zero.
    p_value = (1 + np.sum(chance >= value)) / (1 + n_bootstrap)
    return Distance(value, float(np.quantile(chance, 0.95)), float(p_value))


def one_per_teacher(
    eigenvalues: Any, law: Law, multiplicities: Any = None, random_state: Any = 0
) -> KolmogorovSmirnov:
    """Kolmogorov-Smirnov test on one eigenvalue of every teacher, picked with probability proportional to multiplicity.

    Exact for laws without atoms, conservative (p-values too large) with them. Arguments as in
    :func:`pooled_distance`; ``random_state`` picks the eigenvalues.

    Examples
    --------
    >>> from tutelage.laws import LinearNetwork
    >>> law = LinearNetwork(10, 20)
    >>> one_per_teacher(law.rvs((300, 10), random_state=1), law).p_value > 0.05
    True
    """
    values, weights = _table(eigenvalues, multiplicities, law, "one_per_teacher")
    cumulative = np.cumsum(weights, axis=1)
    ticket = (1 - np.random.default_rng(random_state).random(len(values))) * cumulative[:, -1]
    picked = values[np.arange(len(values)), (cumulative < ticket[:, None]).sum(axis=1)]
    result = scipy.stats.kstest(picked, law.cdf)
    return KolmogorovSmirnov(float(result.statistic), float(result.pvalue), len(values))


def _table(eigenvalues: Any, multiplicities: Any, law: Any, who: str) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and weights of shape (teachers, n), checked."""
    if not isinstance(law, Law):
        raise InputError(f"{who}: expected a tutelage law, got {law!r}; pass LinearNetwork(d, k), ...")
    values = check.float_array(eigenvalues, who, "eigenvalues", ndim=2)
    if multiplicities is None:
        return values, np.ones_like(values)
    weights = check.float_array(multiplicities, who, "multiplicities")
    if weights.shape not in (values.shape, values.shape[1:]):
        raise InputError(
            f"{who}: expected multiplicities of shape {values.shape} or {values.shape[1:]}, got {weights.shape}; "
            "give one per eigenvalue"
        )
    weights = np.broadcast_to(weights, values.shape)
    if (weights < 0).any() or (weights.sum(axis=1) == 0).any():
        raise InputError(
            f"{who}: expected multiplicities >= 0, some > 0 for every teacher; remove empty teachers"
        )
    return values, weights

"""Eigenvalues of many teachers against a law: eigenvalues of one teacher are dependent, so teachers are the sample.

The pooled Kolmogorov-Smirnov test treats them as independent and rejects the TRUE law (at d = 30, k = 10 every time:
there d - k = 20 eigenvalues of a teacher are one number). Two judges are right: the pooled distance with a bootstrap by
teacher, and the ordinary test on one eigenvalue per teacher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import html_of_tuple
from tutelage.laws.base import Law, Seed

KOLMOGOROV_1E3 = 1.9495
r"""0.1 % point of Kolmogorov's limit law: :math:`\sqrt n\,\sup|F_n - F|` exceeds it once in a thousand."""

KOLMOGOROV_MEDIAN = 0.83

Cdf = Callable[[np.ndarray], np.ndarray]


def distance(sample: np.ndarray, cdf: Cdf) -> float:
    r""":math:`\sup_x |F_n(x) - F(x)|` over both sides of every jump of the empirical cdf."""
    points, counts = np.unique(sample, return_counts=True)
    law = np.asarray(cdf(points))
    return _sup(counts, law, law)


def kolmogorov(sample: np.ndarray, cdf: Cdf) -> float:
    r""":math:`\sqrt n\,D_n` of independent draws."""
    return float(np.sqrt(np.size(sample)) * distance(sample, cdf))


def pick_one(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """One entry of each row, chosen at random: independent draws from the law of a random eigenvalue."""
    rng = np.random.default_rng(seed)
    return values[np.arange(len(values)), rng.integers(values.shape[1], size=len(values))]


def distance_and_error(values: np.ndarray, cdf: Cdf, repeats: int = 30, seed: int = 0) -> tuple[float, float]:
    """:func:`distance` of pooled rows (teachers), and its standard error by resampling them."""
    points, place = np.unique(values, return_inverse=True)
    place, law = place.reshape(values.shape), np.asarray(cdf(points))

    def sup(copies: np.ndarray) -> float:
        return _sup(_jumps(place, copies[:, None], points.size), law, law)

    draws = [sup(copies) for copies in _resampled(len(values), repeats, np.random.default_rng(seed))]
    return sup(np.ones(len(values))), float(np.std(draws, ddof=1))


def bootstrap(
    values: np.ndarray, statistic: Callable[[np.ndarray], float], repeats: int = 100, seed: int = 0
) -> float:
    """Standard error of ``statistic(values)`` by resampling rows (teachers)."""
    rng = np.random.default_rng(seed)
    draws = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(repeats)]
    return float(np.std(draws, ddof=1))


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean over everything and its standard error over rows (teachers)."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1).mean(axis=1)
    return float(rows.mean()), float(rows.std(ddof=1) / np.sqrt(len(rows)))


def _resampled(count: int, repeats: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each of ``count`` rows is drawn, with replacement."""
    for _ in range(repeats):
        yield np.bincount(rng.integers(count, size=count), minlength=count)


def _jumps(place: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Weight at each of ``size`` points, of eigenvalues (teachers, n) that stand at ``place``."""
    return np.bincount(place.ravel(), np.broadcast_to(weights, place.shape).ravel(), size)


def _sup(jumps: np.ndarray, at: np.ndarray, before: np.ndarray) -> float:
    """Largest difference of an empirical cdf and a law, on both sides of every jump."""
    after = np.cumsum(jumps) / jumps.sum()
    gap = np.abs(np.concatenate([[0.0], after[:-1]]) - before)
    return float(max(np.abs(after - at).max(), gap.max()))


class Distance(NamedTuple):
    """Outcome of :func:`pooled_distance`."""

    value: float
    """sup over x of \\|F_n(x) - F(x)\\|, all eigenvalues pooled."""
    noise: float
    """95 % quantile of sup \\|F_b - F_n\\| over bootstrap samples of teachers: what chance alone gives."""
    p_value: float
    """Share of bootstrap samples whose sup \\|F_b - F_n\\| reaches ``value``; small speaks against the law."""

    _repr_html_ = html_of_tuple


class KolmogorovSmirnov(NamedTuple):
    """Outcome of :func:`one_per_teacher`."""

    value: float
    p_value: float
    n_teachers: int

    _repr_html_ = html_of_tuple


def pooled_distance(
    eigenvalues: ArrayLike,
    law: Law,
    multiplicities: ArrayLike | None = None,
    n_bootstrap: int = 500,
    random_state: Seed = 0,
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
    points, place = np.unique(values, return_inverse=True)
    place = place.reshape(values.shape)
    jumps = _jumps(place, weights, points.size)
    value = _sup(jumps, law.cdf(points), law.cdf(np.nextafter(points, -np.inf)))
    total, chance = np.cumsum(jumps) / jumps.sum(), np.empty(n_bootstrap)
    rng = np.random.default_rng(random_state)
    for b, copies in enumerate(_resampled(len(values), n_bootstrap, rng)):
        sample = np.cumsum(_jumps(place, weights * copies[:, None], points.size))
        chance[b] = np.abs(sample / sample[-1] - total).max()
    # The sample itself counts as one draw, so that no p-value is zero.
    p_value = (1 + np.sum(chance >= value)) / (1 + n_bootstrap)
    return Distance(value, float(np.quantile(chance, 0.95)), float(p_value))


def one_per_teacher(
    eigenvalues: ArrayLike, law: Law, multiplicities: ArrayLike | None = None, random_state: Seed = 0
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


def _table(
    eigenvalues: ArrayLike, multiplicities: ArrayLike | None, law: object, who: str
) -> tuple[np.ndarray, np.ndarray]:
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

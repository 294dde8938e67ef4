r"""Recovery against the number of samples: three separate curves, none of which is "the" recovery curve.

1. certified uniqueness of the minimiser; 2. size of the set of fits; 3. success of minimisation at a tolerance of
generalisation error. For the first, every realization has ONE number: the smallest n whose first n samples make A_*
the only fit (uniqueness is monotone in the samples). It is found by bisection, and its distribution is the curve.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from tutelage import check
from tutelage.errors import InputError
from tutelage.quadratic.batch import Progress
from tutelage.quadratic.feasible import feasible_sizes
from tutelage.quadratic.solver import Method, minimise
from tutelage.quadratic.teacher import (
    matrix_of,
    orthogonal_split,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
)
from tutelage.quadratic.thresholds import effective_parameters_frozen
from tutelage.quadratic.uniqueness import certify_batch
from tutelage.weights import Normal

TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4)
# Realizations solved and stored together: large enough to batch, small enough to lose little when interrupted.
_CHUNK = 50


def wilson_interval(successes: Any, trials: Any, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of a probability: inside [0, 1], and not empty at 0 or all successes.

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> float(low), round(float(high), 3)
    (0.0, 0.278)
    """
    who = "wilson_interval"
    k = np.asarray(check.float_array(successes, who, "successes"))
    n = np.asarray(check.float_array(trials, who, "trials"))
    if np.any(n < 1) or np.any(k < 0) or np.any(k > n):
        raise InputError(
            f"{who}: expected 0 <= successes <= trials and trials >= 1, got {successes} of {trials}"
        )
    if not 0 < confidence < 1:
        raise InputError(f"{who}: expected a confidence between 0 and 1, got {confidence}")
    z = stats.norm.ppf(0.5 + confidence / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


@dataclasses.dataclass(frozen=True, eq=False)
class RecoveryCurve:
    """Probability of recovery at each sample count, as counts: ``successes`` of ``trials`` at ``samples``."""

    label: str
    samples: np.ndarray
    successes: np.ndarray
    trials: int
    undecided: int = 0

    @property
    def probability(self) -> np.ndarray:
        """successes / trials."""
        return self.successes / self.trials

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """95 % Wilson interval."""
        return wilson_interval(self.successes, self.trials)

    @property
    def half_point(self) -> float:
        """Sample count where the probability, interpolated linearly, first reaches one half; NaN if it never does."""
        p = self.probability
        reached = np.flatnonzero(p >= 0.5)
        if len(reached) == 0:
            return float("nan")
        i = reached[0]
        if i == 0:
            return float(self.samples[0]) if p[0] == 0.5 else float("nan")
        return float(np.interp(0.5, [p[i - 1], p[i]], [self.samples[i - 1], self.samples[i]]))

    def __repr__(self) -> str:
        return f"RecoveryCurve({self.label!r}, 50 % at {self.half_point:.4g}, {self.trials} realizations)"


def sample_instances(
    d: int, width: int, n: int, realizations: Sequence[int], seed: int = 0, weights: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Teachers (B, d, d) and inputs (B, n, d) of the given realizations."""
    law = Normal() if weights is None else weights
    A = [sample_quadratic_teacher(d, width, seed, law, i).matrix for i in realizations]
    return np.array(A), np.array([sample_inputs(n, d, seed, i) for i in realizations])


@dataclasses.dataclass(frozen=True, eq=False)
class UniqueCounts:
    """For each realization the smallest n at which A_* is certified unique: ``counts`` (B,), of one (d, m_*).

    ``undecided``: certificates without a verdict met during bisection; their n counts as not yet unique.
    """

    d: int
    width: int
    counts: np.ndarray
    undecided: int

    def curve(self, samples: Any = None) -> RecoveryCurve:
        """P(certified unique) at each n; from N_eff − 1 to d(d+1)/2 by default."""
        if samples is None:
            samples = np.arange(
                effective_parameters_frozen(self.d, self.width) - 1, self.d * (self.d + 1) // 2 + 1
            )
        samples = np.asarray(samples)
        successes = np.sum(self.counts[:, None] <= samples, axis=0)
        return RecoveryCurve("certified unique", samples, successes, len(self.counts), self.undecided)

    @property
    def half_point(self) -> float:
        """50 % point of the curve, interpolated between neighbouring n."""
        return self.curve().half_point

    def half_point_error(self, resamples: int = 400) -> float:
        """Standard error of the 50 % point, by bootstrap over realizations."""
        rng = np.random.default_rng(0)
        draws = rng.choice(self.counts, (resamples, len(self.counts)))
        points = [UniqueCounts(self.d, self.width, row, 0).half_point for row in draws]
        return float(np.nanstd(points, ddof=1))


def unique_counts(
    d: int,
    width: int,
    instances: int,
    seed: int = 0,
    weights: Any = None,
    store: Any = None,
    progress: Progress | None = None,
) -> UniqueCounts:
    """Bisect every realization's data stream for the n at which A_* becomes the only fit.

    Parameters
    ----------
    d, width, instances : int
        Dimension, teacher neurons m_*, number of realizations.
    weights : WeightLaw, str or frozen scipy.stats distribution, optional
    store : tutelage.store.Store, optional
        Chunks of 50 realizations are kept there: an interrupted run resumes, a longer one extends.
    progress : callable, optional
        Called with (done, total).
    """
    who = "unique_counts"
    d, width = check.integer(d, who, "d"), check.integer(width, who, "width")
    instances, seed = check.integer(instances, who, "instances"), check.integer(seed, who, "seed", minimum=0)
    counts, undecided = [], 0
    for first in range(0, instances, _CHUNK):
        block = range(first, min(first + _CHUNK, instances))
        found = _stored_chunk(d, width, block, seed, weights, store)
        counts.append(found[0])
        undecided += found[1]
        if progress is not None:
            progress(block.stop, instances)
    return UniqueCounts(d, width, np.concatenate(counts), undecided)


def _stored_chunk(
    d: int, width: int, block: range, seed: int, weights: Any, store: Any
) -> tuple[np.ndarray, int]:
    if store is None:
        return _bisect(d, width, block, seed, weights)
    import xarray as xr

    from tutelage.store import code_version, dataset_key
    from tutelage.weights import as_weight_law

    law = as_weight_law(Normal() if weights is None else weights).spec
    parameters = {
        "d": d,
        "width": width,
        "first": block.start,
        "last": block.stop,
        "seed": seed,
        "weights": law,
    }
    key = dataset_key(
        "quadratic-unique-counts",
        parameters,
        code_version(("tutelage.quadratic", "tutelage.network", "tutelage.weights")),
    )
    dataset = store.get(key)
    if dataset is None:
        counts, undecided = _bisect(d, width, block, seed, weights)
        dataset = xr.Dataset({"counts": ("realization", counts), "undecided": undecided}, attrs=parameters)
        store.put(key, dataset)
    return dataset.counts.values, int(dataset.undecided)


def _bisect(d: int, width: int, block: range, seed: int, weights: Any) -> tuple[np.ndarray, int]:
    """Realizations that ask for the same n are certified in one batch: bisection makes them share few values."""
    high = np.full(len(block), d * (d + 1) // 2)
    A, X = sample_instances(d, width, int(high[0]), block, seed, weights)
    # Discrete laws draw parallel neurons now and then: the bound below which nothing is unique is that of the rank.
    ranks = [max(orthogonal_split(matrix)[0].shape[1], 1) for matrix in A]
    low = np.array([min(effective_parameters_frozen(d, rank), high[0] - 1) for rank in ranks])
    undecided = 0
    while np.any(high - low > 1):
        middle = (low + high) // 2
        for n in np.unique(middle[high - low > 1]):
            rows = np.flatnonzero((middle == n) & (high - low > 1))
            for row, certificate in zip(rows, certify_batch(A[rows], X[rows, :n]), strict=True):
                if certificate.status == "unique":
                    high[row] = n
                else:
                    low[row] = n
                    undecided += certificate.status == "undecided"
    return high, undecided


@dataclasses.dataclass(frozen=True, eq=False)
class Outcomes:
    """Per instance at one n: certificate ``status``, minimisation ``error`` E/E(0) and relative ``loss``, and the
    ``width`` of the set of fits (None unless asked for)."""

    status: np.ndarray
    error: np.ndarray
    loss: np.ndarray
    width: np.ndarray | None = None

    def disagreements(self, tolerance: float = 1e-4) -> int:
        """Instances where success at this tolerance and the certificate differ: counted, never hidden."""
        return int(np.sum((self.error <= tolerance) != (self.status == "unique")))


def recover(
    d: int,
    width: int,
    n: int,
    instances: int,
    seed: int = 0,
    method: Method = "descent_then_gauss_newton",
    student_width: int | None = None,
    sizes: bool = False,
    weights: Any = None,
) -> Outcomes:
    """Certify, minimise from random starts and (if asked) measure the set of fits of ``instances`` instances.

    ``student_width`` is m, 2 d by default; m < d runs too, but the statement that every minimum has zero loss needs
    m >= d (the caller is told by ``tutelage recover``).
    """
    who = "recover"
    n, instances = check.integer(n, who, "n"), check.integer(instances, who, "instances")
    m = 2 * d if student_width is None else check.integer(student_width, who, "student_width")
    A, X = sample_instances(d, width, n, range(instances), seed, weights)
    starts = np.array([matrix_of(sample_start(m, d, seed, i)) for i in range(instances)])
    certificates = certify_batch(A, X)
    run = minimise(A, X, starts, method=method)
    extent = None
    if sizes:
        extent = np.array([size.width for size in feasible_sizes(A, X, 4, seed, certificates)])
    return Outcomes(np.array([c.status for c in certificates]), run.error, run.loss, extent)


def success_curves(
    outcomes: Sequence[Outcomes], samples: Any, tolerances: Sequence[float] = TOLERANCES
) -> list[RecoveryCurve]:
    """One curve per tolerance of generalisation error, and the certified one last."""
    samples = np.asarray(samples)
    trials = len(outcomes[0].error)
    curves = [
        RecoveryCurve(f"error <= {t:g}", samples, np.array([np.sum(o.error <= t) for o in outcomes]), trials)
        for t in tolerances
    ]
    unique = np.array([np.sum(o.status == "unique") for o in outcomes])
    undecided = int(sum(np.sum(o.status == "undecided") for o in outcomes))
    return [*curves, RecoveryCurve("certified unique", samples, unique, trials, undecided)]

r"""For every realization ONE number: the smallest n whose first n samples make A_* the only fit.

Uniqueness is monotone in the samples, so the distribution of this number over realizations is the whole curve of
certified recovery. It is searched for from the statistical dimension outwards in doubling steps, then by bisection:
about five certificates a realization instead of the nine of plain bisection at d = 32, and none with many samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base import check
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.quadratic.chunks import CHUNK, Arrays, in_chunks
from tutelage.quadratic.probability import RecoveryCurve
from tutelage.quadratic.teacher import Weights, input_stream, range_last, sample_quadratic_teacher
from tutelage.quadratic.thresholds import effective_parameters_frozen, statistical_dimension
from tutelage.quadratic.uniqueness import certify_batch
from tutelage.weights import Normal, as_weight_law

if TYPE_CHECKING:
    from tutelage.store import Store


def sample_instances(
    d: int,
    width: int,
    n: int,
    realizations: Sequence[int],
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008
) -> tuple[np.ndarray, np.ndarray]:
    """Teachers (B, d, d) and inputs (B, n, d) of the given realizations.

    Examples
    --------
    >>> A, X = sample_instances(d=4, width=2, n=7, realizations=range(3))
    >>> A.shape, X.shape
    ((3, 4, 4), (3, 7, 4))
    """
    who = "sample_instances"
    d, width, n = (check.integer(v, who, name) for v, name in ((d, "d"), (width, "width"), (n, "n")))
    require_budget(who, len(realizations), "instances", len(realizations), d, width, n)
    A = [sample_quadratic_teacher(d, width, seed, weights, i).matrix for i in realizations]
    # The rows of `sample_inputs`, drawn without its object for the law, which costs ten times the numbers.
    X = [input_stream(d, seed, i).standard_normal((n, d)) for i in realizations]
    return np.array(A), np.array(X)


def require_budget(who: str, count: int, what: str, at_once: int, d: int, width: int, n: int) -> None:
    """Refuse more instances or starts than end, or whose arrays (``at_once`` of them together) do not fit."""
    check.affordable(count, who, what, 1e6, "each takes a millisecond at best, so that they take days")
    one = 8.0 * (2 * n * d + 4 * d * d + 2 * width * d)
    system = 8.0 * n * d * (d + 1) / 2
    room = (0.9 * check.available_bytes() - system) / one
    check.fits_in_memory(
        system + min(count, at_once) * one, who,
        f"{min(count, at_once)} {what} of d = {d}, {width} neurons and n = {n} samples",
        f"{int(room)} {what}" if room >= 1 else "none of this size", "choose smaller sizes",
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class UniqueCounts(Value):
    """For each realization the smallest n at which A_* is certified unique: ``counts`` (B,), of one (d, m_*).

    ``undecided``: certificates without a verdict met on the way; their n counts as not yet unique.
    """

    d: int
    width: int
    counts: np.ndarray
    undecided: int

    def curve(self, samples: ArrayLike | None = None) -> RecoveryCurve:
        """P(certified unique) at each n; from N_eff − 1 to d(d+1)/2 by default."""
        if samples is None:
            samples = np.arange(
                effective_parameters_frozen(self.d, self.width) - 1, self.d * (self.d + 1) // 2 + 1
            )
        samples = np.asarray(samples)
        successes = np.searchsorted(np.sort(self.counts), samples, side="right")
        return RecoveryCurve("certified unique", samples, successes, len(self.counts), self.undecided)

    @property
    def half_point(self) -> float:
        """50 % point of the curve, interpolated between neighbouring n."""
        return float(_half_points(self.counts[None])[0])

    def resampled_half_points(self, resamples: int = 400) -> np.ndarray:
        """50 % points of bootstrap samples of the realizations, shape (resamples,)."""
        rng = np.random.default_rng(0)
        return _half_points(rng.choice(self.counts, (resamples, len(self.counts))))

    def half_point_error(self, resamples: int = 400) -> float:
        """Standard error of the 50 % point, by bootstrap over realizations."""
        return float(np.std(self.resampled_half_points(resamples), ddof=1))

    def __repr__(self) -> str:
        return (
            f"UniqueCounts(d={self.d}, m*={self.width}: 50 % at {self.half_point:.4g} ± "
            f"{self.half_point_error():.2g}, {len(self.counts)} realizations)"
        )


def _half_points(counts: np.ndarray) -> np.ndarray:
    """Rows of counts (R, B) -> where each row's P(n), linear between neighbouring n, reaches one half."""
    B = counts.shape[1]
    n = np.sort(counts, axis=1)[:, (B + 1) // 2 - 1]
    above = np.mean(counts <= n[:, None], axis=1)
    below = np.mean(counts <= n[:, None] - 1, axis=1)
    return n - 1 + (0.5 - below) / (above - below)


def unique_counts(
    d: int,
    width: int,
    instances: int,
    seed: int = 0,
    weights: Weights = Normal(),  # noqa: B008  (a frozen value)
    *,
    store: Store | None = None,
    progress: AskedProgress = None,
) -> UniqueCounts:
    """Search every realization's data stream for the n at which A_* becomes the only fit.

    Parameters
    ----------
    d, width, instances : int
        Dimension, teacher neurons m_*, number of realizations.
    weights : WeightLaw, str or frozen scipy.stats distribution, optional
    store : tutelage.store.Store, optional
        Chunks of 50 realizations are kept there: an interrupted run resumes, a longer one extends.
    progress : callable or True, optional
        Called with the fraction done; True draws a bar.

    Examples
    --------
    At m_* >= d − 1 the threshold is exact, d(d+1)/2 samples:

    >>> unique_counts(d=4, width=3, instances=5).counts
    array([10, 10, 10, 10, 10])
    """
    progress = as_progress(progress, "unique_counts")
    who = "unique_counts"
    d, width = check.integer(d, who, "d"), check.integer(width, who, "width")
    instances, seed = check.integer(instances, who, "instances"), check.seed(seed, who)
    require_budget(who, instances, "instances", CHUNK, d, width, d * (d + 1) // 2)
    parameters = {"d": d, "width": width, "seed": seed, "weights": as_weight_law(weights).spec}
    found = in_chunks(
        lambda block: _search(d, width, block, seed, weights),
        instances,
        "quadratic-unique-counts",
        parameters,
        store,
        progress,
    )
    return UniqueCounts(d, width, found["counts"], int(found["undecided"].sum()))


def _search(d: int, width: int, block: range, seed: int, weights: Weights) -> Arrays:
    """Realizations that ask for the same n are certified in one batch: the search makes them share few values."""
    total = d * (d + 1) // 2
    A, X = sample_instances(d, width, total, block, seed, weights)
    # Discrete laws draw parallel neurons now and then: the bound below which nothing is unique is that of the rank.
    ranks, of_rank = np.unique(np.maximum(range_last(A)[1], 1), return_inverse=True)
    low = np.array([min(effective_parameters_frozen(d, int(rank)), total - 1) for rank in ranks])[of_rank]
    high = np.full(len(block), total)
    probe = np.array([round(statistical_dimension(d, int(rank), draws=100).value) for rank in ranks])[of_rank]
    step = np.full(len(block), max(d // 8, 1))
    undecided = np.zeros(len(block), dtype=int)
    while np.any(open_ := high - low > 1):
        probe = np.clip(probe, low + 1, high - 1)
        for n in np.unique(probe[open_]):
            rows = np.flatnonzero((probe == n) & open_)
            for row, certificate in zip(rows, certify_batch(A[rows], X[rows, :n]), strict=True):
                if certificate.status == "unique":
                    high[row] = n
                else:
                    low[row] = n
                    undecided[row] += certificate.status == "undecided"
        # Away from the last answer in doubling steps while that stays inside the bracket, else to its middle.
        outwards = np.where(high == probe, high - step, low + step)
        inside = (outwards > low) & (outwards < high)
        probe = np.where(inside, outwards, (low + high) // 2)
        step = 2 * step
    return {"counts": high, "undecided": undecided}

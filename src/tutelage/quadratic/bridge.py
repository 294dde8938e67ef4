r"""Both papers on one axis: local identifiability, the global count n_c, and certified recovery (science 7.5).

For the same quadratic networks, read-outs frozen: the rank of the sampled Hessian at the teacher is min(n, N_eff)
([C25] counts parameters this way), :math:`n_c = N_\mathrm{eff} + d - m_*` ([S20]), and certified recovery needs more still.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base.progress import AskedProgress, as_progress
from tutelage.base.value import Value
from tutelage.quadratic.counts import unique_counts
from tutelage.quadratic.hessian import sampled_hessian_rank
from tutelage.quadratic.probability import RecoveryCurve
from tutelage.quadratic.teacher import sample_inputs, sample_quadratic_teacher
from tutelage.quadratic.thresholds import (
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Bridge(Value):
    """The numbers of one (d, m_*): ``rank`` (N,) of the sampled Hessian at each of ``samples`` (N,), with its smallest
    ``gap``; ``n_eff``, ``n_c``, ``delta`` (statistical dimension); the certified ``curve``."""

    d: int
    width: int
    samples: np.ndarray
    rank: np.ndarray
    gap: float
    n_eff: int
    n_c: int
    delta: float
    curve: RecoveryCurve
    half_point_error: float


def two_papers(
    d: int, width: int, instances: int = 100, seed: int = 0, progress: AskedProgress = None
) -> Bridge:
    """Rank of the sampled Hessian, n_c and certified recovery for one size, over the whole range of n.

    Parameters
    ----------
    d, width, instances, seed
        As in :func:`~tutelage.quadratic.unique_counts`.

    Examples
    --------
    >>> bridge = two_papers(d=4, width=1, instances=10)
    >>> bridge.rank, (bridge.n_eff, bridge.n_c)
    (array([1, 2, 3, 4, 4, 4, 4, 4, 4, 4]), (4, 7))
    """
    progress = as_progress(progress, "two_papers")
    found = unique_counts(d, width, instances, seed, progress=progress)
    samples = np.arange(1, d * (d + 1) // 2 + 1)
    W, X = sample_quadratic_teacher(d, width, seed).W, sample_inputs(len(samples), d, seed)
    ranks = [sampled_hessian_rank(W, X[:n]) for n in samples]
    return Bridge(
        d=d,
        width=width,
        samples=samples,
        rank=np.array([r.rank for r in ranks]),
        gap=min(r.gap for r in ranks),
        n_eff=effective_parameters_frozen(d, width),
        n_c=critical_samples(d, width),
        delta=statistical_dimension(d, width).value,
        curve=found.curve(samples),
        half_point_error=found.half_point_error(),
    )

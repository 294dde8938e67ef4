"""Both papers in one picture: local identifiability, the count n_c, and certified recovery of the same networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.quadratic.bridge import two_papers
from tutelage.quadratic.thresholds import (
    critical_samples,
    effective_parameters_frozen,
    statistical_dimension,
)
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.two_papers import TwoPapers


def compute(study: TwoPapers, progress: Progress | None = None) -> xr.Dataset:
    """Ranks, certificates and counts of the same networks, for every size."""
    cases = list(zip(study.sizes, study.instances, strict=True))
    found = [two_papers(d, m, count, study.seed) for (d, m), count in tracked(cases, progress)]
    longest = max(len(b.samples) for b in found)

    def padded(values: np.ndarray) -> np.ndarray:
        return np.pad(values.astype(float), (0, longest - len(values)), constant_values=np.nan)

    return xr.Dataset(
        {
            "rank": (("size", "sample"), np.array([padded(b.rank) for b in found])),
            "probability": (("size", "sample"), np.array([padded(b.curve.probability) for b in found])),
            "probability_low": (
                ("size", "sample"),
                np.array([padded(b.curve.interval[0]) for b in found]),
            ),
            "probability_high": (
                ("size", "sample"),
                np.array([padded(b.curve.interval[1]) for b in found]),
            ),
            "gap": ("size", [b.gap for b in found]),
            "half_point": ("size", [b.curve.half_point for b in found]),
            "half_point_error": ("size", [b.half_point_error for b in found]),
            "n_eff": ("size", [b.n_eff for b in found]),
            "n_c": ("size", [b.n_c for b in found]),
            "delta": ("size", [b.delta for b in found]),
        },
        coords={
            "sample": np.arange(1, longest + 1),
            "size": [f"d={d}, m*={m}" for d, m in study.sizes],
            "d": ("size", [d for d, _ in study.sizes]),
            "width": ("size", [m for _, m in study.sizes]),
        },
    )


def measure(study: TwoPapers, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Ranks against N_eff, and certified recovery against n_c and δ."""
    n = dataset.sample.values
    wrong, early = 0, 0.0
    for i, (d, m) in enumerate(study.sizes):
        rank, n_eff = dataset["rank"].values[i], effective_parameters_frozen(d, m)
        known = np.isfinite(rank)
        wrong += int(np.sum(rank[known] != np.minimum(n[known], n_eff)))
        early = max(early, float(dataset.probability.values[i, n == n_eff][0]))
    d, m = study.sizes[-1]
    n_c, half = critical_samples(d, m), float(dataset.half_point[-1])
    error = float(dataset.half_point_error[-1])
    delta = statistical_dimension(d, m).value
    return {
        "two-papers.rank": Measured(0.0, float(wrong)),
        "two-papers.gap": Measured(1e6, float(dataset.gap.min())),
        "two-papers.local": Measured(0.0, early),
        "two-papers.global": Measured(1.0, half / n_c, error / n_c, delta / n_c),
        "two-papers.order": Measured(
            0.5, half - n_c if n_c > effective_parameters_frozen(d, m) else -1.0, error
        ),
    }

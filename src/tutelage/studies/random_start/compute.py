"""A random start of phase retrieval: edge, outlier and overlap of drawn Hessians beside their limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.landscape import (
    phase_retrieval_start,
    phase_retrieval_transition,
    simulate_phase_retrieval_start,
)
from tutelage.laws.distance import mean_and_error
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.random_start import RandomStartStudy

_FACTS = ("edge", "lowest", "overlap")


def compute(study: RandomStartStudy, progress: Progress | None = None) -> xr.Dataset:
    """Drawn Hessians at every ratio, and the limit curves."""
    found = []
    for i, ratio in tracked(list(enumerate(study.ratios)), progress):
        seeds = (_seed(study.seed, i, run) for run in range(study.runs))
        n = round(ratio * study.d)
        runs = [simulate_phase_retrieval_start(study.d, n, study.offset, seed) for seed in seeds]
        found.append([[getattr(run, fact) for fact in _FACTS] for run in runs])
    grid = np.geomspace(study.below, study.ratios[-1], 60)
    limits = [phase_retrieval_start(ratio, study.offset) for ratio in grid]
    table = np.array(found)
    return xr.Dataset(
        {
            **{fact: (("ratio", "run"), table[..., i]) for i, fact in enumerate(_FACTS)},
            **{f"{fact}_limit": ("grid", [getattr(limit, fact) for limit in limits]) for fact in _FACTS},
        },
        coords={"ratio": list(study.ratios), "grid": grid},
        attrs={"d": study.d, "transition": phase_retrieval_transition(study.offset)},
    )


def _seed(seed: int, *place: int) -> int:
    """Independent draws for every ratio and run."""
    return int(np.random.SeedSequence(entropy=seed, spawn_key=place).generate_state(1)[0])


def measure(study: RandomStartStudy, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Limits of the study's own ratios against the drawn Hessians."""
    limits = {ratio: phase_retrieval_start(ratio, study.offset) for ratio in study.ratios}
    worst = {fact: _worst(study, dataset, limits, fact) for fact in ("overlap", "lowest")}
    rising = dataset.overlap.sel(ratio=list(study.rising)).values.mean(axis=0)
    expected = np.mean([limits[ratio].overlap for ratio in study.rising])
    ends = [dataset.overlap.sel(ratio=ratio).values for ratio in (study.below, study.judged[-1])]
    grown, spread = ends[1].mean() - ends[0].mean(), np.hypot(*(end.std(ddof=1) for end in ends))
    signs = [dataset.lowest.sel(ratio=ratio).values for ratio in (study.rising[-1], study.judged[-1])]
    in_errors = [s.mean() / s.std(ddof=1) * np.sqrt(study.runs) for s in signs]
    return {
        "random-start.overlap": Measured(0.0, *worst["overlap"]),
        "random-start.lowest": Measured(0.0, *worst["lowest"]),
        "random-start.rise": Measured(float(expected), *mean_and_error(rising)),
        "random-start.growth": Measured(
            limits[study.judged[-1]].overlap, float(grown), float(spread / np.sqrt(study.runs))
        ),
        "random-start.lost": Measured(4.0, float(min(-in_errors[0], in_errors[1]))),
    }


def _worst(study: RandomStartStudy, dataset: xr.Dataset, limits: dict, fact: str) -> tuple[float, float]:
    """Largest distance of a mean from its limit at the judged ratios, and its standard error."""
    runs = {ratio: dataset[fact].sel(ratio=ratio).values for ratio in study.judged}
    apart = {ratio: abs(float(v.mean()) - getattr(limits[ratio], fact)) for ratio, v in runs.items()}
    at = max(apart, key=lambda ratio: apart[ratio])
    return apart[at], float(runs[at].std(ddof=1) / np.sqrt(study.runs))

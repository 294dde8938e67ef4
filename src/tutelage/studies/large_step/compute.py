"""One large step: the first layer's top eigenvalue, its overlap with the teacher, and the top of the feature kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.landscape import large_step, simulate_large_step
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.large_step import LargeStepStudy

_FACTS = ("top", "overlap", "kernel_top", "error")


def compute(study: LargeStepStudy, progress: Progress | None = None) -> xr.Dataset:
    """Runs at every shape and rate, and at every batch for the first shape; beside them what is predicted."""
    d, k, _ = study.shapes[0]
    points = [(shape, rate) for shape in study.shapes for rate in study.rates]
    batches = [(d, k, round(ratio * d)) for ratio in study.batches]
    points += [(shape, study.judged) for shape in batches]
    found = np.array(
        [_runs(study, i, shape, rate) for i, (shape, rate) in tracked(list(enumerate(points)), progress)]
    )
    cut = len(study.shapes) * len(study.rates)
    swept = found[:cut].reshape(len(study.shapes), len(study.rates), study.runs, len(_FACTS))
    grid = np.geomspace(study.rates[0], study.rates[-1], 40)
    curves = [[large_step(study.activation, *shape, rate).top for rate in grid] for shape in study.shapes]
    ratios = np.geomspace(study.batches[0], study.batches[-1], 40)
    aligned = [large_step(study.activation, d, k, round(r * d), study.judged).overlap for r in ratios]
    return xr.Dataset(
        {
            **{fact: (("shape", "rate", "run"), swept[..., i]) for i, fact in enumerate(_FACTS)},
            **{f"batch_{fact}": (("batch", "run"), found[cut:, :, i]) for i, fact in enumerate(_FACTS)},
            "top_curve": (("shape", "grid"), curves),
            "overlap_curve": ("ratios", aligned),
        },
        coords={
            "shape": [f"d = {d}, k = {k}, n = {n}" for d, k, n in study.shapes],
            "rate": list(study.rates),
            "batch": list(study.batches),
            "grid": grid,
            "ratios": ratios,
        },
        attrs={"judged": study.judged, "activation": study.activation},
    )


def _runs(
    study: LargeStepStudy, place: int, shape: tuple[int, int, int], rate: float
) -> list[tuple[float, ...]]:
    """The facts of every run, on draws of their own."""
    seeds = np.random.SeedSequence(entropy=study.seed, spawn_key=(place,)).generate_state(study.runs)
    runs = [simulate_large_step(study.activation, *shape, rate, seed=int(seed)) for seed in seeds]
    return [tuple(getattr(run, fact) for fact in _FACTS) for run in runs]


def measure(study: LargeStepStudy, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Means over runs against what is predicted, where E e² enters with the value that each run had."""
    judged = dataset.sel(rate=study.judged)
    edges = [(1 + np.sqrt(k / d)) ** 2 for d, k, _ in study.shapes]
    below = dataset.top.isel(rate=0).mean("run").values / np.array(edges) - 1
    d, k, _ = study.shapes[0]
    aligned = [large_step(study.activation, d, k, round(r * d), study.judged).overlap for r in study.batches]
    overlaps = dataset.batch_overlap.values
    ends = overlaps[[0, -1]]
    return {
        "large-step.top": _worst(study, judged, "top"),
        "large-step.kernel": _worst(study, judged, "kernel_top"),
        "large-step.overlap": _worst(study, judged, "overlap"),
        "large-step.edge": Measured(0.0, float(np.abs(below).max())),
        "large-step.growth": Measured(*_growth(study, dataset)),
        "large-step.batch": Measured(
            aligned[-1] - aligned[0],
            float(ends[1].mean() - ends[0].mean()),
            float(np.hypot(*(end.std(ddof=1) for end in ends)) / np.sqrt(study.runs)),
        ),
    }


def _worst(study: LargeStepStudy, judged: xr.Dataset, fact: str) -> Measured:
    """The largest relative distance of a mean from what each run's own E e² predicts, with its standard error."""
    found = []
    for i, shape in enumerate(study.shapes):
        errors = judged["error"].values[i]
        steps = [large_step(study.activation, *shape, study.judged, error=float(e)) for e in errors]
        ratios = judged[fact].values[i] / np.array([getattr(step, fact) for step in steps])
        found.append((abs(float(ratios.mean()) - 1), float(ratios.std(ddof=1) / np.sqrt(study.runs))))
    return Measured(0.0, *max(found))


def _growth(study: LargeStepStudy, dataset: xr.Dataset) -> tuple[float, float, float]:
    """Slope of log top over log η between the judged and the last rate at the first shape: predicted, measured, error."""
    last = study.rates[-1]
    tops = [dataset.top.isel(shape=0).sel(rate=rate).values for rate in (study.judged, last)]
    wanted = [large_step(study.activation, *study.shapes[0], rate).top for rate in (study.judged, last)]
    unit = np.log(last / study.judged)
    spread = [top.std(ddof=1) / top.mean() / np.sqrt(study.runs) for top in tops]
    measured = np.log(tops[1].mean() / tops[0].mean()) / unit
    return float(np.log(wanted[1] / wanted[0]) / unit), float(measured), float(np.hypot(*spread) / unit)

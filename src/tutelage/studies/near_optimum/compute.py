"""Fig. 3: networks started near their teacher, trained, and laid over the predicted curve and its
asymptote."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import (
    Curve,
    GradientDescent,
    NoisyTeacher,
    StartMeasure,
    Timescales,
    asymptote,
    log_steps,
    predict_loss,
    simulate,
    spectral_measure,
    timescales,
)
from tutelage.population import Problem
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.near_optimum import NearOptimum

_SGD = "sgd"

LATE = 1.0 / 3.0
"""Slopes are fitted over this last part of a run."""

EARLY = 1.0 / 24.0
"""The first slope is fitted over this first part: one time constant of the SGD run."""


def compute(study: NearOptimum, progress: Progress | None = None) -> xr.Dataset:
    """Trained curves beside both predictions, for SGD and three activations."""
    runs = (_SGD, *study.activations)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("time", "loss", "predicted", "late")}
    ends = []
    for run in tracked(runs, progress):
        found = _train(study, run)
        for name in columns:
            columns[name].append(_padded(found[name], study.points + 2))
        ends.append((found["smallest"], found["largest"]))
    smallest, largest = (np.array(values) for values in zip(*ends, strict=True))
    data: dict[str, Any] = {name: (("run", "point"), np.stack(rows)) for name, rows in columns.items()}
    data |= {"smallest": ("run", smallest), "largest": ("run", largest)}
    return xr.Dataset(
        data, coords={"run": list(runs)}, attrs={"d": study.d, "k": study.k, "batch": study.batch}
    )


def _train(study: NearOptimum, run: str) -> dict[str, Any]:
    """One run beside the two predictions and the asymptote that meets it at the final time."""
    rates, own = _predicted(study, run)
    teacher = sample_teacher(_network(run), d=study.d, k=study.k, seed=study.seed)
    start = NoisyTeacher(_noise(study, run))
    rate, last = _schedule(study, run, rates.smallest, rates.largest)
    steps, rule = log_steps(last, study.points), GradientDescent(rate)
    batch = study.batch if run == _SGD else None
    trained = simulate(Problem(teacher), start, rule, steps=steps, seed=study.seed, batch=batch)
    return {
        "time": trained.times,
        "loss": trained.loss,
        "predicted": predict_loss(own, trained.times, rule).loss,
        "late": asymptote(own, trained.times, rule, through=trained).loss,
        "smallest": rates.smallest,
        "largest": rates.largest,
    }


def _schedule(study: NearOptimum, run: str, smallest: float, largest: float) -> tuple[float, int]:
    """Learning rate and last step."""
    if run == _SGD:
        return study.sgd_rate, round(study.sgd_end / (2.0 * smallest * study.sgd_rate))
    return 0.5 / largest, study.ends[study.activations.index(run)]


def _noise(study: NearOptimum, run: str) -> float:
    return study.noise if run == _SGD else study.small_noise


def _predicted(study: NearOptimum, run: str) -> tuple[Timescales, StartMeasure]:
    """The spectrum's time scales and the measure of the run's own start."""
    return _of_start(_network(run), study.d, study.k, study.seed, _noise(study, run))


def measure(study: NearOptimum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Slopes and whole curves of the runs against the predicted ones."""
    found: dict[str, Measured] = {}
    for run in (_SGD, *study.activations):
        trained = _curve(dataset.sel(run=run))
        rates, start = _predicted(study, run)
        rule = GradientDescent(_schedule(study, run, rates.smallest, rates.largest)[0])
        own = predict_loss(start, trained.times, rule)
        window = ((1.0 - LATE) * trained.times[-1], trained.times[-1])
        slope, expected = _slope(trained, window), _slope(own, window)
        six = own.loss > 1e-6 * own.loss[0]
        if run == _SGD:
            early = _slope(trained, (0.0, EARLY * trained.times[-1]))
            found["fig3.rate"] = Measured(-2.0 * rates.smallest, slope, corrected=expected)
            found["fig3.faster"] = Measured(1.0, early / slope)
            ratio = np.log10(trained.loss[six] / own.loss[six])
            found["fig3.whole"] = Measured(0.0, float(np.max(np.abs(ratio))))
            continue
        difference = np.abs(trained.loss[six] / own.loss[six] - 1.0)
        found[f"fig3.curve.{run}"] = Measured(0.0, float(np.max(difference)))
        found[f"fig3.slope.{run}"] = Measured(expected, slope)
        if run == "erf":
            rate, corrected = (float(c.decay_rate()[-3]) for c in (trained, own))
            found["fig3.exponential.erf"] = Measured(rates.smallest, rate, corrected=corrected)
    return found


def _network(run: str) -> str:
    return "linear" if run == _SGD else run


@functools.lru_cache(maxsize=8)
def _of_start(activation: str, d: int, k: int, seed: int, noise: float) -> tuple[Timescales, StartMeasure]:
    """Kept, because computing and judging a study ask for the same ones."""
    teacher = sample_teacher(activation, d=d, k=k, seed=seed)
    displacement = NoisyTeacher(noise).displacement(teacher.n_params, seed)
    return timescales(teacher), spectral_measure(teacher, displacement)


def _slope(curve: Curve, window: tuple[float, float]) -> float:
    """NaN, which no claim survives, where the data of another study leave the curve without a positive
    loss."""
    shown = (curve.times >= window[0]) & (curve.times <= window[1]) & (curve.loss > 0)
    return curve.slope_between(*window) if np.count_nonzero(shown) > 1 else float("nan")


def _padded(values: np.ndarray, size: int) -> np.ndarray:
    """Runs record slightly different numbers of distinct steps."""
    return np.concatenate([values, np.full(size - values.size, np.nan)])


def _curve(run: xr.Dataset) -> Curve:
    kept = np.isfinite(run["time"].values)
    return Curve(run["time"].values[kept], run["loss"].values[kept])

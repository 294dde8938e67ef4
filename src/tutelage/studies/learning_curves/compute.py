"""How does the learning curve depend on size and activation? The paper's opening question, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from tutelage.architecture import Architecture
from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import (
    Curve,
    bulk_loss,
    bulk_strength,
    predict_loss,
    spectral_measure,
    time_to_loss,
    timescales,
)
from tutelage.population import hessian_at_optimum
from tutelage.rank import effective_parameters, hessian_rank
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.learning_curves import LearningCurves

_ACTIVATIONS = ("linear", "quadratic", "erf")

_TIMES = np.geomspace(1e-2, 1e7, 91)
"""Ten points a decade, from before the steepest direction to beyond the reach of any run."""


def bulk_rate(k: int) -> float:
    """c = 4ν′/k of the bulk's power law (1 + ct)^(−3/2)."""
    return 4 * bulk_strength("erf") / k


def bulk_window(k: int) -> tuple[float, float]:
    """The times with 10 < ct < 300, c = 4ν′/k: past the bend, and before the bulk's finite number shows."""
    return 10 / bulk_rate(k), 300 / bulk_rate(k)


def compute(study: LearningCurves, progress: Progress | None = None) -> xr.Dataset:
    """Predicted mean curves of every teacher, and those of the large erf networks."""
    shape = (len(_ACTIVATIONS), len(study.sizes), study.teachers)
    smallest, error, count, late = (np.zeros(shape) for _ in range(4))
    curves = np.zeros((*shape, _TIMES.size))
    for index in tracked(list(np.ndindex(shape)), progress):
        d, k = study.sizes[index[1]]
        found = _one(study, _ACTIVATIONS[index[0]], d, k, index[2])
        smallest[index], error[index], count[index], late[index], curves[index] = found
    large = [_one(study, "erf", study.large, study.large, r, exact=False)[4] for r in range(study.teachers)]
    axes = ("activation", "size", "teacher")
    return xr.Dataset(
        {
            "smallest": (axes, smallest),
            "error": (axes, error),
            "directions": (axes, count),
            "time_to_1e-6": (axes, late),
            "loss": ((*axes, "time"), curves),
            "large_loss": (("teacher", "time"), np.stack(large)),
        },
        coords={
            "activation": list(_ACTIVATIONS),
            "size": [f"d = {d}, k = {k}" for d, k in study.sizes],
            "time": _TIMES,
        },
        attrs={"large": study.large},
    )


def _one(
    study: LearningCurves, activation: str, d: int, k: int, realization: int, exact: bool = True
) -> tuple[Any, ...]:
    """λ_min⁺ and its error, learning directions, time to 1e-6 of the start, mean curve over its start."""
    teacher = sample_teacher(activation, d=d, k=k, seed=study.seed, realization=realization)
    found = spectrum(teacher, "extended" if exact and activation == "erf" else "auto")
    measure = spectral_measure(found, 1.0)
    start = float(predict_loss(measure, [0.0]).loss[0])
    curve = predict_loss(measure, _TIMES).loss / start
    rates = timescales(found)
    # Floating point may take the smallest true eigenvalue of a singular Hessian for a zero: count exactly.
    rank = hessian_rank(teacher, floating=False).rank if exact and activation == "quadratic" else rates.rank
    return rates.smallest, rates.smallest_error, rank, time_to_loss(measure, 1e-6 * start), curve


def measure(study: LearningCurves, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Learning directions, times to six decades, and the power law of the bulk."""
    found = {}
    for name in _ACTIVATIONS:
        expected = [
            k * (d + 1) if name == "erf" else effective_parameters(Architecture((d, k, 1), name)).rank
            for d, k in study.sizes
        ]
        counts = dataset["directions"].sel(activation=name).values
        resolved = (dataset["smallest"] > 10 * dataset["error"]).sel(activation=name).values
        difference = np.abs(counts - np.array(expected)[:, None])
        if name == "erf":
            difference = np.where(resolved, difference, np.inf)
        found[f"learning_curves.rank.{name}"] = Measured(0.0, float(difference.max()))
    linear = dataset.sel(activation="linear")
    units = linear["time_to_1e-6"] * 2 * linear["smallest"] / np.log(1e6)
    found["learning_curves.exponential"] = Measured(1.0, float(units.max()))
    start, stop = bulk_window(study.large)
    window = (start < _TIMES) & (stop > _TIMES)
    mean = dataset["large_loss"].values.mean(axis=0)
    # The curves stand over their start, whose mean is half the trace of one of them.
    bulk = bulk_loss("erf", study.large, study.large, 1.0, _TIMES).loss / _trace_half(study)
    slopes = Curve(_TIMES, mean).local_slope()[window]
    found["learning_curves.power"] = Measured(-1.5, float(slopes.mean()))
    ratio = np.abs(np.log10(mean / bulk))[window]
    found["learning_curves.bulk"] = Measured(0.0, float(ratio.mean()))
    medians = dataset["time_to_1e-6"].median("teacher")
    ratios = medians.sel(activation="erf") / medians.sel(activation="linear")
    found["learning_curves.slower"] = Measured(1.0, float(ratios.min()))
    return found


def _trace_half(study: LearningCurves) -> float:
    """Mean over the large teachers of ½ tr H, the mean loss at the start."""
    teachers = (
        sample_teacher("erf", study.large, study.large, study.seed, realization=r)
        for r in range(study.teachers)
    )
    return float(np.mean([0.5 * hessian_at_optimum(t).trace() for t in teachers]))

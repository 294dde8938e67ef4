"""The bridge: rates of the overlaps, rates of the spectrum, and SGD beside its order parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    overlap_rates,
    predict_overlaps,
    simulate,
)
from tutelage.network import Network
from tutelage.population import Problem, hessian_at_optimum
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.bridge import Bridge

_POINTS = 17

_SLOW = 1e-6
"""Learning rate of the decay near the optimum: the noise of its samples moves the rates by about as much."""


def compute(study: Bridge, progress: Progress | None = None) -> xr.Dataset:
    """Both sets of rates of each activation, one decay, and runs beside the equations."""
    data: dict[str, Any] = {}
    for name in tracked(study.activations, progress):
        teacher = sample_teacher(name, *study.shape, seed=study.seed)
        data[f"overlaps_{name}"] = (f"rate_{name}", overlap_rates(teacher))
        data[f"spectrum_{name}"] = (f"rate_{name}", _expected(teacher))
    return xr.Dataset(data | _decay(study) | _runs(study), attrs={"inputs": study.inputs, "rate": study.rate})


def _expected(teacher: Network) -> np.ndarray:
    """Eigenvalues inside the span of the neurons, and sums c_i + c_j of those that repeat d − k times outside."""
    reduction = hessian_at_optimum(teacher).structure.reduction()
    assert reduction is not None, "k < d"
    c = spectrum(reduction.copies[0].matrix).eigenvalues
    i, j = np.triu_indices(teacher.k)
    return np.sort(np.concatenate([spectrum(reduction.block).eigenvalues, c[i] + c[j]]))


def _decay(study: Bridge) -> dict[str, Any]:
    """The nonlinear equations near the optimum of a linear network, and twice its smallest non-zero eigenvalue."""
    teacher = sample_teacher("linear", *study.shape, seed=study.seed)
    smallest = spectrum(teacher).min_positive()
    times = np.linspace(0.0, 5.0 / smallest, _POINTS)
    curve = predict_overlaps(
        teacher, NoisyTeacher(0.01), learning_rate=_SLOW, times=times, seed=study.seed, rtol=1e-11, atol=1e-13
    )
    return {
        "decay_time": ("decay", curve.times),
        "decay_loss": ("decay", curve.loss),
        "smallest": smallest,
    }


def _runs(study: Bridge) -> dict[str, Any]:
    """Simulated SGD of an erf student wider than its teacher, both layers trained, noisy labels."""
    d = study.inputs
    teacher, student = (sample_teacher("erf", d, k, seed=study.seed + k) for k in (2, 3))
    problem, eta = Problem(teacher, label_noise=study.label_noise), study.rate / d
    times = np.linspace(0.0, study.last, _POINTS)
    curve = predict_overlaps(problem, student, learning_rate=eta, times=times)
    run = simulate(
        problem, student, GradientDescent(eta), times=times, batch=1, runs=study.runs, seed=study.seed,
        record=lambda network: network.W @ teacher.W.T,
    )  # fmt: skip
    assert run.runs is not None, "several"
    return {
        "time": ("time", curve.times),
        "ode_loss": ("time", curve.loss),
        "ode_overlap": (("time", "student", "teacher"), curve.records["M"]),
        "sgd_loss": (("run", "time"), run.runs),
        "sgd_overlap": (("time", "run", "student", "teacher"), run.records["record"]),
    }


def measure(study: Bridge, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Rates against rates, and the ends of the runs against the equations."""
    found: dict[str, Measured] = {}
    for name in study.activations:
        rates, expected = dataset[f"overlaps_{name}"].values, dataset[f"spectrum_{name}"].values
        found[f"bridge.rates.{name}"] = Measured(0.0, float(np.max(np.abs(rates - expected)) / expected[-1]))
    time, loss = dataset["decay_time"].values, dataset["decay_loss"].values
    late = time > 2.0 / 3.0 * time[-1]
    slope = -float(np.polyfit(time[late], np.log(loss[late]), 1)[0])
    found["bridge.decay"] = Measured(2.0 * float(dataset["smallest"]), slope)
    runs = dataset["sgd_loss"].values[:, -1]
    found["bridge.loss"] = Measured(float(dataset["ode_loss"][-1]), *_mean(runs))
    last = dataset["sgd_overlap"].values[-1]
    distance = np.mean(last, axis=0) - dataset["ode_overlap"].values[-1]
    errors = np.std(last, axis=0, ddof=1) / np.sqrt(len(last))
    found["bridge.overlaps"] = Measured(0.0, float(np.max(np.abs(distance) / errors)))
    return found


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))

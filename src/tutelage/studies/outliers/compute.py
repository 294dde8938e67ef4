"""The largest eigenvalue of networks whose activation has a mean: an outlier that grows with the width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.laws import largest_eigenvalue, mean_trace
from tutelage.laws.distance import mean_and_error
from tutelage.laws.outlier import averages
from tutelage.population import hessian_at_optimum
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.outliers import Outliers


def compute(study: Outliers, progress: Progress | None = None) -> xr.Dataset:
    """Predicted and exact largest eigenvalues, and traces of the smallest networks over their predicted mean."""
    shape = (len(study.activations), len(study.sizes), study.teachers)
    predicted, exact = np.empty(shape), np.empty(shape)
    traces = np.empty((len(study.activations), study.traces))
    small = study.sizes[0]
    for i, activation in enumerate(tracked(study.activations, progress)):
        for j, size in enumerate(study.sizes):
            for r in range(study.teachers):
                network = sample_teacher(activation, size, size, study.seed, realization=r)
                predicted[i, j, r] = largest_eigenvalue(network.W, network.a, activation)
                exact[i, j, r] = spectrum(network, "lanczos", count=1).values[-1]
        expected = mean_trace(activation, small, small)
        for r in range(study.traces):
            network = sample_teacher(activation, small, small, study.seed, realization=r)
            traces[i, r] = hessian_at_optimum(network).trace() / expected
    return xr.Dataset(
        {
            "predicted": (("activation", "size", "teacher"), predicted),
            "exact": (("activation", "size", "teacher"), exact),
            "trace": (("activation", "trace_teacher"), traces),
        },
        coords={"activation": list(study.activations), "size": list(study.sizes)},
    )


def rms_errors(dataset: xr.Dataset) -> np.ndarray:
    """Root mean square over teachers, (activation, size)."""
    return np.sqrt(np.mean((dataset["predicted"].values - dataset["exact"].values) ** 2, axis=2))


def _increase(study: Outliers, means: np.ndarray) -> np.ndarray:
    """Growth a neuron of the mean eigenvalue, in units of c_0^2, for each activation."""
    each = (means[:, -1] - means[:, 0]) / (study.sizes[-1] - study.sizes[0])
    return each / [averages(name, np.ones(1)).unit_mean for name in study.activations]


def measure(study: Outliers, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Errors, their rate, the growth with the width, and the mean trace."""
    sizes = np.log(np.array(study.sizes))
    errors, exact = rms_errors(dataset), dataset["exact"].values
    rate = np.polyfit(sizes, np.log(errors).mean(axis=0), 1)[0]
    growth = _increase(study, exact.mean(axis=2))
    relative = errors[:, -1] / exact[:, -1].mean(axis=1)
    return {
        "outliers.error": Measured(0.0, float(relative.max())),
        "outliers.rate": Measured(-1.0, float(rate)),
        "outliers.growth": Measured(1.0, float(growth[np.argmax(np.abs(growth - 1))])),
        "outliers.trace": Measured(1.0, *mean_and_error(dataset["trace"].values.T)),
    }

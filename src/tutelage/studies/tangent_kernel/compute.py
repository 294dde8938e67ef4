"""Tangent kernels of random networks at random inputs against their law."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.empirical import ntk
from tutelage.inputs import GaussianInputs
from tutelage.laws import TangentKernel
from tutelage.laws.distance import mean_and_error
from tutelage.network import Network
from tutelage.studies.claim import Measured
from tutelage.studies.shared.law_over_data import log_slope, shown_cases, sup_distance
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.tangent_kernel import TangentKernelSpectrum


def kernel_and_law(
    study: TangentKernelSpectrum, d: int, k: int, n: int, r: int
) -> tuple[np.ndarray, TangentKernel]:
    """Eigenvalues of one kernel with |a| scaled to 1, and its law."""
    network = sample_teacher(study.activation, d, k, study.seed, realization=r)
    network = Network(network.W, network.a / np.linalg.norm(network.a), network.activation)
    X = GaussianInputs().sample(n, d, [study.seed, d, k, n, r])
    values = np.linalg.eigvalsh(np.asarray(ntk(network, X)))
    return values, _law(study.activation, d, k, n)


@functools.lru_cache(maxsize=8)
def _law(activation: str, d: int, k: int, n: int) -> TangentKernel:
    """One law for all kernels of these sizes: |a| is 1 for each."""
    return TangentKernel(activation, d, k, n)


def compute(study: TangentKernelSpectrum, progress: Progress | None = None) -> xr.Dataset:
    """Kernels of three shapes with their laws, and distances at growing d = k = n."""
    shown = {f"d, k, n = {d}, {k}, {n}": kernel_and_law(study, d, k, n, 0) for d, k, n in study.cases}
    shape = (len(study.sizes), study.repeats)
    distances, means = np.empty(shape), np.empty(shape)
    for i, size in enumerate(tracked(study.sizes, progress)):
        for r in range(study.repeats):
            values, law = kernel_and_law(study, size, size, size, r)
            distances[i, r], means[i, r] = sup_distance(values, law), values.mean() / law.mean()
    return xr.Dataset(
        {
            **shown_cases(shown),
            "distance": (("size", "repeat"), distances),
            "mean": (("size", "repeat"), means),
        },
        coords={"size": list(study.sizes)},
    )


def measure(study: TangentKernelSpectrum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """The distance at the largest size, its rate, and the mean."""
    distances = dataset["distance"].values
    return {
        "kernel.distance": Measured(0.0, *mean_and_error(distances[-1])),
        "kernel.rate": Measured(-2 / 3, *log_slope(study.sizes, distances)),
        "kernel.mean": Measured(1.0, float(dataset["mean"].values[-1].mean())),
    }

"""Hessians of finite samples against the law that starts from the exact spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.empirical import Problem
from tutelage.inputs import GaussianInputs
from tutelage.laws import SampledHessian
from tutelage.laws.distance import mean_and_error
from tutelage.network import Network
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.studies.shared.law_over_data import log_slope, shown_cases, sup_distance
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.sampled_law import SampledLaw


def sampled_eigenvalues(network: Network, n: int, seed: list[int]) -> np.ndarray:
    """All P eigenvalues of the sampled Hessian; those that fewer samples than parameters leave at zero are 0."""
    X = GaussianInputs().sample(n, network.d, seed)
    J = Problem.from_teacher(network, X).hessian(network).factor_rows()
    wide = n < network.n_params
    values = np.linalg.eigvalsh(J @ J.T if wide else J.T @ J)
    return np.concatenate([np.zeros(network.n_params - n if wide else 0), np.maximum(values, 0.0)])


def compute(study: SampledLaw, progress: Progress | None = None) -> xr.Dataset:
    """Distances to the law and to the population's own spectrum, and the largest size with its laws."""
    shape = (len(study.shares), len(study.sizes), study.repeats)
    distances, population, shown, others = np.empty(shape), np.empty(shape), {}, {}
    for j, size in enumerate(tracked(study.sizes, progress)):
        network = sample_teacher(study.activation, size, size, study.seed)
        exact = spectrum(network)
        for i, share in enumerate(study.shares):
            n = round(network.n_params / share)
            law = SampledHessian(exact, n)
            for r in range(study.repeats):
                values = sampled_eigenvalues(network, n, [study.seed, size, n, r])
                distances[i, j, r] = sup_distance(values, law)
                population[i, j, r] = _apart(values, exact.eigenvalues)
            if size == study.sizes[-1]:
                name = f"P/n = {share:g}, d = k = {size}"
                shown[name], others[name] = (values, law), exact.eigenvalues
    return xr.Dataset(
        {
            **shown_cases(shown, others),
            "distances": (("share", "size", "repeat"), distances),
            "distance": (("size", "repeat"), distances.mean(axis=0)),
            "population": (("share", "size", "repeat"), population),
        },
        coords={"size": list(study.sizes), "share": list(study.shares)},
    )


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    """Sup distance of two spectra of equal length."""
    both = np.concatenate([first, second])
    ranks = [np.searchsorted(np.sort(values), both, side="right") for values in (first, second)]
    return float(np.abs(ranks[0] - ranks[1]).max() / first.size)


def measure(study: SampledLaw, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Distances at the largest size, their rate, and how far the population's spectrum is."""
    last = dataset["distances"].values[:, -1]
    found = {
        f"sampled-law.distance.{word}": Measured(0.0, *mean_and_error(last[i]))
        for i, word in enumerate(("half", "two", "eight"))
    }
    population = dataset["population"].values[:, -1].mean(axis=1) / last.mean(axis=1)
    return {
        **found,
        "sampled-law.rate": Measured(-1.0, *log_slope(study.sizes, dataset["distance"].values)),
        "sampled-law.population": Measured(5.0, float(population.min())),
    }

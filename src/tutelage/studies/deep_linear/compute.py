"""Deep linear networks against their nested law."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.laws import DeepLinear, deep_linear_eigenvalues
from tutelage.laws.distance import mean_and_error
from tutelage.studies.claim import Measured
from tutelage.studies.shared.law_over_data import log_slope, shown_cases, sup_distance

if TYPE_CHECKING:
    from tutelage.studies.deep_linear import DeepLinearSpectrum


def sample_weights(widths: tuple[int, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """Gaussian layers of variance 1 over the previous size, the read-out last."""
    shapes = [(n, m) for m, n in itertools.pairwise(widths)]
    return [rng.standard_normal(s) / np.sqrt(s[1]) for s in shapes] + [
        rng.standard_normal(widths[-1]) / np.sqrt(widths[-1])
    ]


def law_of_weights(widths: tuple[int, ...], weights: list[np.ndarray]) -> DeepLinear:
    """The law given the lengths of this network."""
    b, lengths = weights[-1], [float(weights[-1] @ weights[-1])]
    for W in reversed(weights[1:-1]):
        b = W.T @ b
        lengths.append(float(b @ b))
    return DeepLinear(widths, lengths[::-1])


def compute(study: DeepLinearSpectrum, progress: Progress | None = None) -> xr.Dataset:
    """One teacher a case with its law, distances at growing equal widths, and means of many small teachers."""
    shown = {}
    for i, widths in enumerate(study.cases):
        weights = sample_weights(widths, np.random.default_rng([study.seed, 0, i]))
        shown[", ".join(map(str, widths))] = (
            deep_linear_eigenvalues(weights),
            law_of_weights(widths, weights),
        )
    distances = np.empty((len(study.widths), study.repeats))
    for i, width in enumerate(tracked(study.widths, progress)):
        for r in range(study.repeats):
            weights = sample_weights((width,) * 3, np.random.default_rng([study.seed, 1, width, r]))
            law = law_of_weights((width,) * 3, weights)
            distances[i, r] = sup_distance(deep_linear_eigenvalues(weights), law)
    rng = np.random.default_rng([study.seed, 2])
    means = [deep_linear_eigenvalues(sample_weights(study.small, rng)).mean() for _ in range(study.teachers)]
    return xr.Dataset(
        {
            **shown_cases(shown),
            "distance": (("size", "repeat"), distances),
            "mean": (("teacher",), np.array(means)),
        },
        coords={"size": list(study.widths)},
    )


def measure(study: DeepLinearSpectrum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Distances, their rate, and the mean eigenvalue."""
    distances = dataset["distance"].values
    return {
        "deep.distance": Measured(0.0, *mean_and_error(distances[-1])),
        "deep.rate": Measured(-2 / 3, *log_slope(study.widths, distances)),
        "deep.mean": Measured(sum(study.small) / study.small[0], *mean_and_error(dataset["mean"].values)),
    }

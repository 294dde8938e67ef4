"""Fig. 8: where the limit law of the linear network survives other laws of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress
from tutelage.laws import LinearNetwork
from tutelage.laws.distance import bootstrap, distance_and_error
from tutelage.studies.claim import Measured
from tutelage.studies.shared.teachers import readouts
from tutelage.studies.shared.weight_laws import KURTOSIS, law_distance, weights_dataset, word
from tutelage.studies.wide_weights import FINITE

if TYPE_CHECKING:
    from tutelage.studies.wide_weights import WideWeights


_FINITE = 0.25
"""The mean distribution of real Gram matrices is that far from its limit, over d: a quarter of an eigenvalue at each edge."""


def compute(study: WideWeights, progress: Progress | None = None) -> xr.Dataset:
    """Eigenvalues of linear teachers for every weight law, and lengths of many read-outs."""
    dataset = weights_dataset(study.d, study.k, study.laws, study.teachers, study.seed, 300, progress)
    for law in filter(KURTOSIS.__contains__, study.laws):
        many = readouts(1, study.k, study.readouts, study.seed, law)
        dataset[f"readout_{word(law)}"] = (("draw",), np.sum(many**2, axis=1))
    return dataset


def measure(study: WideWeights, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Distances to the limit law, and the variance of the read-out's length."""
    limit, found = LinearNetwork(study.d, study.k), {}
    for law in (*FINITE, "cauchy"):
        corrected = law_distance(study.d, study.k, law) if law in KURTOSIS else None
        distance, error = distance_and_error(dataset[f"eigenvalues_{law}"].values, limit.cdf)
        name = "fig8.cauchy" if law == "cauchy" else f"fig8.limit.{law}"
        found[name] = Measured(0.0, distance, error + _FINITE / study.d, corrected)
    for law in FINITE:
        readout = dataset[f"readout_{law}"].values * np.sqrt(study.k)
        error = bootstrap(readout, np.var) if law != "rademacher" else 0.0
        found[f"fig8.effect.{law}"] = Measured(KURTOSIS[law] - 1, float(readout.var()), error)
    return found

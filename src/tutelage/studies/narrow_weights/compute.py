"""Fig. 9: where the limit law of the linear network does not survive other laws of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.special import ndtr

from tutelage.base.progress import Progress
from tutelage.laws import LinearNetwork
from tutelage.laws.distance import KOLMOGOROV_MEDIAN, distance_and_error, kolmogorov, pick_one
from tutelage.studies.claim import Measured
from tutelage.studies.shared.weight_laws import KURTOSIS, law_distance, weights_dataset

if TYPE_CHECKING:
    from tutelage.studies.narrow_weights import NarrowWeights


def compute(study: NarrowWeights, progress: Progress | None = None) -> xr.Dataset:
    """Eigenvalues of linear teachers for every weight law."""
    return weights_dataset(study.d, study.k, study.laws, study.teachers, study.seed, 500, progress)


def measure(study: NarrowWeights, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Distances to the law of normal weights against the predicted ones."""
    limit = LinearNetwork(study.d, study.k)
    single = pick_one(dataset["eigenvalues_normal"].values)
    found = {"fig9.normal": Measured(KOLMOGOROV_MEDIAN, kolmogorov(single, limit.cdf))}
    for law in ("uniform", "laplace"):
        found[f"fig9.distance.{law}"] = Measured(
            _predicted(study, KURTOSIS[law]),
            *distance_and_error(dataset[f"eigenvalues_{law}"].values, limit.cdf),
            law_distance(study.d, study.k, law),
        )
    ones = np.abs(dataset["eigenvalues_rademacher"].values - 1) < 1e-9
    found["fig9.atom"] = Measured(1 - study.k / study.d, float(ones.mean()))
    return found


def _predicted(study: NarrowWeights, kurtosis: float) -> float:
    """(1 − k/d) sup|Φ(x/√(κ₄−1)) − Φ(x/√2)|."""
    x = np.linspace(0, 10, 4000)
    return float(
        (1 - study.k / study.d) * np.max(np.abs(ndtr(x / np.sqrt(kurtosis - 1)) - ndtr(x / np.sqrt(2))))
    )

"""Laws beside simulated eigenvalues: what a study records of a case, and its distances at growing sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from tutelage.laws import Law
from tutelage.laws.distance import pooled_distance


def sup_distance(values: np.ndarray, law: Law) -> float:
    """Distance of one set of eigenvalues to their law, atoms included."""
    return pooled_distance(np.atleast_2d(values), law, n_bootstrap=1).value


def shown_cases(cases: Mapping[str, tuple[np.ndarray, Law]], points: int = 300) -> dict[str, tuple]:
    """Variables of a dataset: eigenvalues (case, index) padded with NaN, and each law's density on its own grid."""
    longest = max(values.size for values, _ in cases.values())
    table = np.full((len(cases), longest), np.nan)
    grids, densities = np.empty((len(cases), points)), np.empty((len(cases), points))
    for i, (values, law) in enumerate(cases.values()):
        table[i, : values.size] = values
        grids[i] = _grid(law, points)
        densities[i] = law.pdf(grids[i])
    return {
        "case": (("case",), list(cases)),
        "eigenvalues": (("case", "index"), table),
        "grid": (("case", "x"), grids),
        "law_pdf": (("case", "x"), densities),
    }


def _grid(law: Law, points: int) -> np.ndarray:
    """Inside the support, denser at its ends, away from ends where a density may be infinite."""
    ends = law.breakpoints()
    angle = (np.arange(points) + 0.5) * np.pi / points
    return ends[0] + (ends[-1] - ends[0]) * (1 - np.cos(angle)) / 2


def log_slope(sizes: Sequence[int] | np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Slope of log mean against log size, and its standard error over the columns of ``values`` (size, draw)."""
    x = np.log(np.asarray(sizes, dtype=np.float64))
    x = x - x.mean()
    logs = np.log(values.mean(axis=1))
    errors = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]) / values.mean(axis=1)
    return float(x @ logs / (x @ x)), float(np.sqrt(np.sum((x * errors) ** 2)) / (x @ x))


def case_of(dataset: xr.Dataset, i: int) -> np.ndarray:
    """The eigenvalues of one case."""
    values = dataset["eigenvalues"].values[i]
    return values[~np.isnan(values)]

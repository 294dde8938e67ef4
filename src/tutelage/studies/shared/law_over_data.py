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


def shown_cases(
    cases: Mapping[str, tuple[np.ndarray, Law]],
    others: Mapping[str, np.ndarray] | None = None,
    points: int = 300,
) -> dict[str, tuple]:
    """Variables of a dataset: eigenvalues (case, index) padded with NaN, each law's cdf, and spectra to compare with."""
    others = others or {}
    grids = np.stack([_grid(values, law, points) for values, law in cases.values()])
    cdfs = [np.asarray(law.cdf(grid)) for (_, law), grid in zip(cases.values(), grids, strict=True)]
    return {
        "case": (("case",), list(cases)),
        "eigenvalues": (("case", "index"), _padded([values for values, _ in cases.values()])),
        "other": (("case", "other_index"), _padded([others.get(name, np.empty(0)) for name in cases])),
        "grid": (("case", "x"), grids),
        "law_cdf": (("case", "x"), np.stack(cdfs)),
    }


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    table = np.full((len(rows), max(1, *(row.size for row in rows))), np.nan)
    for i, row in enumerate(rows):
        table[i, : row.size] = np.sort(row)
    return table


def _grid(values: np.ndarray, law: Law, points: int) -> np.ndarray:
    """Over all positive positions, in equal ratios."""
    positive = np.concatenate([values, law.breakpoints()])
    positive = positive[positive > 1e-9 * positive.max()]
    return np.geomspace(0.9 * positive.min(), 1.1 * positive.max(), points)


def log_slope(sizes: Sequence[int] | np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Slope of log mean against log size, and its standard error over the columns of ``values`` (size, draw)."""
    x = np.log(np.asarray(sizes, dtype=np.float64))
    x = x - x.mean()
    logs = np.log(values.mean(axis=1))
    errors = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]) / values.mean(axis=1)
    return float(x @ logs / (x @ x)), float(np.sqrt(np.sum((x * errors) ** 2)) / (x @ x))


def row_of(dataset: xr.Dataset, name: str, i: int) -> np.ndarray:
    """One row of a padded table."""
    values = dataset[name].values[i]
    return values[~np.isnan(values)]

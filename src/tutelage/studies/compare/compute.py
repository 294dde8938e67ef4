"""One shape, many activations: spectrum, rank, smallest and largest eigenvalue, time to learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import time_to_loss
from tutelage.measure import Measure
from tutelage.rank.formulas import quadratic_count
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.compare import Compare

_FIRST_LOSS = 1e-6
"""The loss to reach, as a share of the one at the start."""


def compute(study: Compare, progress: Progress | None = None) -> xr.Dataset:
    """Spectrum, rank and learning time of the same weights under every activation."""
    total = study.k * (study.d + 1)
    values, ranks, times = np.zeros((len(study.activations), total)), [], []
    for i, activation in enumerate(tracked(study.activations, progress)):
        found = spectrum(sample_teacher(activation, d=study.d, k=study.k, seed=study.seed))
        eigenvalues = found.eigenvalues[::-1]
        rank = found.rank if found.rank is not None else found.numerical_rank().rank
        values[i], kept = eigenvalues, eigenvalues[:rank]
        ranks.append(rank)
        times.append(time_to_loss(Measure(kept, np.ones(rank)), _FIRST_LOSS * kept.sum() / 2))
    return xr.Dataset(
        {
            "eigenvalues": (("activation", "index"), values),
            "rank": (("activation",), ranks),
            "time": (("activation",), times),
        },
        coords={"activation": list(study.activations)},
        attrs={"d": study.d, "k": study.k},
    )


def table(study: Compare, dataset: xr.Dataset) -> list[tuple[str, int, float, float, float]]:
    """(activation, rank, smallest non-zero and largest eigenvalue, learning time)."""
    rows = zip(
        study.activations, dataset["rank"].values, dataset["eigenvalues"].values, dataset["time"].values, strict=True
    )  # fmt: skip
    return [(name, int(r), float(v[int(r) - 1]), float(v[0]), float(t)) for name, r, v, t in rows]


def measure(study: Compare, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Ranks of the three families with a known one, and who learns first."""
    rank = {name.partition(":")[0]: row for name, *row in table(study, dataset)}
    expected = {
        "linear": study.d,
        "quadratic": quadratic_count(study.d, study.k),
        "erf": study.k * (study.d + 1),
    }
    found = {
        f"compare.{name}": Measured(int(count), rank[name][0] if name in rank else np.nan)
        for name, count in expected.items()
    }
    slower = [row[3] > rank["linear"][3] for name, row in rank.items() if name != "linear"]
    return found | {"compare.time": Measured(1.0, float(np.mean(slower)) if slower else np.nan)}

"""Recovery over (m_*, n/d), and the growth of the certified 50 % point with d: n_c against the statistical dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, portion, silent
from tutelage.quadratic.counts import unique_counts
from tutelage.quadratic.datasets import full_map_dataset
from tutelage.quadratic.thresholds import critical_samples, statistical_dimension
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.recovery_map import RecoveryMap


def compute(study: RecoveryMap, progress: Progress | None = None) -> xr.Dataset:
    """The three maps at one d, and certified 50 % points over several."""
    report = progress or silent
    columns, d = range(1, study.d + 1), study.d
    samples = [int(n) for n in np.unique(np.rint(np.geomspace(d, d * (d + 1) // 2, study.points)))]
    data = full_map_dataset(
        d, columns, samples, study.instances, study.seed, progress=portion(progress, 0.0, 0.4)
    )
    edge = [unique_counts(d, m, study.instances, study.seed).counts for m in (d - 1, d)]
    found = []
    for i, (size, count) in enumerate(zip(study.dimensions, study.shift_instances, strict=True)):
        found.append([unique_counts(size, m, count, study.seed) for m in study.widths])
        report(0.4 + 0.6 * (i + 1) / len(study.dimensions))
    counts = lambda f: [[f(size, m) for m in study.widths] for size in study.dimensions]  # noqa: E731
    over = ("dimension", "teacher")
    return data.assign(
        edge_counts=(("edge", "realization"), np.array(edge)),
        half_point=(over, [[c.half_point for c in row] for row in found]),
        half_point_error=(over, [[c.half_point_error() for c in row] for row in found]),
        shift_n_c=(over, counts(critical_samples)),
        shift_delta=(over, counts(lambda size, m: statistical_dimension(size, m).value)),
    ).assign_coords(dimension=list(study.dimensions), teacher=list(study.widths))


def measure(study: RecoveryMap, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """50 % points against both counts, and training against certificates."""
    largest, before = study.dimensions[-1], study.dimensions[-2]
    half = lambda d, m: float(dataset.half_point.sel(dimension=d, teacher=m))  # noqa: E731
    error = lambda d, m: float(dataset.half_point_error.sel(dimension=d, teacher=m))  # noqa: E731
    delta = lambda d, m: statistical_dimension(d, m).value  # noqa: E731
    ratios = {
        (d, m): half(d, m) / delta(d, m) for d in study.dimensions for m in study.widths if d >= 8 and m >= 2
    }
    worst = max(ratios, key=lambda size: abs(ratios[size] - 1))
    excess = lambda d, m: (half(d, m) - critical_samples(d, m)) / d  # noqa: E731
    growth = sum(excess(largest, m) - excess(8, m) for m in study.widths)
    noise = np.sqrt(sum((error(d, m) / d) ** 2 for d in (8, largest) for m in study.widths))
    limits = {
        f"recovery-map.limit-{m}": Measured(
            m + 1,
            (half(largest, m) - half(before, m)) / (largest - before),
            float(np.hypot(error(largest, m), error(before, m))) / (largest - before),
            (delta(largest, m) - delta(before, m)) / (largest - before),
        )
        for m in study.widths
    }
    total = study.d * (study.d + 1) // 2
    unique, loose = dataset.unique.values, dataset.success.sel(target=1e-1).values
    gap = (loose - unique) / study.instances
    return {
        "recovery-map.threshold": Measured(
            critical_samples(largest, 2), half(largest, 2), error(largest, 2), delta(largest, 2)
        ),
        "recovery-map.delta": Measured(0.0, abs(ratios[worst] - 1), error(*worst) / delta(*worst)),
        "recovery-map.delta-one": Measured(
            0.055, 1 - delta(largest, 1) / half(largest, 1), error(largest, 1) / half(largest, 1)
        ),
        "recovery-map.shift": Measured(3.0, float(growth / noise), 1.0),
        **limits,
        "recovery-map.edge": Measured(0.0, float(np.abs(dataset.edge_counts.values - total).max())),
        "recovery-map.order": Measured(0.0, float(np.sum(loose < unique))),
        # Instances are shared between cells: the error is that of as many independent ones as the map has columns.
        "recovery-map.tolerance": Measured(
            3.0, float(gap.mean() / np.sqrt(0.25 / (study.instances * study.d))), 1.0
        ),
    }

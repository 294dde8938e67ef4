"""Certified recovery over (m_*, n/d), and the growth of its 50 % point with d: n_c against the statistical dimension."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class RecoveryMap(Study):
    """The map at one d, and one m_* over several d."""

    d: int = 6
    instances: int = 60
    shift_width: int = 2
    dimensions: tuple[int, ...] = (8, 12, 16)
    shift_instances: tuple[int, ...] = (100, 80, 80)
    seed: int = 1

    name: ClassVar[str] = "recovery-map"
    title: ClassVar[str] = "Where does recovery begin, and does n_c say so?"
    place: ClassVar[str] = "[S20] abstract: n, d and m_*; SCIENCE 7"
    cost: ClassVar[float] = 4.0
    words: ClassVar[str] = (
        "Left: the probability that the data determine the teacher, proved instance by instance, for every number of teacher "
        "neurons. Right: its 50 % point at fixed m_* as the dimension grows.\n\n"
        "The count n_c = d(m_*+1) − m_*(m_*+1)/2 is close at small d and falls behind as d grows: the certified threshold is "
        "the statistical dimension δ, which tends to 3 m_* samples per dimension, not m_* + 1."
    )
    formulas: ClassVar[tuple[str, ...]] = (
        "n_c = d(m_*+1) − m_*(m_*+1)/2",
        "δ(d, r) = min_τ { r(r+1)/2 + τ²r + r(d−r) + E Σ (λ_i − τ)₊² }",
    )
    uses: ClassVar[tuple[str, ...]] = ("tutelage.quadratic", "tutelage.network", "tutelage.weights")
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "recovery-map.threshold",
            "At the largest d the certified 50 % point is the predicted count, within 5 %",
            "[S20] abstract, n_c",
            "within relative",
            0.05,
            "n_c as printed; corrected: the statistical dimension δ",
        ),
        Statement(
            "recovery-map.delta",
            "The statistical dimension predicts every 50 % point of the map with m_* >= 2 within 5 % (largest deviation)",
            "SCIENCE 7",
            "at most",
            0.05,
            "one sample in 20 at d = 6: interpolation between neighbouring n counts here",
        ),
        Statement(
            "recovery-map.shift",
            "The shift of the 50 % point above n_c grows faster than d: its ratio to d is larger at the largest d than "
            "at the smallest by at least 0.2",
            "SCIENCE 7",
            "at least",
            0.2,
        ),
        Statement(
            "recovery-map.limit",
            "At fixed m_* the predicted count per dimension tends to m_* + 1",
            "[S20] abstract",
            "within relative",
            0.02,
            "n_c/d as printed; corrected: 3 m_*, the limit of δ/d, evaluated here at d = 10⁶",
        ),
        Statement(
            "recovery-map.edge",
            "For m_* >= d − 1 the threshold is exact: all realizations at d(d+1)/2 (largest deviation in samples)",
            "SCIENCE 7",
            "equal",
        ),
    )

    @classmethod
    def full(cls) -> Self:
        return cls(
            d=10,
            instances=150,
            dimensions=(8, 12, 16, 20, 24, 32),
            shift_instances=(200, 120, 80, 60, 40, 30),
        )

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        from tutelage.quadratic.datasets import map_dataset
        from tutelage.quadratic.recovery import unique_counts
        from tutelage.quadratic.thresholds import critical_samples, statistical_dimension

        report = progress or (lambda _: None)
        data = map_dataset(
            self.d, range(1, self.d + 1), self.instances, self.seed, progress=lambda i, n: report(0.3 * i / n)
        )
        found = []
        for i, (d, count) in enumerate(zip(self.dimensions, self.shift_instances, strict=True)):
            found.append(unique_counts(d, self.shift_width, count, self.seed))
            report(0.3 + 0.7 * (i + 1) / len(self.dimensions))
        m = self.shift_width
        return (
            data.assign(
                shift_half_point=("dimension", [f.half_point for f in found]),
                shift_error=("dimension", [f.half_point_error() for f in found]),
                shift_n_c=("dimension", [critical_samples(d, m) for d in self.dimensions]),
                shift_delta=("dimension", [statistical_dimension(d, m).value for d in self.dimensions]),
            )
            .assign_coords(dimension=list(self.dimensions))
            .assign_attrs(shift_width=m)
        )

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.quadratic.thresholds import (
            critical_samples,
            statistical_dimension,
            statistical_dimension_limit,
        )

        m, largest, smallest = self.shift_width, self.dimensions[-1], self.dimensions[0]
        half = {int(d): float(v) for d, v in zip(dataset.dimension, dataset.shift_half_point, strict=True)}
        error = float(dataset.shift_error[-1])
        inner = [w for w in range(2, self.d - 1)]
        deviations = [
            abs(float(dataset.half_point.sel(width=w)) / statistical_dimension(self.d, w).value - 1)
            for w in inner
        ]
        excess = {d: (half[d] - critical_samples(d, m)) / d for d in (smallest, largest)}
        total = self.d * (self.d + 1) // 2
        edge = np.abs(dataset.counts.sel(width=[self.d - 1, self.d]).values - total).max()
        far = 10**6
        return {
            "recovery-map.threshold": Measured(
                critical_samples(largest, m), half[largest], error, statistical_dimension(largest, m).value
            ),
            "recovery-map.delta": Measured(0.0, max(deviations)),
            "recovery-map.shift": Measured(0.2, excess[largest] - excess[smallest], error / largest),
            "recovery-map.limit": Measured(m + 1, statistical_dimension_limit(m / far) * far, 0.0, 3.0 * m),
            "recovery-map.edge": Measured(0.0, float(edge)),
        }

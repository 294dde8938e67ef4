"""Recovery against the number of samples: certificates, minimisation at several tolerances, the set of fits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from tutelage.studies.base import Measured, Progress, Statement, Study

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class RecoveryCurves(Study):
    """Three separate curves for one (d, m_*), 50 % points for small sizes, and one size of strong tolerance dependence."""

    d: int = 6
    width: int = 2
    instances: int = 40
    step: int = 3
    grid_instances: int = 60
    loose_d: int = 12
    loose_instances: int = 40
    seed: int = 0

    name: ClassVar[str] = "recovery"
    title: ClassVar[str] = "How many samples determine a quadratic teacher?"
    place: ClassVar[str] = "[S20] abstract: no spurious minima, recovery in practice; SCIENCE 7"
    cost: ClassVar[float] = 4.0
    words: ClassVar[str] = (
        "A student with quadratic activations and at least as many neurons as inputs fits any data of its teacher exactly; "
        "the question is whether the fit IS the teacher. Three curves answer differently: whether a certificate "
        "proves the minimiser unique, how large the set of fits is, and whether minimisation from a random start ends within a "
        "tolerance of generalisation error.\n\n"
        "Success depends strongly on the tolerance: near the threshold the set of fits is small before it is a point, "
        "so a loose criterion sees recovery long before the data determine the teacher."
    )
    formulas: ClassVar[tuple[str, ...]] = (
        "E_n = (1/4n) Σ (x_νᵀ(A − A_*)x_ν)²",
        "n_c = d(m_*+1) − m_*(m_*+1)/2",
    )
    uses: ClassVar[tuple[str, ...]] = ("tutelage.quadratic", "tutelage.network", "tutelage.weights")
    statements: ClassVar[tuple[Statement, ...]] = (
        Statement(
            "recovery.n_c",
            "For d in {4, 6, 8} and m_* in {1, 2, 3} the certified 50 % point lies within three samples of n_c "
            "(largest distance of the nine)",
            "[S20] abstract; SCIENCE 7",
            "within",
            3.0,
            "n_c is attributed to the paper; three samples is the tolerance set beforehand",
        ),
        Statement(
            "recovery.sharp",
            "For m_* = d − 1 every realization becomes unique at exactly d(d+1)/2 samples (fraction that does)",
            "SCIENCE 7",
            "equal",
        ),
        Statement(
            "recovery.agreement",
            "Minimisation that keeps A of full rank recovers to 1e-6 exactly the instances certified unique "
            "(instances where they differ)",
            "[S20] abstract: the same conditions",
            "equal",
        ),
        Statement(
            "recovery.undecided",
            "Every instance of the curve is certified one way or the other (undecided instances)",
            "ours",
            "equal",
        ),
        Statement(
            "recovery.tolerance",
            "Success depends on the tolerance: at n_c, d = 12, m_* = 3, the fraction within 10 % exceeds the fraction "
            "within 0.01 % by at least 0.3",
            "SCIENCE 7",
            "at least",
            0.3,
        ),
        Statement(
            "recovery.practice",
            "Gradient descent recovers in practice: well above n_c at least 90 % of runs end within 1 % of generalisation error",
            "[S20] abstract",
            "at least",
            0.9,
            "judged at the largest n of the curve, n_c + 6",
        ),
        Statement(
            "recovery.fits",
            "The set of fits shrinks by at least a factor of ten between N_eff and n_c",
            "ours",
            "at least",
            10.0,
            "local identifiability leaves a sizeable set; the global threshold closes it",
        ),
    )

    @classmethod
    def full(cls) -> Self:
        return cls(d=8, instances=100, step=2, grid_instances=300, loose_d=12, loose_instances=100)

    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        import xarray as xr

        from tutelage.quadratic.datasets import curve_dataset
        from tutelage.quadratic.recovery import recover, unique_counts
        from tutelage.quadratic.thresholds import critical_samples, effective_parameters_frozen

        report = progress or (lambda _: None)
        n_c, n_eff = critical_samples(self.d, self.width), effective_parameters_frozen(self.d, self.width)
        samples = sorted({*range(n_eff - 2, n_c + 7, self.step), n_eff, n_c, n_c + 6})
        curve = curve_dataset(
            self.d, self.width, samples, self.instances, self.seed, progress=lambda i, n: report(0.5 * i / n)
        )
        grid_d, grid_m = (4, 6, 8), (1, 2, 3)
        half = np.array(
            [[unique_counts(d, m, self.grid_instances, self.seed).half_point for m in grid_m] for d in grid_d]
        )
        report(0.75)
        exact = unique_counts(self.d, self.d - 1, self.grid_instances, self.seed)
        interior = recover(self.d, self.width, n_c, self.grid_instances, self.seed, method="interior")
        loose_n = critical_samples(self.loose_d, 3)
        loose = recover(self.loose_d, 3, loose_n, self.loose_instances, self.seed, method="interior")
        report(1.0)
        return curve.assign(
            grid_half_point=(("grid_d", "grid_m"), half),
            edge_counts=("edge_realization", exact.counts),
            interior_error=("interior_realization", interior.error),
            interior_unique=("interior_realization", interior.status == "unique"),
            loose_error=("loose_realization", loose.error),
            loose_unique=("loose_realization", loose.status == "unique"),
        ).assign_coords(xr.Coordinates({"grid_d": list(grid_d), "grid_m": list(grid_m)}))

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        from tutelage.quadratic.thresholds import critical_samples, effective_parameters_frozen

        shifts = [
            float(dataset.grid_half_point.sel(grid_d=d, grid_m=m)) - critical_samples(d, m)
            for d in (4, 6, 8)
            for m in (1, 2, 3)
        ]
        farthest = max(shifts, key=abs)
        n_c, n_eff = critical_samples(self.d, self.width), effective_parameters_frozen(self.d, self.width)
        sharp = float(np.mean(dataset.edge_counts.values == self.d * (self.d + 1) // 2))
        differ = np.sum((dataset.interior_error.values <= 1e-6) != dataset.interior_unique.values)
        loose = dataset.loose_error.values
        spread = float(np.mean(loose <= 1e-1) - np.mean(loose <= 1e-4))
        last = dataset.isel(sample=-1)
        practice = float(last.success.sel(target=1e-2)) / self.instances
        shrinking = float(dataset.width.sel(sample=n_eff) / dataset.width.sel(sample=n_c))
        return {
            "recovery.n_c": Measured(0.0, farthest, 0.2),
            "recovery.sharp": Measured(1.0, sharp),
            "recovery.agreement": Measured(0.0, float(differ)),
            "recovery.undecided": Measured(0.0, float(dataset.undecided.sum())),
            "recovery.tolerance": Measured(0.3, spread, float(np.sqrt(0.25 / len(loose)))),
            "recovery.practice": Measured(1.0, practice, float(np.sqrt(0.09 / self.instances))),
            "recovery.fits": Measured(10.0, shrinking),
        }

"""Recovery against the number of samples: certificates, the set of fits, and training at several tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, silent
from tutelage.quadratic.counts import unique_counts
from tutelage.quadratic.datasets import curve_dataset
from tutelage.quadratic.recovery import recover
from tutelage.quadratic.settings import TARGETS, RecoverySettings
from tutelage.quadratic.thresholds import critical_samples, effective_parameters_frozen
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.recovery_curves import RecoveryCurves


def _samples(study: RecoveryCurves, d: int, width: int) -> list[int]:
    """From N_eff − 2 to n_c + 6 (the counts that claims use are among them)."""
    n_c, n_eff = critical_samples(d, width), effective_parameters_frozen(d, width)
    spread = np.rint(np.linspace(max(n_eff - 2, 1), n_c + 6, study.points)).astype(int)
    return sorted({*(int(n) for n in spread), n_eff, n_c})


def compute(study: RecoveryCurves, progress: Progress | None = None) -> xr.Dataset:
    """Three curves for every (d, m_*), 50 % points of the grid, and both trainings of the same instances."""
    report = progress or silent
    curves = []
    for i, (d, m) in enumerate(study.panels):
        curve = curve_dataset(d, m, _samples(study, d, m), study.instances, study.seed)
        facts = {key: curve.attrs[key] for key in ("d", "n_c", "n_eff", "delta")}
        curve = curve.assign(facts | {"m": m}).rename(sample="point")
        curves.append(
            curve.assign(n=("point", curve["point"].values)).assign_coords(
                point=np.arange(curve.sizes["point"])
            )
        )
        report(0.5 * (i + 1) / len(study.panels))
    data = xr.concat(curves, dim="panel", join="outer", combine_attrs="drop_conflicts")
    grid_d, grid_m = (4, 6, 8), (1, 2, 3)
    half = [[unique_counts(d, m, study.grid_instances, study.seed) for m in grid_m] for d in grid_d]
    report(0.7)
    d, m = study.judged
    n_c = critical_samples(d, m)
    exact = unique_counts(d, d - 1, study.grid_instances, study.seed)
    interior = recover(d, m, n_c, study.grid_instances, study.seed, RecoverySettings("interior", 1e-18))
    loose = recover(study.loose_d, 3, critical_samples(study.loose_d, 3), study.loose_instances, study.seed)
    # One size for both: plain descent at the panels' d, at n_c, stopped where the flow is stopped.
    count, loss = study.descent_instances, study.descent_loss
    plain = recover(d, m, n_c, count, study.seed, RecoverySettings("gradient_descent", loss))
    followed = recover(d, m, n_c, count, study.seed, RecoverySettings("gradient_flow", loss))
    early = recover(d, m, n_c, study.instances, study.seed, RecoverySettings("gradient_flow", 1e-6))
    report(1.0)
    return data.assign(
        grid_half_point=(("grid_d", "grid_m"), [[c.half_point for c in row] for row in half]),
        grid_error=(("grid_d", "grid_m"), [[c.half_point_error() for c in row] for row in half]),
        edge_counts=("edge_realization", exact.counts),
        interior_error=("interior_realization", interior.error),
        interior_unique=("interior_realization", interior.status == "unique"),
        loose_error=("loose_realization", loose.error),
        descent_error=("descent_realization", plain.error),
        descent_arrived=("descent_realization", plain.arrived),
        flow_error=("descent_realization", followed.error),
        early_error=("patience_realization", early.error),
    ).assign_coords(xr.Coordinates({"grid_d": list(grid_d), "grid_m": list(grid_m)}))


def measure(study: RecoveryCurves, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Where recovery begins, and what training recovers at which tolerance."""
    grid = [(d, m) for d in (4, 6, 8) for m in (1, 2, 3)]
    shifts = {
        size: float(dataset.grid_half_point.sel(grid_d=size[0], grid_m=size[1])) - critical_samples(*size)
        for size in grid
    }
    worst = max(shifts, key=lambda size: abs(shifts[size]))
    error = float(dataset.grid_error.sel(grid_d=worst[0], grid_m=worst[1]))
    d, m = study.judged
    sharp = float(np.mean(dataset.edge_counts.values == d * (d + 1) // 2))
    differ = np.mean((dataset.interior_error.values <= 1e-5) != dataset.interior_unique.values)
    loose = dataset.loose_error.values
    spread = float(np.mean(loose <= 1e-1) - np.mean(loose <= 1e-4))
    arrived = dataset.descent_arrived.values.astype(bool)
    verdicts = [
        (dataset.descent_error.values <= t)[arrived] != (dataset.flow_error.values <= t)[arrived]
        for t in TARGETS
    ]
    last = dataset.isel(panel=study.panels.index(study.judged))
    at = lambda n: last.isel(point=int(np.flatnonzero(last.n.values == n)[0]))  # noqa: E731
    n_c, n_eff = critical_samples(d, m), effective_parameters_frozen(d, m)
    late = float(at(n_c).success.sel(target=1e-4)) / study.instances
    differing = float(np.mean(verdicts))
    patience = late - float(np.mean(dataset.early_error.values <= 1e-4))
    practice = float(at(n_c + 6).success.sel(target=1e-2)) / study.instances
    shrinking = float(at(n_eff).fits / at(n_c).fits)
    relative = np.array([float(at(n).fits_error / at(n).fits) for n in (n_eff, n_c)])
    apart, asked = (
        float(dataset.disagreements.sel(target=1e-4).sum()),
        int(dataset.n.count()) * study.instances,
    )
    return {
        "recovery.n_c": Measured(0.0, shifts[worst], error),
        "recovery.sharp": Measured(1.0, sharp),
        "recovery.agreement": Measured(0.0, float(differ)),
        "recovery.undecided": Measured(0.0, float(dataset.undecided.sum())),
        "recovery.descent": Measured(0.0, differing, _error(differing, np.size(verdicts))),
        "recovery.patience": Measured(0.25, float(patience), _error(0.5, study.instances)),
        "recovery.limit": Measured(0.0, apart / asked, _error(apart / asked, asked)),
        "recovery.tolerance": Measured(0.3, spread, _error(0.5, len(loose))),
        "recovery.practice": Measured(1.0, practice, _error(0.9, study.instances)),
        "recovery.fits": Measured(3.0, shrinking, shrinking * float(np.linalg.norm(relative))),
    }


def _error(probability: float, trials: int) -> float:
    """Standard error of a fraction."""
    return float(np.sqrt(probability * (1 - probability) / max(trials, 1)))

"""Effective parameters: exact Hessian ranks over a grid of sizes, beside (14) and the bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.activations import Activation, Erf, Linear, Polynomial, Quadratic
from tutelage.architecture import Architecture
from tutelage.base.progress import Progress
from tutelage.rank import effective_parameters, formulas
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.effective_parameters import EffectiveParameters

FAMILIES = ("linear", "quadratic", "cubic", "odd_cubic", "cube", "erf", "quadratic_biased")


def activations(study: EffectiveParameters) -> dict[str, Activation]:
    """The activation of each family."""
    quadratic = Quadratic(study.alpha)
    return {
        "linear": Linear(),
        "quadratic": quadratic,
        "cubic": Polynomial((0.0, 1.0, 1.0, 1.0)),
        "odd_cubic": Polynomial((0.0, 1.0, 0.0, 1.0)),
        "cube": Polynomial((0.0, 0.0, 0.0, 1.0)),
        "erf": Erf(study.scale),
        "quadratic_biased": quadratic,
    }


def compute(study: EffectiveParameters, progress: Progress | None = None) -> xr.Dataset:
    """Exact generic ranks over the grid of sizes, for every family."""
    shape = (study.d_max, study.k_max)
    data: dict[str, tuple] = {}
    for n, (family, activation) in enumerate(activations(study).items()):
        rank, certified = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        proven = np.zeros(shape, dtype=bool)
        for d, k in np.ndindex(shape):
            architecture = Architecture((d + 1, k + 1, 1), activation, family == "quadratic_biased")
            result = effective_parameters(architecture, primes=2, seed=study.seed)
            rank[d, k], certified[d, k] = result.rank, result.lower_bound.value
            proven[d, k] = result.is_proven
            if progress is not None and k + 1 == study.k_max:
                progress((n + (d + 1) / study.d_max) / len(FAMILIES))
        dims = ("d", "k")
        data |= {
            f"rank_{family}": (dims, rank),
            f"certified_{family}": (dims, certified),
            f"proven_{family}": (dims, proven),
        }
    coords = {"d": np.arange(1, study.d_max + 1), "k": np.arange(1, study.k_max + 1)}
    return xr.Dataset(data, coords=coords, attrs={"alpha": study.alpha, "scale": study.scale})


def measure(study: EffectiveParameters, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """The counts beside (14), the bounds and the exceptions."""
    cells = study.d_max * study.k_max
    bound = _grid(study, lambda d, k: min(k * (d + 1), formulas.polynomial_bound(d, 3)))
    forms = _grid(study, lambda d, k: min(k * d, formulas.forms(d, 3)))
    quadratic = _grid(study, formulas.quadratic_count if study.alpha else lambda d, k: d)
    n_params = _grid(study, lambda d, k: k * (d + 1))
    rank = {family: dataset[f"rank_{family}"].values for family in FAMILIES}

    def everywhere(holds: np.ndarray) -> Measured:
        return Measured(cells, int(holds.sum()))

    below = np.all([rank[family] <= bound for family in ("cubic", "odd_cubic", "cube")], axis=0)
    return {
        "rank.linear": everywhere(rank["linear"] == _grid(study, lambda d, k: d)),
        "rank.quadratic": everywhere(rank["quadratic"] == quadratic),
        "rank.bound": everywhere(below),
        "rank.cubic": everywhere(rank["cubic"] == bound),
        "rank.missing": Measured(
            bound.sum(), rank["odd_cubic"].sum(), corrected=_grid(study, formulas.odd_cubic_count).sum()
        ),
        "rank.cube": Measured(
            forms.sum(),
            rank["cube"].sum(),
            corrected=_grid(study, lambda d, k: formulas.power_count(d, k, 3)).sum(),
        ),
        "rank.erf": everywhere(dataset["certified_erf"].values == n_params),
        "rank.biases": everywhere(rank["quadratic_biased"] == quadratic + 1),
    }


def _grid(study: EffectiveParameters, count: Callable[[int, int], int]) -> np.ndarray:
    return np.array([[count(d, k) for k in range(1, study.k_max + 1)] for d in range(1, study.d_max + 1)])

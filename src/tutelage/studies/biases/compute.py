"""What biases add to the number of effective parameters: one, or one a neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.activations import Activation, Erf, Linear, Polynomial, Quadratic
from tutelage.architecture import Architecture
from tutelage.base.progress import Progress, tracked
from tutelage.rank import effective_parameters, formulas, hessian_rank
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.biases import BiasesAdd

BOTH, HIDDEN = (True, True), (True, False)
FAMILIES = {"linear": BOTH, "quadratic": BOTH, "erf": BOTH, "square": HIDDEN, "cubic": HIDDEN}
"""Which biases each family gets: hidden ones, and those of the output."""


def activations(study: BiasesAdd) -> dict[str, Activation]:
    """The activation of each family."""
    return {
        "linear": Linear(),
        "quadratic": Quadratic(study.alpha),
        "erf": Erf(1.0),
        "square": Polynomial((0.0, 0.0, 1.0)),
        "cubic": Polynomial((0.0, 1.0, 1.0, 1.0)),
    }


def compute(study: BiasesAdd, progress: Progress | None = None) -> xr.Dataset:
    """Exact generic ranks over the grid of sizes, and those at random teachers of every size."""
    shape = (study.d_max, study.k_max)
    data: dict[str, tuple] = {}
    for family, activation in tracked(list(activations(study).items()), progress):
        counts = {
            name: np.array(
                [
                    [_count(activation, d + 1, k + 1, biases, study.seed) for k in range(shape[1])]
                    for d in range(shape[0])
                ]
            )
            for name, biases in (("plain", (False, False)), ("biased", FAMILIES[family]))
        }
        data |= {f"{name}_{family}": (("d", "k"), table) for name, table in counts.items()}
    data["here"] = (
        ("family", "teacher"),
        np.array([_here(study, act) for act in activations(study).values()]),
    )
    coords = {"d": np.arange(1, shape[0] + 1), "k": np.arange(1, shape[1] + 1), "family": list(FAMILIES)}
    return xr.Dataset(data, coords=coords)


def _count(activation: Activation, d: int, k: int, biases: tuple[bool, bool], seed: int) -> int:
    return effective_parameters(Architecture((d, k, 1), activation, biases), seed=seed).rank


def _here(study: BiasesAdd, activation: Activation) -> list[int]:
    """Exact rank at a random teacher with both biases over the generic one, as a difference."""
    d, k = min(3, study.d_max), min(4, study.k_max)
    generic = _count(activation, d, k, BOTH, study.seed)
    teachers = (
        sample_teacher(activation, d, k, study.seed, realization=r, biases="normal")
        for r in range(study.teachers)
    )
    return [hessian_rank(teacher, floating=False).rank - generic for teacher in teachers]


def measure(study: BiasesAdd, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Gains beside one a network, and the closed counts."""
    gain = {f: dataset[f"biased_{f}"].values - dataset[f"plain_{f}"].values for f in FAMILIES}
    cells = study.d_max * study.k_max
    biased_square = _grid(study, lambda d, k: formulas.power_count(d + 1, k, 2))
    square = _grid(study, lambda d, k: formulas.power_count(d, k, 2))
    cubic = _grid(study, formulas.biased_cubic_count)
    last = gain["erf"][-1].astype(float)
    return {
        "biases.linear": Measured(cells, int((gain["linear"] == 1).sum())),
        "biases.quadratic": Measured(cells, int((gain["quadratic"] == 1).sum())),
        "biases.erf": Measured(
            cells, int(gain["erf"].sum()), corrected=int(_grid(study, lambda d, k: k + 1).sum())
        ),
        "biases.neuron": Measured(1.0, float(np.polyfit(dataset["k"].values, last, 1)[0])),
        "biases.square": Measured(
            cells, int(gain["square"].sum()), corrected=int((biased_square - square).sum())
        ),
        "biases.cubic": Measured(cells, int((dataset["biased_cubic"].values == cubic).sum())),
        "biases.here": Measured(0, int(np.abs(dataset["here"].values).sum())),
    }


def _grid(study: BiasesAdd, count: Callable[[int, int], int]) -> np.ndarray:
    return np.array([[count(d, k) for k in range(1, study.k_max + 1)] for d in range(1, study.d_max + 1)])

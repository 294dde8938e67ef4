"""ReLU before an orthonormal teacher: certified minima from random starts, their levels and their spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.landscape import Minima, find_minima, orthonormal_relu_spectrum
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.orthonormal_relu import OrthonormalRelu

LARGE = 0.6
"""Between the eigenvalues that grow with k and all others, which stay below 0.41 at the teacher."""

REFERENCE_STARTS = 150


def compute(study: OrthonormalRelu, progress: Progress | None = None) -> xr.Dataset:
    """Every run of every width, and the Hessian at the teacher."""
    parts = []
    for k in tracked(study.widths, progress):
        teacher = Network(np.eye(k), np.ones(k), "relu")
        found = find_minima(teacher, starts=study.starts, seed=study.seed)
        exact = np.linalg.eigvalsh(Problem(teacher, trainable=("W",)).hessian(teacher).dense())
        parts.append(_facts(k, found, exact))
    # Fills with NaN where a width has fewer eigenvalues.
    return xr.concat(parts, dim="width", join="outer").assign_coords(width=list(study.widths))


def _facts(k: int, found: Minima, exact: np.ndarray) -> xr.Dataset:
    """One width: eigenvalues largest first, so that those that grow stand at the same places for all."""
    closed = orthonormal_relu_spectrum(k).eigenvalues
    return xr.Dataset(
        {
            "loss": ("run", found.loss),
            "certified": ("run", found.is_minimum & (found.eigenvalues[:, 0] > found.error)),
            "spurious": ("run", found.is_spurious),
            "large": ("run", np.sum(found.eigenvalues > LARGE, axis=1)),
            "eigenvalues": (("run", "place"), found.eigenvalues[:, ::-1]),
            "teacher": ("place", exact[::-1]),
            "closed": ("place", np.sort(closed)[::-1]),
        },
        coords={"place": np.arange(1, k * k + 1)},
    )


def measure(study: OrthonormalRelu, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """The closed spectrum, the counts at every run's end, and the fractions beside another search."""
    apart, growing, staying, bottoms, pvalues = [], [], [], [], []
    for k, reference in zip(study.widths, study.reference, strict=True):
        part, closed = dataset.sel(width=k), np.sort(orthonormal_relu_spectrum(k).eigenvalues)[::-1]
        exact, values = part["teacher"].values[: k * k], part["eigenvalues"].values[:, : k * k]
        apart.append(np.abs(exact - closed).max())
        growing.append(values[:, k].min())
        staying.append(values[:, k + 1].max())
        spurious = part["spurious"].values.astype(bool)
        bottoms.append(values[spurious, -1].max(initial=0.0) / closed[-1])
        count = int(spurious.sum())
        table = [[count, study.starts - count], [reference, REFERENCE_STARTS - reference]]
        pvalues.append(scipy.stats.fisher_exact(table).pvalue)
    widths = np.array(study.widths)
    wrong = int((dataset["large"].values != widths[:, None] + 1).sum())
    rate = lambda lows: (lows[-1] - lows[0]) / (widths[-1] - widths[0])  # noqa: E731
    met = int(dataset["spurious"].sum())
    return {
        "orthonormal-relu.teacher": Measured(0.0, float(max(apart))),
        "orthonormal-relu.certified": Measured(1.0, float(dataset["certified"].mean())),
        "orthonormal-relu.count": Measured(0.0, wrong),
        "orthonormal-relu.growth": Measured(1 / (2 * np.pi), float(rate(growing))),
        "orthonormal-relu.others": Measured(0.0, float(rate(staying))),
        "orthonormal-relu.fractions": Measured(0.5, float(min(pvalues))),
        "orthonormal-relu.flatter": Measured(1.0, float(max(bottoms)) if met else float("nan")),
    }

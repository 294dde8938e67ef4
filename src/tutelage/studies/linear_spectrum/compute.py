"""Fig. 2: the linear network's Hessian spectrum against its law, for k > d and for k < d."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.laws import FiniteLinearNetwork, LinearNetwork, linear_eigenvalues
from tutelage.laws.distance import (
    KOLMOGOROV_MEDIAN,
    bootstrap,
    distance_and_error,
    kolmogorov,
    mean_and_error,
    pick_one,
)
from tutelage.network import Network
from tutelage.population import hessian_at_optimum
from tutelage.studies.claim import Measured
from tutelage.studies.shared.teachers import common, teacher_weights

if TYPE_CHECKING:
    from tutelage.studies.linear_spectrum import LinearSpectrum

_PANELS = ("wide", "narrow")

_FACTORS = (1, 2, 4, 8)
"""Multiples of the first size at which the two laws are compared: three doublings."""


def compute(study: LinearSpectrum, progress: Progress | None = None) -> xr.Dataset:
    """Eigenvalues of many teachers at both shapes, and the two laws on a grid."""
    data: dict[str, tuple] = {}
    for panel, (d, k) in tracked(list(zip(_PANELS, study.sizes, strict=True)), progress):
        W, a = teacher_weights(d, k, study.teachers, study.seed)
        values = linear_eigenvalues(W, a)
        data[f"eigenvalues_{panel}"] = (("teacher", f"index_{panel}"), values)
        data[f"readout_{panel}"] = (("teacher",), np.sum(a**2, axis=1))
        data[f"dense_{panel}"] = (
            ("dense_teacher", f"parameter_{panel}"),
            _dense(W[: study.dense_teachers], a[: study.dense_teachers]),
        )
        for name, curve in _curves(d, k, float(values.max())).items():
            data[f"{name}_{panel}"] = ((f"x_{panel}",), curve)
    data["law_distance"] = (("factor",), _law_distances(*study.sizes[0]))
    return xr.Dataset(
        data,
        coords={"factor": list(_FACTORS)},
        attrs={f"size_{p}": size for p, size in zip(_PANELS, study.sizes, strict=True)},
    )


def measure(study: LinearSpectrum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Structure, moments and laws of the eigenvalues, and how fast the laws approach each other."""
    found = {}
    for panel, (d, k) in zip(_PANELS, study.sizes, strict=True):
        values = dataset[f"eigenvalues_{panel}"].values
        limit, finite = LinearNetwork(d, k), FiniteLinearNetwork(d, k)
        found |= _structure(panel, d, dataset)
        found[f"fig2.mean.{panel}"] = Measured(1 + k / d, *mean_and_error(values))
        found[f"fig2.variance.{panel}"] = Measured(
            2 / k + (k / d) * (1 + 1 / d), float(values.var()), bootstrap(values, np.var)
        )
        found[f"fig2.finite.{panel}"] = Measured(KOLMOGOROV_MEDIAN, kolmogorov(pick_one(values), finite.cdf))
        grid = np.linspace(values.min() * 0.8, values.max() * 1.1, 400)
        gap = float(np.max(np.abs(finite.cdf(grid) - limit.cdf(grid))))
        found[f"fig2.limit.{panel}"] = Measured(0.0, *distance_and_error(values, limit.cdf), gap)
    d, k = study.sizes[1]
    same = np.isclose(
        dataset["eigenvalues_narrow"].values, dataset["readout_narrow"].values[:, None], rtol=1e-9, atol=0
    ).sum(axis=1)
    found["fig2.atom"] = Measured(d - k, common(same))
    found["fig2.convergence"] = Measured(-1.0, _exponent(dataset["law_distance"].values))
    return found


def _structure(panel: str, d: int, dataset: xr.Dataset) -> dict[str, Measured]:
    """Rank and the sum rule, from dense Hessians."""
    dense = dataset[f"dense_{panel}"].values
    largest = dense[:, -1]
    counts = (dense > 1e-10 * largest[:, None]).sum(axis=1)
    wanted = dataset[f"eigenvalues_{panel}"].values[: len(dense)]
    n = wanted.shape[1]
    deviation = np.max(np.abs(dense[:, -n:] - wanted) / largest[:, None])
    return {
        f"fig2.rank.{panel}": Measured(d, common(counts)),
        f"fig2.sum.{panel}": Measured(0.0, float(deviation)),
    }


def _dense(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Eigenvalues of the whole Hessian, without using any of its structure."""
    return np.array(
        [
            np.linalg.eigvalsh(hessian_at_optimum(Network(w, b, "linear")).dense())
            for w, b in zip(W, a, strict=True)
        ]
    )


def _curves(d: int, k: int, top: float, points: int = 300) -> dict[str, np.ndarray]:
    """The two laws on a grid, for the figure."""
    x = np.linspace(1e-3, 1.05 * top, points)
    limit, finite = LinearNetwork(d, k), FiniteLinearNetwork(d, k)
    return {
        "grid": x,
        "limit_pdf": limit.pdf(x),
        "limit_cdf": limit.cdf(x),
        "finite_pdf": finite.pdf(x),
        "finite_cdf": finite.cdf(x),
    }


def _law_distances(d: int, k: int) -> list[float]:
    """∫|F − F∞| between the exact and the limit law at growing multiples of a size."""
    areas = []
    for factor in _FACTORS:
        limit, finite = LinearNetwork(factor * d, factor * k), FiniteLinearNetwork(factor * d, factor * k)
        grid = np.linspace(0.0, float(limit.ppf(1 - 1e-7)), 1500)
        areas.append(float(np.trapezoid(np.abs(finite.cdf(grid) - limit.cdf(grid)), grid)))
    return areas


def _exponent(areas: np.ndarray) -> float:
    """Slope of log area against log size."""
    return float(np.polyfit(np.log(_FACTORS), np.log(areas), 1)[0])

"""Fig. 5: spectra of error-function networks against their size, and the three groups at other shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, portion
from tutelage.laws import OddGroups, OddNetwork
from tutelage.laws.distance import mean_and_error
from tutelage.network import Network
from tutelage.rank import hessian_rank
from tutelage.studies.claim import Measured
from tutelage.studies.shared.sinking import exponent, group_means
from tutelage.studies.shared.teachers import common, hessian_eigenvalues
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.erf_spectrum import ErfSpectrum

_SHAPES = ("square", "tall", "wide")


def compute(study: ErfSpectrum, progress: Progress | None = None) -> xr.Dataset:
    """Exact spectra over sizes and shapes, and the means of both groups on Hessians for Lanczos."""
    every = tuple((n, n) for n in study.sizes) + study.shapes
    values, networks = hessian_eigenvalues(
        f"erf:scale={study.scale!r}", every, study.teachers, study.seed, portion(progress, 0.0, 0.5)
    )
    n = len(study.sizes)
    data: dict[str, tuple] = {
        "eigenvalues": (("size", "teacher", "index"), values[:n]),
        "full_rank": (
            ("proved_size", "teacher"),
            [
                [_full_rank(t) for t in row]
                for row, size in zip(networks, study.sizes, strict=False)
                if size <= 12
            ],
        ),
    }
    for shape, found, row in zip(_SHAPES, values[n:], networks[n:], strict=True):
        total = row[0].n_params
        data[f"eigenvalues_{shape}"] = (("teacher", f"index_{shape}"), found[:, :total])
        data[f"a_{shape}"] = (("teacher", f"neuron_{shape}"), [t.a for t in row])
        data[f"W_{shape}"] = (("teacher", f"neuron_{shape}", f"input_{shape}"), [t.W for t in row])
        groups = _groups(study, row[0].W, row[0].a)
        data[f"limit_{shape}"] = ((f"group_{shape}",), _limit(study, row[0]))
        data[f"predicted_{shape}"] = ((f"index_{shape}",), np.concatenate([groups.top, groups.lower]))
    attrs = {"scale": study.scale} | {f"shape_{s}": v for s, v in zip(_SHAPES, study.shapes, strict=True)}

    def predicted_mean(network: Network) -> float:
        return float(_groups(study, network.W, network.a).lower.mean())

    upper, measured, predicted = group_means(
        f"erf:scale={study.scale!r}", study.large_sizes, study.large_teachers, study.seed,
        lambda n: (n, n * n), predicted_mean,
        portion(progress, 0.5, 1.0),
    )  # fmt: skip
    limit = [sample_teacher("linear", d=n, k=n, seed=study.seed) for n in study.limit_sizes]
    data |= {
        "upper_mean": (("large_size", "large_teacher"), upper),
        "bulk_mean": (("large_size", "large_teacher"), measured),
        "predicted_mean": (("large_size", "large_teacher"), predicted),
        "limit_mean": (("limit_size",), [predicted_mean(t) / float(t.a @ t.a) for t in limit]),
    }
    coords = {
        "size": list(study.sizes),
        "large_size": list(study.large_sizes),
        "limit_size": list(study.limit_sizes),
    }
    return xr.Dataset(data, coords=coords, attrs=attrs)


def _groups(study: ErfSpectrum, W: np.ndarray, a: np.ndarray) -> OddGroups:
    return OddGroups(W, a, f"erf:scale={study.scale!r}")


def _limit(study: ErfSpectrum, network: Network) -> np.ndarray:
    """The upper eigenvalues by the law of this |a|²: quantiles at the middle of each one's share, descending."""
    length = float(network.a @ network.a)
    law = OddNetwork(f"erf:scale={study.scale!r}", network.d, network.k, length)
    return law.ppf(1 - (np.arange(network.d + network.k + 20) + 0.5) / law.rank)


def gap_positions(study: ErfSpectrum, dataset: xr.Dataset) -> dict[str, float]:
    """Per shape, how many eigenvalues stand above the widest gap."""
    return {
        shape: _widest_gap(dataset[f"eigenvalues_{shape}"].values, d + k)
        for shape, (d, k) in zip(_SHAPES, study.shapes, strict=True)
    }


def measure(study: ErfSpectrum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Where the gap is, how near the groups are to their prediction, and how fast they sink."""
    found, positions = {}, gap_positions(study, dataset)
    for shape, (d, k) in zip(_SHAPES, study.shapes, strict=True):
        values = dataset[f"eigenvalues_{shape}"].values
        found[f"fig5.count.{shape}"] = Measured(k, positions[shape], corrected=d)
        groups = [
            _groups(study, W, a)
            for W, a in zip(dataset[f"W_{shape}"].values, dataset[f"a_{shape}"].values, strict=True)
        ]
        found[f"fig5.top.{shape}"] = Measured(0.0, *_rms(values, [g.top for g in groups]))
        rest = np.array([g.lower for g in groups])
        lower = values[:, -rest.shape[1] :]
        deviation = np.abs(lower - rest).mean(axis=1) / lower.mean(axis=1)
        found[f"fig5.rest.{shape}"] = Measured(0.0, *mean_and_error(deviation))
        if shape == "square":
            found["fig5.bulk"] = Measured(1.0, *mean_and_error(lower.mean(axis=1) / rest.mean(axis=1)))
    return found | {
        "fig5.sinks": exponent(
            -1.0,
            np.array(study.large_sizes),
            dataset["bulk_mean"].values,
            dataset["predicted_mean"].values,
        ),
        "fig5.fixed": exponent(0.0, np.array(study.large_sizes), dataset["upper_mean"].values),
        "fig5.positive": Measured(1.0, float(dataset["full_rank"].values.mean())),
    }


def _full_rank(network: Network) -> bool:
    """Whether the Hessian at these weights is proved to have no zero eigenvalue."""
    return hessian_rank(network).rank == network.n_params


def _widest_gap(values: np.ndarray, among: int) -> float:
    """Index after which neighbours differ by the largest ratio; NaN when teachers disagree."""
    return common(np.argmax(values[:, :among] / values[:, 1 : among + 1], axis=1) + 1)


def _rms(values: np.ndarray, tops: list[np.ndarray]) -> tuple[float, float]:
    """Root mean square difference of the first eigenvalues and the predicted ones; mean and error over teachers."""
    return mean_and_error(
        np.array([np.sqrt(np.mean((row[: t.size] - t) ** 2)) for row, t in zip(values, tops, strict=True)])
    )

"""Rank and spectrum of the Hessian from random starts to the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import RandomStart, simulate, track
from tutelage.laws.distance import mean_and_error
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.rank import effective_parameters, hessian_rank
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.along_training import RankAlongTraining

FLOOR = 1e-13
"""Losses above this stand clear of the round-off of the tables behind them."""


def short(activation: str) -> str:
    """Its name without parameters."""
    return activation.partition(":")[0]


def compute(study: RankAlongTraining, progress: Progress | None = None) -> xr.Dataset:
    """Loss, spectrum, exact and floating rank and the share of the functional part, by activation, time and run."""
    times = np.concatenate([[0.0], np.geomspace(0.3, study.last, study.points - 1)])
    found = {short(name): _run(study, name, times) for name in tracked(study.activations, progress)}
    size = study.k * (study.d + 1)
    generic = {
        short(name): effective_parameters(sample_teacher(name, study.d, study.k)).rank
        for name in study.activations
    }
    axes = ("activation", "time", "run")
    stacked = {
        name: (
            (*axes, "index") if name == "spectrum" else axes,
            np.stack([one[name] for one in found.values()]),
        )
        for name in ("loss", "spectrum", "rank", "exact", "functional")
    }
    return xr.Dataset(
        {**stacked, "generic": (("activation",), list(generic.values()))},
        coords={"activation": list(found), "time": times, "index": np.arange(size)},
    )


def _run(study: RankAlongTraining, name: str, times: np.ndarray) -> dict[str, np.ndarray]:
    """Runs from random starts before one teacher."""
    problem = Problem(sample_teacher(name, study.d, study.k, study.seed))
    watch = track(problem, "spectrum", "rank", "functional")

    def record(student: Network) -> dict[str, np.ndarray]:
        return {**watch(student), "exact": np.asarray(hessian_rank(student, floating=False).rank)}

    run = simulate(
        problem, RandomStart(study.k), times=times, runs=study.runs, seed=study.seed, record=record, rtol=1e-6
    )
    return {**run.records, "loss": np.zeros(0) if run.runs is None else run.runs.T}


def measure(study: RankAlongTraining, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """The rank at all times, the functional part at the start and against the loss, and the count at the end."""
    times, runs = dataset.sizes["time"], dataset.sizes["run"]
    exact, generic = dataset["exact"].values, dataset["generic"].values[:, None, None]
    share = dataset["functional"].values
    claims = {
        f"along.rank.{name}": Measured(times * runs, int(np.sum(here == count)))
        for name, here, count in zip(dataset["activation"].values, exact, generic, strict=True)
    }
    return claims | {
        "along.start": Measured(0.5, *mean_and_error(share[:, 0].reshape(-1))),
        "along.functional": Measured(0.5, *_slope(dataset)),
        "along.readable": Measured(runs * study.d, _readable(dataset)),
    }


def _slope(dataset: xr.Dataset) -> tuple[float, float]:
    """Of the log functional share in the log loss, late and above round-off, each run about its own mean; its standard
    error by leaving out one run at a time."""
    loss = dataset["loss"].values
    late = (loss > FLOOR) & (loss < 1e-2 * loss[:, :1])
    pairs = []
    for i, j in np.argwhere(late.any(axis=1)):
        x, y = (np.log(dataset[name].values[i, late[i, :, j], j]) for name in ("loss", "functional"))
        pairs.append((np.sum((x - x.mean()) * (y - y.mean())), np.sum((x - x.mean()) ** 2)))
    top, bottom = np.array(pairs).T
    left_out = (top.sum() - top) / (bottom.sum() - bottom)
    return float(top.sum() / bottom.sum()), float(left_out.std() * np.sqrt(max(len(pairs) - 1, 1)))


def _readable(dataset: xr.Dataset) -> int:
    """Eigenvalues of linear networks that stand above the norm of the functional part at the end."""
    last = dataset.sel(activation="linear").isel(time=-1)
    values = last["spectrum"].values
    floor = np.maximum(last["functional"].values, 1e-12) * np.linalg.norm(values, axis=1)
    return int(np.sum(values > floor[:, None]))

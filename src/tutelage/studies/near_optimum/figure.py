"""Fig. 3: the paper's panel with the whole predicted curve in it, and three activations; judged, their local rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import Slopes, draw_expected, draw_slopes, draw_window, local_slopes
from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED, drawn
from tutelage.studies.near_optimum.compute import EARLY, LATE

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"linear": BLUE, "quadratic": GREEN, "erf": ORANGE}


def draw(dataset: xr.Dataset) -> Figure:
    """Log loss over time as in the paper, and three activations."""
    return drawn((_paper, _activations), dataset)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """The rates of both."""
    return drawn((_paper_rate, _rates), dataset)


def _paper(axis: Axes, dataset: xr.Dataset) -> None:
    sgd = _columns(dataset.sel(run="sgd"))
    axis.plot(sgd["time"], sgd["loss"], color=BLUE, lw=3.5, alpha=0.55, label="trained by SGD")
    axis.plot(sgd["time"], sgd["predicted"], color=RED, lw=1.2, label="predicted, the whole curve")
    axis.plot(sgd["time"], sgd["late"], color=BLACK, lw=1.2, ls="--", label=r"$C\,e^{-2\lambda_{\min} t}$")
    axis.set(
        yscale="log", xlabel="time (learning rate × steps)", ylabel="loss ε",
        title=f"linear network, d = {dataset.attrs['d']}, k = {dataset.attrs['k']}",
    )  # fmt: skip
    axis.legend()


def _activations(axis: Axes, dataset: xr.Dataset) -> None:
    lowest = np.inf
    for name, colour in _COLOURS.items():
        run = _columns(dataset.sel(run=name))
        shown = (run["time"] > 0) & (run["loss"] > 1e-12 * run["loss"][0])
        lowest = min(lowest, run["loss"][shown].min())
        axis.plot(
            run["time"][shown], run["predicted"][shown], color=colour, lw=1.2, label=f"{name}, predicted"
        )
        axis.plot(run["time"][shown][::4], run["loss"][shown][::4], "o", ms=3.2, color=colour)
        late = shown & (run["late"] < 3.0 * run["loss"])
        axis.plot(run["time"][late], run["late"][late], color=BLACK, lw=0.9, ls="--")
    axis.plot([], [], "o", ms=3.2, color=BLACK, label="trained")
    axis.plot([], [], color=BLACK, lw=0.9, ls="--", label=r"$C\,e^{-2\lambda_{\min} t}$")
    axis.set(
        xscale="log", yscale="log", xlabel="time", ylabel="loss ε", ylim=(lowest / 3e3, None),  # room for the legend
        title="full gradient descent, three activations",
    )  # fmt: skip
    axis.legend(loc="lower left", ncols=2, handlelength=1.4)


def _paper_rate(axis: Axes, dataset: xr.Dataset) -> None:
    sgd = dataset.sel(run="sgd")
    run = _columns(sgd)
    last, expected = run["time"][-1], 2.0 * float(sgd["smallest"])
    draw_window(axis, (1.0 - LATE) * last, last, "fixed windows")
    draw_window(axis, 0.0, EARLY * last, "")
    draw_slopes(axis, _rate(run, "loss"), fmt=".", ms=5, color=BLUE, label="trained")
    draw_slopes(axis, _rate(run, "predicted"), color=RED, lw=1.2, label="predicted")
    draw_expected(axis, expected, r"$2\lambda_{\min}$")
    axis.set(
        xlabel="time (learning rate × steps)", ylabel="local rate −d log ε / dt", ylim=(0, 3.6 * expected),
        title="its rate, and the two windows compared",
    )  # fmt: skip
    axis.legend(loc="upper right", ncols=2)


def _rates(axis: Axes, dataset: xr.Dataset) -> None:
    draw_window(axis, 1.0 - LATE, 1.0)
    for name, colour in _COLOURS.items():
        one = dataset.sel(run=name)
        run = _columns(one)
        for column, look in (("loss", {"fmt": ".", "ms": 4}), ("predicted", {"lw": 1.2})):
            where, slopes, errors = _rate(run, column)
            draw_slopes(axis, (where / run["time"][-1], slopes, errors), color=colour, **look)
        draw_expected(axis, 2.0 * float(one["smallest"]), colour=colour)
    axis.plot([], [], color=BLACK, lw=1.1, ls="--", label=r"$2\lambda_{\min}$")
    axis.set(
        yscale="log", xlabel="time / time of the last step", ylabel="local rate −d log ε / dt", ylim=(None, 1e3),
        title="their rates (colours and dots as in the figure)",
    )  # fmt: skip
    axis.legend(loc="upper right", ncols=2)


def _rate(run: dict[str, np.ndarray], column: str) -> Slopes:
    where, slopes, errors = local_slopes(run["time"], run[column], log="y")
    return where, -slopes, errors


def _columns(run: xr.Dataset) -> dict[str, np.ndarray]:
    kept = np.isfinite(run["time"].values)
    return {name: run[name].values[kept] for name in ("time", "loss", "predicted", "late")}

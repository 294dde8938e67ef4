"""Learning curves over size and activation, and the time they take; judged, the power law of large erf networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes
from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED, drawn, one_panel
from tutelage.studies.learning_curves.compute import bulk_rate, bulk_window

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"linear": BLUE, "quadratic": GREEN, "erf": ORANGE}
_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = "osD^v"
_LOWEST = 1e-9


def draw(dataset: xr.Dataset) -> Figure:
    """Mean over teachers of ε(t)/ε(0), and time to 1e-6 of the start."""
    return drawn((_curves, _times), dataset, height=3.7)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """Local slope of the large erf network."""
    return one_panel(_slope, dataset)


def _sizes(dataset: xr.Dataset) -> list[tuple]:
    return list(zip(dataset["size"].values, _STYLES, _MARKERS, strict=False))


def _curves(axis: Axes, dataset: xr.Dataset) -> None:
    time = dataset["time"].values
    for name, colour in _COLOURS.items():
        for size, line, _ in _sizes(dataset):
            mean = dataset["loss"].sel(activation=name, size=size).values.mean(axis=0)
            axis.plot(time[mean > _LOWEST], mean[mean > _LOWEST], color=colour, ls=line, lw=1.3)
        axis.plot([], [], color=colour, label=name)
    large = dataset["large_loss"].values.mean(axis=0)
    axis.plot(time[large > _LOWEST], large[large > _LOWEST], color=RED, lw=1.8, label=_large(dataset))
    for size, line, _ in _sizes(dataset):
        axis.plot([], [], color=BLACK, ls=line, lw=1.0, label=size)
    ramp = np.array([3e2, 3e5])
    axis.plot(ramp, 1e-1 * (ramp / ramp[0]) ** -1.5, color=BLACK, lw=0.8)
    axis.annotate("t$^{-3/2}$", (1.5e4, 1e-3))
    axis.set(
        xscale="log", yscale="log", xlabel="time", ylabel="mean loss over its start",
        ylim=(1e-4 * _LOWEST, 2), title="predicted curves",
    )  # fmt: skip
    axis.legend(loc="lower center", ncols=2)


def _times(axis: Axes, dataset: xr.Dataset) -> None:
    for name, colour in _COLOURS.items():
        for size, _, marker in _sizes(dataset):
            one = dataset.sel(activation=name, size=size)
            axis.plot(one["smallest"], one["time_to_1e-6"], marker, ms=4, color=colour, ls="")
    for size, _, marker in _sizes(dataset):
        axis.plot([], [], marker, ms=4, color=BLACK, ls="", label=size)
    line = np.geomspace(float(dataset["smallest"].min()), float(dataset["smallest"].max()), 50)
    axis.plot(line, np.log(1e6) / (2 * line), color=BLACK, lw=0.8, label=r"$\ln 10^6 / (2\lambda_{\min})$")
    axis.set(
        xscale="log", yscale="log", xlabel="smallest non-zero eigenvalue", ylabel="time to 1e-6 of the start",
        title="done before the slowest direction is",
    )  # fmt: skip
    axis.legend(loc="upper right")


def _slope(axis: Axes, dataset: xr.Dataset) -> None:
    """d log ε / d log t of the large erf network, and of its bulk alone: −(3/2) ct/(1 + ct), c = 4ν′/k."""
    time, large = dataset["time"].values, int(dataset.attrs["large"])
    draw_window(axis, *bulk_window(large))
    mean = dataset["large_loss"].values.mean(axis=0)
    shown = mean > _LOWEST
    draw_slopes(axis, local_slopes(time[shown], mean[shown]), fmt=".", ms=6, color=RED, label=_large(dataset))
    reach = bulk_rate(large) * time
    label = "its bulk alone: −(3/2) ct/(1 + ct), c = 4ν′/k"
    axis.plot(time, -1.5 * reach / (1 + reach), color=BLACK, lw=1.0, label=label)
    draw_expected(axis, -1.5, "slope −3/2")
    axis.set(
        xscale="log", xlabel="time", ylabel="local slope of log loss", ylim=(-3.2, 0.1),
        xlim=(time[0], 3 * time[shown][-1]), title="the power law of a large erf network",
    )  # fmt: skip
    axis.legend(loc="lower left")


def _large(dataset: xr.Dataset) -> str:
    return f"erf, d = k = {dataset.attrs['large']}"

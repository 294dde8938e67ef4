"""Learning curves over size and activation, and the time they take against the smallest eigenvalue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, GREEN, ORANGE, panels, style

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"linear": BLUE, "quadratic": GREEN, "erf": ORANGE}
_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = "osD^v"


def draw(dataset: xr.Dataset) -> Figure:
    """Left: mean over teachers of ε(t)/ε(0); right: time to 1e-6 of the start against λ_min⁺, one mark a
    teacher."""
    with style():
        figure, (left, right) = panels(2, width=5.0, height=3.8)
        time = dataset["time"].values
        for name, colour in _COLOURS.items():
            for size, line, marker in zip(dataset["size"].values, _STYLES, _MARKERS, strict=False):
                one = dataset.sel(activation=name, size=size)
                mean = one["loss"].values.mean(axis=0)
                shown = mean > 1e-9
                left.plot(time[shown], mean[shown], color=colour, ls=line, lw=1.3)
                right.plot(one["smallest"], one["time_to_1e-6"], marker, ms=4, color=colour, ls="")
        for name, colour in _COLOURS.items():
            left.plot([], [], color=colour, label=name)
        for size, line, marker in zip(dataset["size"].values, _STYLES, _MARKERS, strict=False):
            left.plot([], [], color=BLACK, ls=line, lw=1.0, label=size)
            right.plot([], [], marker, ms=4, color=BLACK, ls="", label=size)
        ramp = np.array([30.0, 3e4])
        left.plot(ramp, 1.5e-1 * (ramp / ramp[0]) ** -1.5, color=BLACK, lw=0.8)
        left.annotate("t$^{-3/2}$", (1.2e3, 1.0e-3))
        left.set(
            xscale="log", yscale="log", xlabel="time", ylabel="mean loss over its start",
            ylim=(1e-9, 2), title="predicted curves",
        )  # fmt: skip
        left.legend(loc="lower left", fontsize=7.5)
        line = np.geomspace(float(dataset["smallest"].min()), float(dataset["smallest"].max()), 50)
        right.plot(line, np.log(1e6) / (2 * line), color=BLACK, lw=0.8, label=r"$\ln 10^6 / (2\lambda_{\min})$")
        right.set(
            xscale="log", yscale="log", xlabel="smallest non-zero eigenvalue", ylabel="time to 1e-6 of the start",
            title="six decades end before the slowest direction",
        )  # fmt: skip
        right.legend(loc="upper right", fontsize=7.5)
    return figure

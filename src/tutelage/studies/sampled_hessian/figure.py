"""Sampled against exact Hessian over the number of examples: rank, edges of the spectrum, error; judged, its slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes, mean_and_errors
from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, drawn, one_panel
from tutelage.studies.sampled_hessian.compute import SLOPE_FROM

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Three panels over n."""
    return _over_n(drawn((_rank, _eigenvalues, _error), dataset, height=3.0))


def draw_judged(dataset: xr.Dataset) -> Figure:
    """The slope of the error."""
    return _over_n(one_panel(_slope, dataset))


def _over_n(figure: Figure) -> Figure:
    for panel in figure.axes:
        panel.set(xscale="log", xlabel="examples n")
    return figure


def _rank(axis: Axes, dataset: xr.Dataset) -> None:
    n, n_eff = dataset["n"].values, int(dataset.attrs["n_eff"])
    axis.plot(n, np.minimum(n, n_eff), color=BLACK, lw=1.2, label=r"min(n, $N_\mathrm{eff}$)")
    axis.plot(n, dataset["rank"], "o", ms=4, color=BLUE)
    axis.set(ylabel="rank", title=rf"rank: $N_\mathrm{{eff}}$ = {n_eff}, P = {dataset['exact'].size}")
    axis.legend(loc="lower right")


def _eigenvalues(axis: Axes, dataset: xr.Dataset) -> None:
    n, values, exact = dataset["n"].values, dataset["eigenvalues"].values, dataset["exact"].values
    n_eff = int(dataset.attrs["n_eff"])
    for column, colour, name in ((0, ORANGE, "largest"), (n_eff - 1, BLUE, "smallest non-zero")):
        shown = n >= n_eff if column else n > 0
        axis.plot(n[shown], values[shown, :, column], ".", ms=5, color=colour)
        axis.axhline(exact[column], color=colour, lw=1, ls="--")
        axis.plot([], [], ".", color=colour, label=name)
    axis.plot([], [], color=BLACK, lw=1, ls="--", label="exact")
    axis.set(
        yscale="log", ylabel="eigenvalue", title="the edges of the spectrum", ylim=(None, 100 * exact[0])
    )
    axis.legend(loc="upper right", ncols=3)


def _error(axis: Axes, dataset: xr.Dataset) -> None:
    n, error = dataset["n"].values, dataset["error"].values
    axis.plot(n, error, ".", ms=5, color=BLUE)
    axis.plot(n, error[-1].mean() * np.sqrt(n[-1] / n), color=RED, lw=1.2, label="∝ 1/√n")
    axis.set(yscale="log", ylabel="relative error of H", title="the whole matrix")
    axis.legend()


def _slope(axis: Axes, dataset: xr.Dataset) -> None:
    """Local slopes of the mean error."""
    n = dataset["n"].values
    draw_window(axis, SLOPE_FROM, n[-1])
    found = local_slopes(n, *mean_and_errors(dataset["error"].values))
    draw_slopes(axis, found, fmt="o", ms=4, color=BLUE, label="between neighbouring n, ± s.e.")
    draw_expected(axis, -0.5, "1/√n: slope −1/2")
    axis.set(ylabel="local slope of log error", title="its rate", ylim=(-1.6, 1.4))
    axis.legend(loc="upper right")

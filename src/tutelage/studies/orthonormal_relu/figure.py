"""Levels of the minima found with their frequencies, and the spectrum at the teacher and at spurious minima."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, CYCLE, RED, panels, style
from tutelage.quadratic.probability import wilson_interval

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: the fraction of runs on each level of the loss; right: ordered eigenvalues of the widest network."""
    with style():
        figure, (left, right) = panels(2, height=3.6)
        _levels(left, dataset)
        _spectra(right, dataset)
    return figure


def _levels(axis: Axes, dataset: xr.Dataset) -> None:
    runs = dataset.sizes["run"]
    for k, colour, shift in zip(dataset["width"].values, CYCLE, (-0.0008, 0.0, 0.0008), strict=False):
        loss = np.round(dataset["loss"].sel(width=k).values, 7)
        levels, counts = np.unique(np.abs(loss), return_counts=True)
        low, high = wilson_interval(counts, runs)
        share = counts / runs
        errors = [np.maximum(share - low, 0), np.maximum(high - share, 0)]
        axis.errorbar(levels + shift, share, errors, fmt="o", ms=4, color=colour, label=f"k = {k}")
    axis.set(
        xlabel="loss at the end (widths side by side)", ylabel="fraction of runs", ylim=(0, 1.08),
        title=f"levels of {runs} runs each, 95 % intervals",
    )  # fmt: skip
    axis.legend(loc="upper right")


def _spectra(axis: Axes, dataset: xr.Dataset) -> None:
    k = int(dataset["width"].values[-1])
    part, index = dataset.sel(width=k), np.arange(1, k * k + 1)
    spurious = np.flatnonzero(part["spurious"].values)
    for run in spurious[np.unique(np.round(part["loss"].values[spurious], 7), return_index=True)[1]]:
        axis.plot(index, part["eigenvalues"].values[run, : k * k], ".", ms=3.5, color=BLUE)
    axis.plot([], [], ".", color=BLUE, label="at each spurious level")
    axis.plot(index, part["closed"].values[: k * k], color=BLACK, lw=1.2, label="at the teacher, closed form")
    axis.axvline(k + 1.5, color=RED, ls=":", lw=1.2, label="after the (k + 1)-th")
    axis.set(
        xscale="log", yscale="log", xlabel="index, largest first", ylabel="eigenvalue",
        title=f"k = {k}: few grow, most stay",
    )  # fmt: skip
    axis.legend(loc="lower left")

"""Overlap of the lowest eigenvector with the signal, and the lowest eigenvalue beside the edge, against n/d."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: squared overlap; right: edge of the bulk and outlier; lines are limits, dots means of runs."""
    with style():
        figure, (left, right) = panels(2)
        left.plot(dataset["grid"], dataset["overlap_limit"], color=BLACK, label="limit")
        _dots(left, dataset, "overlap", BLUE, f"d = {dataset.attrs['d']}, mean ± s.e.")
        left.axvline(
            dataset.attrs["transition"],
            color=RED,
            ls=":",
            lw=1.2,
            label=f"transition {dataset.attrs['transition']:.3f}",
        )
        left.set(
            xscale="log",
            ylabel="squared overlap with the signal",
            title="the lowest eigenvector of a random start",
        )
        right.plot(
            dataset["grid"], dataset["edge_limit"], color=BLACK, ls="--", label="edge of the bulk, limit"
        )
        right.plot(dataset["grid"], dataset["lowest_limit"], color=BLACK, label="lowest eigenvalue, limit")
        _dots(right, dataset, "edge", ORANGE, "second eigenvalue")
        _dots(right, dataset, "lowest", BLUE, "lowest eigenvalue")
        right.axhline(0, color=RED, lw=1, ls=":")
        right.set(xscale="log", ylabel="eigenvalue", title="below zero there is a way down")
        for axis in (left, right):
            axis.set(xlabel="samples n/d", xticks=(0.5, 1, 2, 5, 10, 20))
            axis.set_xticklabels(["0.5", "1", "2", "5", "10", "20"])
            axis.minorticks_off()
        left.legend(loc="upper left")
        right.legend(loc="lower right")
    return figure


def _dots(axis: Axes, dataset: xr.Dataset, fact: str, colour: str, label: str) -> None:
    values = dataset[fact].values
    error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    axis.errorbar(dataset["ratio"], values.mean(axis=1), error, fmt="o", ms=4, color=colour, label=label)

"""Counting parameters with label noise: histograms of readings, ranks and parameter counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, LIGHT, ORANGE, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr

_CASES = (
    ("linear", "linear, d = 6, k = 4", 6, 28),
    ("narrow", "quadratic, d = 4, k = 2", 9, 10),
    ("wide", "quadratic, d = 4, k = 6", 14, 30),
    ("erf", "erf, d = 4, k = 2", 10, 10),
)
"""Names, titles, ranks and numbers of parameters."""


def draw(dataset: xr.Dataset) -> Figure:
    """One panel a network: what its fits read, their mean, the rank and P."""
    with style():
        figure, axes = panels(4)
        for axis, (name, title, rank, count) in zip(axes, _CASES, strict=True):
            readings = dataset[f"reading_{name}"].values
            axis.hist(readings, bins=24, density=True, color=LIGHT)
            axis.axvline(
                np.mean(readings), color=ORANGE, lw=2.0, label=f"mean of fits {np.mean(readings):.2f}"
            )
            axis.axvline(rank, color=BLACK, lw=1.1, ls="--", label=f"rank H = {rank}")
            axis.axvline(count, color=RED, lw=1.1, ls=":", label=f"P = {count}")
            axis.set(title=title, xlabel="2 n ε / v of one fit", ylabel="density", xlim=(0, None))
            axis.legend()
    return figure

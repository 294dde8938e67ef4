"""Sampled against exact Hessian: rank, smallest and largest eigenvalue, error, over the number of examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, ORANGE, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Three panels over n."""
    n, values, exact = dataset["n"].values, dataset["eigenvalues"].values, dataset["exact"].values
    n_eff = int(dataset.attrs["n_eff"])
    ranks = (values > 1e-11 * values[:, :, :1]).sum(axis=2)
    with style():
        figure, (left, middle, right) = panels(3, width=3.5)
        left.plot(n, np.minimum(n, n_eff), color=BLACK, lw=1.2, label="min(n, N_eff)")
        left.plot(n, ranks, "o", ms=4, color=BLUE)
        left.set(
            xscale="log", xlabel="examples n", ylabel="rank", title=f"rank: N_eff = {n_eff}, P = {exact.size}"
        )
        left.legend(loc="lower right")
        for column, colour, name in ((0, ORANGE, "largest"), (n_eff - 1, BLUE, "smallest non-zero")):
            shown = n >= n_eff if column else n > 0
            middle.plot(n[shown], values[shown, :, column], ".", ms=5, color=colour)
            middle.axhline(exact[column], color=colour, lw=1, ls="--")
            middle.plot([], [], ".", color=colour, label=name)
        middle.set(
            xscale="log", yscale="log", xlabel="examples n", ylabel="eigenvalue", title="dashed: exact"
        )
        middle.set_ylim(top=30 * exact[0])
        middle.legend(loc="upper right", ncols=2)
        error = dataset["error"].values
        right.plot(n, error, ".", ms=5, color=BLUE)
        right.plot(n, error[-1].mean() * np.sqrt(n[-1] / n), color=RED, lw=1.2, label="∝ 1/√n")
        right.set(
            xscale="log",
            yscale="log",
            xlabel="examples n",
            ylabel="relative error of H",
            title="whole matrix",
        )
        right.legend()
    return figure

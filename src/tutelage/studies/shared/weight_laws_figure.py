"""Figures 8 and 9: one histogram per weight law under the law of normal weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, LIGHT, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """One panel per law; a law that leaves the frame is drawn on a logarithmic axis."""
    laws, d, k = list(dataset.attrs["laws"]), dataset.attrs["d"], dataset.attrs["k"]
    x, density = dataset["grid"].values, dataset["limit_pdf"].values
    with style():
        figure, axes = panels(len(laws), height=2.5)
        for axis, law in zip(axes, laws, strict=True):
            values = dataset[f"eigenvalues_{law}"].values.ravel()
            axis.set(title=law, xlabel="eigenvalue λ")
            if np.quantile(values, 0.9) > 2 * x[-1]:
                bins = np.geomspace(max(values.min(), 1e-3), values.max(), 60)
                axis.hist(
                    values,
                    bins=bins,
                    density=False,
                    weights=np.full(values.size, 1 / values.size),
                    color=LIGHT,
                )
                shares = np.diff(np.interp(bins, x, dataset["limit_cdf"], left=0, right=1))
                axis.stairs(shares, bins, color=BLACK)
                axis.set(xscale="log", ylabel="share per bin")
            else:
                axis.set_ylabel("density")
                top = 1.35 * density.max()
                axis.hist(values, bins=np.linspace(0, x[-1], 110), density=True, color=LIGHT)
                axis.plot(x, density, color=BLACK, lw=1.3)
                axis.set(ylim=(0, top), xlim=(0, x[-1]))
        figure.suptitle(
            f"d = {d}, k = {k}; black: the limit law for normal weights", fontsize=10, x=0.01, ha="left"
        )
    return figure

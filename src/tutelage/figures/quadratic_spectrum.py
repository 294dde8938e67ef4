"""Fig. 4: every eigenvalue against N, and the bulk under its prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, LIGHT, ORANGE, RED, local_slopes, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: eigenvalues over N; middle: the bulk at the largest N; right: its local slope."""
    alpha = dataset.attrs["alpha"]
    with style():
        figure, (left, middle, slopes) = panels(3, width=4.0)
        for size, values in zip(dataset["size"].values, dataset["eigenvalues"].values, strict=True):
            nonzero = values[:, : size * (size + 3) // 2]
            spread = size * np.linspace(0.97, 1.03, len(values))[:, None] * np.ones_like(nonzero)
            left.plot(spread[:, 1:].ravel(), nonzero[:, 1:].ravel(), ".", ms=1.4, color=BLUE, rasterized=True)
            left.plot(spread[:, 0], nonzero[:, 0], ".", ms=4, color=RED)
        n = np.geomspace(dataset["size"].values[0], dataset["size"].values[-1], 50)
        left.plot(n, alpha**2 * n + 1 + 10 * alpha**2, color=BLACK, lw=1.2, label="α²N + 1 + 10α²")
        left.plot(n, 8 * alpha**2 / n, color=ORANGE, lw=1.6, ls="--", label="∝ 1/N")
        left.set(
            xscale="log", yscale="log", ylim=(1e-4, None), xlabel="N = d = k", ylabel="eigenvalue",
            title=f"u + αu², α = {alpha:g}; zeros not drawn",
        )  # fmt: skip
        left.set_xticks(dataset["size"].values, labels=dataset["size"].values)
        left.minorticks_off()
        left.legend(loc="lower left", frameon=True, framealpha=0.9)
        _bulk(middle, dataset)
        local_slopes(slopes, dataset)
    return figure


def _bulk(axis, dataset: xr.Dataset) -> None:
    alpha, n = dataset.attrs["alpha"], int(dataset["size"].values[-1])
    bulk = np.log10(dataset["eigenvalues"].values[-1][:, 2 * n : n * (n + 3) // 2].ravel())
    s = dataset["singular"].values
    i, j = np.triu_indices(n)
    predicted = np.log10(np.sort(4 * alpha**2 * (s[:, i] ** 2 + s[:, j] ** 2), axis=1)[:, :-n].ravel())
    bins = np.linspace(max(bulk.min(), -6), bulk.max(), 70)
    axis.hist(bulk, bins=bins, density=True, color=LIGHT, label=f"measured, N = {n}")
    axis.hist(
        predicted, bins=bins, density=True, histtype="step", color=BLACK, lw=1.5, label=r"$4\alpha^2(s_i^2 + s_j^2)$"
    )
    axis.set(xlabel="log₁₀ eigenvalue in the bulk", ylabel="density", title="the bulk from the weights alone")
    axis.legend(loc="upper left")

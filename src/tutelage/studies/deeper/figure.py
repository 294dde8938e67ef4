"""Exact counts of three layers, spectra and their concentration over the depth; judged, its rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, CYCLE, drawn
from tutelage.studies.deeper.compute import quadratic_three_layers

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Counts, spectra, concentration."""
    return drawn((_counts, _spectra, _concentration), dataset, height=3.2)


def _counts(axis: Axes, dataset: xr.Dataset) -> None:
    """u + αu² over the second width, a colour for each first one."""
    sizes, ranks = dataset["k1"].values, dataset["rank_quadratic"].values
    d = int(dataset["d"].values[1])
    for k1, row, colour in zip(sizes, ranks[1], CYCLE, strict=False):
        axis.plot(sizes, [quadratic_three_layers(d, k1, k2) for k2 in sizes], color=colour, lw=1.2)
        axis.plot(sizes, row, "o", ms=4, color=colour, label=f"$k_1$ = {k1}")
    axis.set(xlabel="$k_2$", ylabel="effective parameters", title=f"u + αu², d = {d}", xticks=sizes)
    axis.legend()


def _spectra(axis: Axes, dataset: xr.Dataset) -> None:
    """One network a depth of the first activation."""
    activation = str(dataset["activation"].values[0])
    for depth, colour in zip(dataset["depth"].values, CYCLE, strict=False):
        values = dataset["eigenvalues"].sel(shown=f"{activation} {depth}").values
        values = values[np.isfinite(values)]
        axis.plot(
            np.arange(1, values.size + 1) / values.size, values, color=colour, lw=1.4, label=f"L = {depth}"
        )
    axis.set(
        yscale="log", ylim=(1e-5, 1.5), xlabel="index / P", ylabel="eigenvalue / largest", title=activation
    )
    axis.legend(title="hidden layers")


def _concentration(axis: Axes, dataset: xr.Dataset) -> None:
    depths = dataset["depth"].values
    for name, values, colour in zip(
        dataset["activation"].values, dataset["participation"].values, CYCLE, strict=False
    ):
        error = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
        axis.errorbar(depths, values.mean(axis=1), error, fmt="o-", ms=4, lw=1, color=colour, label=str(name))
    axis.plot(depths, dataset["linear"], "--", color=BLACK, lw=1, label="linear, its law")
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="hidden layers",
        ylabel="(tr H)² / (P tr H²)",
        title="concentration",
    )
    axis.set_xticks(depths, labels=[str(depth) for depth in depths])
    axis.xaxis.minorticks_off()
    axis.legend()

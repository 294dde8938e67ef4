"""Fig. 2: histograms under the two laws, and the distance to the limit law below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, LIGHT, ORANGE, RED, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Two columns (k > d, k < d), two rows (density, cdf minus limit cdf)."""
    with style():
        figure = Figure(figsize=(9.2, 5.2), layout="constrained")
        axes = figure.subplots(2, 2, height_ratios=(3, 1), sharex="col")
        for column, panel in enumerate(("wide", "narrow")):
            d, k = dataset.attrs[f"size_{panel}"]
            sign = ">" if k > d else "<"
            axes[0, column].set_title(f"d = {d}, k = {k}   (k {sign} d)")
            _density(axes[0, column], dataset, panel)
            _difference(axes[1, column], dataset, panel)
        axes[0, 0].set_ylabel("density of eigenvalues")
        axes[1, 0].set_ylabel("F − F∞")
        axes[0, 0].legend(loc="upper right")
    return figure


def _density(axis, dataset: xr.Dataset, panel: str) -> None:
    values = dataset[f"eigenvalues_{panel}"].values
    x = dataset[f"grid_{panel}"].values
    axis.hist(values.ravel(), bins=120, density=True, color=LIGHT, label=f"measured, {len(values)} teachers")
    axis.plot(x, dataset[f"limit_pdf_{panel}"], color=BLACK, label="limit law")
    axis.plot(x, dataset[f"finite_pdf_{panel}"], color=RED, ls="--", lw=1.2, label="exact law at this size")
    axis.set_xlim(0, float(np.quantile(values, 0.9995)))
    axis.set_ylim(bottom=0)


def _difference(axis, dataset: xr.Dataset, panel: str) -> None:
    values = dataset[f"eigenvalues_{panel}"].values
    x, limit = dataset[f"grid_{panel}"].values, dataset[f"limit_cdf_{panel}"].values
    # One column of the grid at a time: all of them together would take hundreds of megabytes.
    below = np.array([(values <= point).mean(axis=1) for point in x])
    measured, error = below.mean(axis=1), below.std(axis=1, ddof=1) / np.sqrt(len(values))
    axis.fill_between(x, measured - limit - 2 * error, measured - limit + 2 * error, color=ORANGE, alpha=0.35)
    axis.plot(x, measured - limit, color=ORANGE, lw=1, label="measured ± 2 s.e.")
    axis.plot(x, dataset[f"finite_cdf_{panel}"] - limit, color=RED, ls="--", lw=1.2)
    axis.axhline(0, color=BLACK, lw=0.8)
    axis.set_xlabel("eigenvalue λ")

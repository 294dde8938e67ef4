"""Histograms of eigenvalues with their laws over them, and distances that fall with the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, LIGHT, RED, panels, size_axis, style
from tutelage.studies.shared.law_over_data import case_of, log_slope

if TYPE_CHECKING:
    import xarray as xr


def draw_cases(dataset: xr.Dataset, size_label: str) -> Figure:
    """A panel a case, and one with the distances."""
    with style():
        figure, axes = panels(dataset.sizes["case"] + 1)
        for i, panel in enumerate(axes[:-1]):
            _case(panel, dataset, i)
        _distances(axes[-1], dataset, size_label)
    return figure


def _case(axis: Axes, dataset: xr.Dataset, i: int) -> None:
    values, x, law = case_of(dataset, i), dataset["grid"].values[i], dataset["law_pdf"].values[i]
    shown = values[values > 1e-9 * values.max()]
    bins = np.linspace(0, max(x[-1], shown.max()), 61)
    heights = np.histogram(shown, bins)[0] / (values.size * np.diff(bins))
    axis.stairs(heights, bins, fill=True, color=LIGHT, label="measured")
    axis.plot(x, law, color=BLACK, label="law")
    axis.set(title=str(dataset["case"].values[i]), xlabel="eigenvalue", ylabel="density")
    axis.set_ylim(0, 1.15 * max(heights[1:].max(), np.quantile(law, 0.8)))
    axis.legend()


def _distances(axis: Axes, dataset: xr.Dataset, size_label: str) -> None:
    sizes, found = dataset["size"].values, dataset["distance"].values
    axis.plot(sizes, found, ".", ms=5, color=BLUE)
    slope, error = log_slope(sizes, found)
    middle, height = np.exp(np.log(sizes).mean()), np.exp(np.log(found.mean(axis=1)).mean())
    label = f"slope {slope:.2f} ± {error:.2f}"
    axis.plot(sizes, height * (sizes / middle) ** slope, color=RED, lw=1.2, label=label)
    axis.set(yscale="log", ylabel="sup distance to the law", title="its rate")
    size_axis(axis, sizes, size_label)
    axis.legend()

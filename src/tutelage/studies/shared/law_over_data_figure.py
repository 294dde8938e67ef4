"""Shares of eigenvalues below each point with their laws, and distances that fall with the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, panels, size_axis, style
from tutelage.studies.shared.law_over_data import log_slope, row_of

if TYPE_CHECKING:
    import xarray as xr

_WIDE = 100
"""Positions over more than this factor are drawn on a logarithmic axis."""

_TICKS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def draw_cases(dataset: xr.Dataset, size_label: str) -> Figure:
    """A panel a case, and one with the distances."""
    with style():
        figure, axes = panels(dataset.sizes["case"] + 1)
        for i, panel in enumerate(axes[:-1]):
            _case(panel, dataset, i)
        _distances(axes[-1], dataset, size_label)
    return figure


def _case(axis: Axes, dataset: xr.Dataset, i: int) -> None:
    x, values = dataset["grid"].values[i], row_of(dataset, "eigenvalues", i)
    for name, colour, label in (("eigenvalues", BLUE, "measured"), ("other", ORANGE, "population")):
        some = row_of(dataset, name, i)
        if some.size:
            axis.ecdf(some, color=colour, lw=2.5, alpha=0.6, label=label)
    axis.plot(x, dataset["law_cdf"].values[i], color=BLACK, lw=1, label="law")
    low = x[0] if values.min() > 0.5 * x[0] else max(x[0], np.quantile(values[values > 0], 0.02) / 10)
    axis.set(title=str(dataset["case"].values[i]), xlabel="eigenvalue", ylabel="share below")
    axis.set(xscale="log" if x[-1] > _WIDE * low else "linear", xlim=(low, x[-1]), ylim=(0, 1.02))
    axis.legend()


def _distances(axis: Axes, dataset: xr.Dataset, size_label: str) -> None:
    sizes, found = dataset["size"].values, dataset["distance"].values
    axis.plot(sizes, found, ".", ms=5, color=BLUE)
    slope, error = log_slope(sizes, found)
    middle, height = np.exp(np.log(sizes).mean()), np.exp(np.log(found.mean(axis=1)).mean())
    label = f"slope {slope:.2f} ± {error:.2f}"
    axis.plot(sizes, height * (sizes / middle) ** slope, color=RED, lw=1.2, label=label)
    axis.set(yscale="log", ylabel="sup distance to the law", title="its rate")
    ticks = [tick for tick in _TICKS if found.min() / 1.5 < tick < 1.5 * found.max()]
    axis.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    size_axis(axis, sizes, size_label)
    axis.legend()

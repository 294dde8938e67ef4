"""Fig. 2: histograms under the two laws and the distance to the limit law; judged, how fast the laws approach each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.base.canvas import ShownFigure
from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes
from tutelage.plotting.style import BLACK, BLUE, LIGHT, ORANGE, RED, WIDTH, one_panel, size_axis, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Two columns (k > d, k < d), two rows (density, cdf minus limit cdf)."""
    with style():
        figure = ShownFigure(figsize=(WIDTH, 5.4))
        figure.set_layout_engine(
            "constrained", hspace=0.06
        )  # a label stays nearer to its own panel than to the next
        grid = figure.add_gridspec(2, 2, height_ratios=(3, 1.3))
        upper = [figure.add_subplot(grid[0, column]) for column in range(2)]
        lower = [figure.add_subplot(grid[1, column], sharex=upper[column]) for column in range(2)]
        for column, panel in enumerate(("wide", "narrow")):
            d, k = dataset.attrs[f"size_{panel}"]
            sign = ">" if k > d else "<"
            upper[column].set_title(f"d = {d}, k = {k}   (k {sign} d)")
            upper[column].set_xlabel("eigenvalue λ")
            _density(upper[column], dataset, panel)
            _difference(lower[column], dataset, panel)
        upper[0].set_ylabel("density of eigenvalues")
        lower[0].set_ylabel("F − F∞")
        upper[0].legend(loc="upper right")
    return figure


def draw_judged(dataset: xr.Dataset) -> Figure:
    """The rate at which the two laws approach each other."""
    return one_panel(_convergence, dataset)


def _density(axis: Axes, dataset: xr.Dataset, panel: str) -> None:
    values = dataset[f"eigenvalues_{panel}"].values
    x = dataset[f"grid_{panel}"].values
    axis.hist(values.ravel(), bins=120, density=True, color=LIGHT, label=f"measured, {len(values)} teachers")
    axis.plot(x, dataset[f"limit_pdf_{panel}"], color=BLACK, label="limit law")
    axis.plot(x, dataset[f"finite_pdf_{panel}"], color=RED, ls="--", lw=1.2, label="exact law at this size")
    axis.set_xlim(0, float(np.quantile(values, 0.9995)))
    axis.set_ylim(bottom=0)


def _difference(axis: Axes, dataset: xr.Dataset, panel: str) -> None:
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


def _convergence(axis: Axes, dataset: xr.Dataset) -> None:
    """Local slope of the area between the exact and the limit law."""
    d, k = dataset.attrs["size_wide"]
    sizes = d * dataset["factor"].values
    draw_window(axis, sizes[0], sizes[-1])
    found = local_slopes(sizes, dataset["law_distance"].values)
    draw_slopes(axis, found, fmt="o-", ms=5, lw=1.2, color=BLUE, label="between neighbouring sizes")
    draw_expected(axis, -1, "1/size: slope −1")
    size_axis(axis, sizes, f"input dimension d, with k = {k / d:g} d")
    axis.set(ylabel="local slope of log area", ylim=(-1.2, -0.8))
    axis.set_title("the area ∫|F − F∞| between the two laws falls like 1/size")
    axis.legend(loc="upper right", ncols=3)

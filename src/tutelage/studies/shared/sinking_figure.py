"""The rate at which a bulk of eigenvalues approaches zero: local slopes of its mean against N."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes, mean_and_errors
from tutelage.plotting.style import BLACK, BLUE, ORANGE, size_axis

if TYPE_CHECKING:
    import xarray as xr


def draw_sinking(axes: Axes, dataset: xr.Dataset) -> None:
    """Measured, predicted for the same weights, and predicted for networks too large to measure."""
    sizes, limit = dataset["large_size"].values, dataset["limit_size"].values
    draw_window(axes, sizes[0], sizes[-1])
    measured = local_slopes(sizes, *mean_and_errors(dataset["bulk_mean"].values))
    draw_slopes(axes, measured, fmt="o", ms=5, color=BLUE, label="measured ± s.e.")
    same = local_slopes(sizes, dataset["predicted_mean"].values.mean(axis=1))
    draw_slopes(axes, same, fmt="D", ms=7, mfc="none", color=BLACK, label="predicted, same weights")
    further = local_slopes(limit, dataset["limit_mean"].values)
    draw_slopes(axes, further, fmt=":D", ms=4, lw=1.2, color=ORANGE, label="predicted, larger N")
    draw_expected(axes, -1, "1/N: slope −1")
    size_axis(axes, [*sizes, *limit[-2:]])
    axes.set(ylabel="local slope of log mean", title="the bulk sinks like 1/N", ylim=(-1.2, 0.3))
    axes.legend(loc="upper right")

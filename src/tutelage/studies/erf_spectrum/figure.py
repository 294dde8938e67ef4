"""Fig. 5: every eigenvalue against N, ordered spectra at three shapes with the predicted groups; judged, the two rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes, mean_and_errors
from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED, drawn, size_axis
from tutelage.studies.shared.sinking_figure import draw_sinking

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"square": BLUE, "tall": ORANGE, "wide": GREEN}


def draw(dataset: xr.Dataset) -> Figure:
    """Eigenvalues over N, and spectra with the gap after d."""
    return drawn((_eigenvalues, _spectra), dataset)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """Local slopes of upper group and bulk."""
    return drawn((_upper, draw_sinking), dataset)


def _eigenvalues(axis: Axes, dataset: xr.Dataset) -> None:
    sizes = dataset["size"].values
    for size, values in zip(sizes, dataset["eigenvalues"].values, strict=True):
        spread = size * np.linspace(0.97, 1.03, len(values))[:, None]
        for low, high, colour in ((0, size, RED), (size, size * (size + 1), BLUE)):
            group = values[:, low:high]
            where = spread * np.ones_like(group)
            axis.plot(where.ravel(), group.ravel(), ".", ms=1.4, color=colour, rasterized=True)
    axis.plot([], [], ".", color=RED, label="first N eigenvalues")
    axis.plot([], [], ".", color=BLUE, label="all others")
    axis.set(yscale="log", ylabel="eigenvalue", title="no zeros, a bulk that sinks")
    size_axis(axis, sizes)
    axis.legend(loc="lower left")


def _spectra(axis: Axes, dataset: xr.Dataset) -> None:
    top = 0.0
    for shape, colour in _COLOURS.items():
        d, k = dataset.attrs[f"shape_{shape}"]
        values, predicted = dataset[f"eigenvalues_{shape}"].values[0], dataset[f"predicted_{shape}"].values
        index = np.arange(1, d + k + 21)
        axis.plot(index, values[: index.size], ".", ms=4, color=colour, label=f"d = {d}, k = {k}")
        axis.plot(index, predicted[: index.size], color=BLACK, lw=0.7)
        axis.plot(index, dataset[f"limit_{shape}"], color=RED, lw=0.9, ls=(0, (4, 3)))
        axis.axvline(d + 0.5, ymax=0.72, color=colour, lw=1, ls=":")
        top = max(top, values[0])
    axis.plot([], [], color=BLACK, lw=0.7, label="predicted")
    axis.plot([], [], color=RED, lw=0.9, ls=(0, (4, 3)), label="law of this |a|²")
    axis.plot([], [], color=BLACK, lw=1, ls=":", label="after the d-th")
    # Room for the legend above the largest eigenvalue.
    axis.set(yscale="log", xlabel="index, largest first", ylabel="eigenvalue", ylim=(None, 12 * top))
    axis.set_title("the gap follows index d")
    axis.legend(loc="upper right", ncols=2)


def _upper(axis: Axes, dataset: xr.Dataset) -> None:
    """Local slopes of the first N eigenvalues' mean."""
    sizes = dataset["large_size"].values
    draw_window(axis, sizes[0], sizes[-1])
    found = local_slopes(sizes, *mean_and_errors(dataset["upper_mean"].values))
    draw_slopes(axis, found, fmt="o", ms=5, color=RED, label="measured ± s.e.")
    draw_expected(axis, 0, "fixed: slope 0")
    size_axis(axis, sizes)
    axis.set(ylabel="local slope of log mean", title="the first N eigenvalues stay", ylim=(-1.2, 0.6))
    axis.legend(loc="lower right")

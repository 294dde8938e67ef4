"""Fig. 4: every eigenvalue against N, and the bulk under its prediction; judged, the two rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes, mean_and_errors
from tutelage.plotting.style import BLACK, BLUE, LIGHT, ORANGE, RED, drawn, size_axis
from tutelage.studies.quadratic_spectrum.compute import bulk_means, predicted_bulks
from tutelage.studies.shared.sinking_figure import draw_sinking

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Eigenvalues over N, and the bulk at the largest N."""
    return drawn((_eigenvalues, _bulk), dataset)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """Local slopes of outlier and bulk."""
    return drawn((_growth, draw_sinking), dataset)


def _eigenvalues(axis: Axes, dataset: xr.Dataset) -> None:
    alpha, sizes = dataset.attrs["alpha"], dataset["size"].values
    for size, values in zip(sizes, dataset["eigenvalues"].values, strict=True):
        nonzero = values[:, : size * (size + 3) // 2]
        spread = size * np.linspace(0.97, 1.03, len(values))[:, None] * np.ones_like(nonzero)
        axis.plot(spread[:, 1:].ravel(), nonzero[:, 1:].ravel(), ".", ms=1.4, color=BLUE, rasterized=True)
        axis.plot(spread[:, 0], nonzero[:, 0], ".", ms=4, color=RED)
    n = np.geomspace(sizes[0], sizes[-1], 50)
    axis.plot(n, alpha**2 * n + 1 + 10 * alpha**2, color=BLACK, lw=1.2, label="α²N + 1 + 10α²")
    # The constant is the predicted mean of the bulk where it has come to 1/N, at the largest size predicted.
    constant = float(dataset["limit_size"][-1] * dataset["limit_mean"][-1])
    axis.plot(
        n, constant / n, color=ORANGE, lw=1.6, ls="--", label=f"{constant:.3g}/N: predicted for large N"
    )
    bulk = bulk_means(sizes, dataset["eigenvalues"].values).mean(axis=1)
    axis.plot(sizes, bulk, "D", ms=5, color=ORANGE, mec=BLACK, mew=0.8, label="mean of the bulk")
    axis.set(
        yscale="log", ylim=(1e-8, 1e6), ylabel="eigenvalue", title=f"u + αu², α = {alpha:g}; zeros not drawn"
    )
    size_axis(axis, sizes)
    axis.legend(loc="upper left")


def _growth(axis: Axes, dataset: xr.Dataset) -> None:
    """Difference quotients of the largest eigenvalue's mean."""
    sizes = dataset["size"].values
    draw_window(axis, sizes[0], sizes[-1])
    found = local_slopes(sizes, *mean_and_errors(dataset["eigenvalues"].values[:, :, 0]), log="")
    draw_slopes(axis, found, fmt="o", ms=5, color=RED, label="measured ± s.e.")
    draw_expected(axis, dataset.attrs["alpha"] ** 2, "α²")
    size_axis(axis, sizes)
    axis.set(ylabel="largest eigenvalue, slope in N", title="the outlier grows like α²N")
    axis.legend(loc="lower right")


def _bulk(axis: Axes, dataset: xr.Dataset) -> None:
    alpha, n = dataset.attrs["alpha"], int(dataset["size"].values[-1])
    bulk = np.log10(dataset["eigenvalues"].values[-1][:, 2 * n : n * (n + 3) // 2].ravel())
    predicted = np.log10(predicted_bulks(dataset, alpha).ravel())
    bins = np.linspace(max(bulk.min(), -6), bulk.max(), 70)
    axis.hist(bulk, bins=bins, density=True, color=LIGHT, label=f"measured, N = {n}")
    axis.hist(
        predicted,
        bins=bins,
        density=True,
        histtype="step",
        color=BLACK,
        lw=1.5,
        label=r"$4\alpha^2(s_i^2 + s_j^2)$",
    )
    grid = dataset["grid"].values
    shown = grid > 10 ** bins[0]
    density = np.log(10) * grid * dataset["law_pdf"].values  # of the logarithm
    axis.plot(
        np.log10(grid[shown]), density[shown], color=RED, lw=1.2, ls="--", label="law for large networks"
    )
    axis.set(xlabel="log₁₀ eigenvalue in the bulk", ylabel="density", title="the bulk from the weights alone")
    axis.legend(loc="upper left")

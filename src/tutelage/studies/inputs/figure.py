"""Two laws over spectra, how the distance falls, and steps against the condition of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, CYCLE, RED, panels, size_axis, style
from tutelage.studies.inputs.compute import measured_growth, needed_steps
from tutelage.studies.shared.law_over_data import log_slope, row_of

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Spectra; distances; learning."""
    with style():
        figure, (left, middle, right) = panels(3)
        for i, case in enumerate(dataset["case"].values):
            left.ecdf(row_of(dataset, "eigenvalues", i), color=CYCLE[i], lw=2.5, alpha=0.5, label=str(case))
            left.plot(dataset["grid"].values[i], dataset["law_cdf"].values[i], color=BLACK, lw=1)
        left.set(
            xscale="log", xlabel="eigenvalue", ylabel="share below", title="one teacher and its law (black)"
        )
        left.legend()
        _distances(middle, dataset)
        _steps(right, dataset)
    return figure


def _distances(axes: Axes, dataset: xr.Dataset) -> None:
    sizes = dataset["size"].values
    for i, (name, found) in enumerate(zip(dataset["law"].values, dataset["distance"].values, strict=True)):
        slope, error = log_slope(sizes, found)
        axes.plot(sizes, found, ".", ms=4, color=CYCLE[i])
        axes.plot(
            sizes, found.mean(axis=1), lw=1.2, color=CYCLE[i], label=f"{name}: {slope:.2f} ± {error:.2f}"
        )
    axes.set(yscale="log", ylabel="sup distance to the law", title="slopes of log distance")
    ticks = [
        tick
        for tick in (0.005, 0.01, 0.02, 0.05, 0.1)
        if dataset["distance"].min() < tick < dataset["distance"].max()
    ]
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    size_axis(axes, sizes, "d")
    axes.legend()


def _steps(axes: Axes, dataset: xr.Dataset) -> None:
    condition = dataset["condition"].values
    slope, error = measured_growth(dataset)
    axes.plot(condition, dataset["predicted_steps"].values, color=BLUE, label="predicted")
    axes.plot(
        condition, needed_steps(dataset), "o", ms=5, color=RED, label=f"runs, slope {slope:.2f} ± {error:.2f}"
    )
    guide = dataset["predicted_steps"].values[0] * np.asarray(condition)
    axes.plot(condition, guide, ":", lw=1, color=BLACK, label="∝ condition")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="condition number of Σ",
        ylabel="steps to the target",
        title="learning",
    )
    axes.legend()

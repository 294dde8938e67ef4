"""Predicted against exact outliers, and the error over the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, panels, size_axis, style
from tutelage.studies.outliers.compute import rms_errors

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: the eigenvalues; right: rms errors."""
    sizes, errors = dataset["size"].values, rms_errors(dataset)
    with style():
        figure, (left, right) = panels(2)
        for i, name in enumerate(dataset["activation"].values):
            exact, predicted = dataset["exact"].values[i], dataset["predicted"].values[i]
            left.plot(exact.ravel(), predicted.ravel(), ".", ms=5, label=str(name))
            right.plot(sizes, errors[i], ".-", ms=6, lw=1, label=str(name))
        ends = [dataset["exact"].values.min(), dataset["exact"].values.max()]
        left.plot(ends, ends, color=BLACK, lw=0.8)
        left.set(xscale="log", yscale="log", xlabel="exact", ylabel="predicted", title="largest eigenvalue")
        left.legend()
        guide = errors.max(axis=0)[0] * 1.3 * np.sqrt(sizes[0] / sizes)
        right.plot(sizes, guide, ":", color=BLACK, lw=1, label="∝ 1/√N")
        right.set(yscale="log", ylabel="rms error over teachers", title="it vanishes while the outlier grows")
        size_axis(right, sizes)
        right.legend()
    return figure

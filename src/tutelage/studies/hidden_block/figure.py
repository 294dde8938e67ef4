"""Fig. 6: the law of |a|², and the eigenvalues of one block in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, LIGHT, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: one teacher's sorted eigenvalues; right: the non-zero one over teachers."""
    d, k = dataset.attrs["d"], dataset.attrs["k"]
    with style():
        figure, (left, right) = panels(2)
        values = np.sort(dataset["dense"].values[0])[::-1]
        left.plot(np.arange(1, values.size + 1), values, ".", ms=4, color=BLUE)
        left.axvline(d + 0.5, color=BLACK, lw=0.8, ls=":")
        left.annotate(f"d = {d}", (d + 0.5, values[0] / 2), xytext=(6, 0), textcoords="offset points")
        left.set(
            title=f"one teacher: {d} equal, {d * (k - 1)} zero",
            xlabel="index",
            ylabel=r"eigenvalue of $H_{ww}$",
        )
        right.hist(dataset["readout"], bins=80, density=True, color=LIGHT, label="measured |a|²")
        right.plot(dataset["grid"], dataset["law_pdf"], color=BLACK, label=f"χ² law, k = {k}")
        right.set(
            title=f"{dataset.sizes['teacher']} teachers", xlabel="non-zero eigenvalue |a|²", ylabel="density"
        )
        right.legend()
    return figure

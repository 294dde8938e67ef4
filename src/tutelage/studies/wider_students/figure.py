"""Spectra at the kinds of optimum beside the teacher's, and the loss along two flat directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, CYCLE, RED, panels, size_axis, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """For the first activation."""
    with style():
        figure, (left, right) = panels(2)
        own = dataset["teacher"].values[0]
        curves = {"teacher": (own, int(dataset["teacher_rank"].values[0]))}
        for kind in dataset["kind"].values:
            one = dataset.isel(activation=0).sel(kind=kind)
            curves[str(kind)] = one["values"].values, int(one["rank"])
        for i, (name, (values, rank)) in enumerate(curves.items()):
            colour = BLACK if name == "teacher" else CYCLE[(i - 1) % len(CYCLE)]
            left.plot(
                np.arange(1, rank + 1),
                values[:rank],
                ".-",
                ms=4,
                lw=0.8,
                color=colour,
                label=f"{name}: {rank}",
            )
        left.set(
            yscale="log", xlabel="index", ylabel="eigenvalue", title="spectra at the optimum, with ranks"
        )
        left.legend()
        steps = dataset["step"].values
        right.plot(steps, dataset["apart"].values, "o-", ms=4, color=RED, label="copies move apart")
        floor = np.maximum(np.abs(dataset["moved"].values), 1e-18)
        right.plot(steps, floor, "o-", ms=4, color=BLUE, label="silent neurons move (zero: at the foot)")
        right.set(yscale="log", ylabel="loss", title="two kinds of flat")
        size_axis(right, [float(f"{step:.2g}") for step in steps], "distance t")
        right.legend()
    return figure

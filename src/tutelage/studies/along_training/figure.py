"""Spectra along one run of each activation, with the size of the functional part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLUE, LIGHT, ORANGE, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """The run of each activation that learns most: eigenvalues, positive and negative, against time."""
    with style():
        figure, axes = panels(dataset.sizes["activation"])
        time = dataset["time"].values[1:]
        for panel, name in zip(axes, dataset["activation"].values, strict=True):
            one = dataset.sel(activation=name)
            one = one.isel(run=int(one["loss"].values[-1].argmin()), time=slice(1, None))
            values, generic = one["spectrum"].values, int(one["generic"])
            for sign, colour, label in ((1, BLUE, "eigenvalues > 0"), (-1, RED, "< 0, as −λ")):
                shown = np.where(sign * values > 0, np.abs(values), np.nan)
                panel.plot(*_one_line(time, shown), ".-", color=colour, ms=3, lw=0.6, label=label)
            norm = one["functional"].values * np.linalg.norm(values, axis=1)
            panel.fill_between(time, 1e-18, norm, color=LIGHT, alpha=0.5, label="functional part")
            panel.plot(time, one["loss"].values, "--", color=ORANGE, lw=1, label="loss")
            smallest = max(1e-13, 0.1 * np.abs(values[-1][values[-1] != 0]).min())
            panel.set(
                xscale="log",
                yscale="log",
                ylim=(smallest, 10 * values.max()),
                xlabel="time",
                title=f"{name}: rank {generic} of {values.shape[1]}",
            )
        axes[0].legend()
    return figure


def _one_line(time: np.ndarray, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curves (time, n) one after the other, with gaps: matplotlib draws one line of many pieces sooner than many lines."""
    gap = np.full((1, curves.shape[1]), np.nan)
    rows = np.vstack([curves, gap]).T
    return np.tile(np.append(time, np.nan), len(rows)), rows.ravel()

"""Fig. 5: every eigenvalue against N, and the ordered spectrum at three shapes with the predicted groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, local_slopes, panels, style

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"square": BLUE, "tall": ORANGE, "wide": GREEN}


def draw(dataset: xr.Dataset) -> Figure:
    """Left: eigenvalues over N; middle: ordered spectra with the gap after d; right: local slope of the bulk."""
    with style():
        figure, (left, middle, slopes) = panels(3, width=4.0)
        for size, values in zip(dataset["size"].values, dataset["eigenvalues"].values, strict=True):
            spread = size * np.linspace(0.97, 1.03, len(values))[:, None]
            for low, high, colour in ((0, size, RED), (size, size * (size + 1), BLUE)):
                group = values[:, low:high]
                left.plot(
                    (spread * np.ones_like(group)).ravel(),
                    group.ravel(),
                    ".",
                    ms=1.4,
                    color=colour,
                    rasterized=True,
                )
        left.plot([], [], ".", color=RED, label="first N eigenvalues")
        left.plot([], [], ".", color=BLUE, label="all others")
        left.set(
            xscale="log",
            yscale="log",
            xlabel="N = d = k",
            ylabel="eigenvalue",
            title="no zeros, a bulk that sinks",
        )
        left.set_xticks(dataset["size"].values, labels=dataset["size"].values)
        left.minorticks_off()
        left.legend(loc="lower left", frameon=True, framealpha=0.9)
        for shape, colour in _COLOURS.items():
            d, k = dataset.attrs[f"shape_{shape}"]
            values = dataset[f"eigenvalues_{shape}"].values[0]
            shown = d + k + 20
            middle.plot(
                np.arange(1, shown + 1), values[:shown], ".", ms=4, color=colour, label=f"d = {d}, k = {k}"
            )
            predicted = dataset[f"predicted_{shape}"].values
            middle.plot(np.arange(1, shown + 1), predicted[:shown], color=BLACK, lw=0.7)
            middle.axvline(d + 0.5, color=colour, lw=1, ls=":")
        middle.plot([], [], color=BLACK, lw=0.7, label="predicted")
        middle.plot([], [], color=BLACK, lw=1, ls=":", label="after the d-th")
        middle.set(
            yscale="log", xlabel="index, largest first", ylabel="eigenvalue", title="the gap follows index d"
        )
        middle.legend(loc="upper right")
        local_slopes(slopes, dataset)
    return figure

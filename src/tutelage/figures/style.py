"""One look for every figure: colour-blind safe, readable in print and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito (2008), ordered so that neighbours also differ in lightness.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#222222",
)
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
LIGHT = "#B8C4CE"
"""Fill of measured histograms; laws are drawn over it in BLACK and RED."""

_RC: dict[str, Any] = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "savefig.bbox": "tight",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=list(CYCLE)),
    "axes.grid": True,
    "grid.color": "#E6E8EB",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.7,
    "pdf.fonttype": 42,
}


@contextmanager
def style() -> Iterator[None]:
    """Our settings inside the block, the user's own after it."""
    with matplotlib.rc_context(_RC):
        yield


def panels(
    columns: int, width: float = 4.6, height: float = 3.4, **keywords: Any
) -> tuple[Figure, list[Axes]]:
    """A figure with a row of panels; no pyplot, so nothing global is left behind."""
    figure = Figure(figsize=(columns * width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, **keywords)
    return figure, list(axes[0])


def local_slopes(axes: Axes, dataset: Any) -> None:
    """Local slopes of a bulk's mean against N: measured, predicted for the same weights, and predicted far on."""
    from tutelage.studies.sinking import local_slopes as slopes

    sizes, measured = dataset["large_size"].values, dataset["bulk_mean"].values
    where, found = slopes(sizes, measured.mean(axis=1))
    relative = measured.std(axis=1, ddof=1) / np.sqrt(measured.shape[1]) / measured.mean(axis=1)
    error = np.hypot(relative[1:], relative[:-1]) / np.diff(np.log(sizes))
    axes.errorbar(where, found, error, fmt="o", ms=5, color=BLUE, label="measured")
    axes.plot(*slopes(sizes, dataset["predicted_mean"].values.mean(axis=1)), "D", ms=6, mfc="none", color=BLACK,
              label="predicted, same weights")  # fmt: skip
    axes.plot(*slopes(dataset["limit_size"].values, dataset["limit_mean"].values), ":D", ms=4, color=ORANGE,
              lw=1.2, label="predicted, larger N")  # fmt: skip
    axes.axhline(-1, color=BLACK, lw=1, ls="--")
    axes.set(xscale="log", xlabel="N = d = k", ylabel="local slope of log mean", title="the bulk sinks like 1/N")
    ticks = [*sizes, *dataset["limit_size"].values[1::2]]
    axes.set_xticks(ticks, labels=ticks)
    axes.minorticks_off()
    axes.set_ylim(-1.6, 0)
    axes.legend(loc="upper right")

"""One look for every figure: colour-blind safe, readable in print and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
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

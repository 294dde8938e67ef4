"""One look for every figure: colour-blind safe, readable in print and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

from tutelage.base.canvas import ShownFigure

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
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    # Where titles stand anyway: none of our figures has ticks above it, and looking for them is a tenth of drawing.
    "axes.titley": 1.0,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=list(CYCLE)),
    "axes.grid": True,
    "grid.color": "#E6E8EB",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    # White behind the letters, for legends that stand over lines, dots or a shaded window.
    "legend.framealpha": 0.85,
    "legend.edgecolor": "white",
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.7,
}


@contextmanager
def style() -> Iterator[None]:
    """Our settings inside the block, the user's own after it."""
    with matplotlib.rc_context(_RC):
        yield


WIDTH = 8.6
"""Inches of two panels side by side: on a page of 960 pixels a letter of 8 points is then 12 pixels high."""


def panels(count: int, width: float = WIDTH / 2, height: float = 3.3) -> tuple[Figure, list[Axes]]:
    """Panels in rows of two, the last of an odd number along its whole row.

    Never three in a row: on a page of 960 pixels their letters would be too small to read. No pyplot, so nothing
    global is left behind.

    Parameters
    ----------
    count : int
    width, height : float
        Of one panel, in inches.
    """
    columns, rows = min(count, 2), (count + 1) // 2
    figure = ShownFigure(figsize=(columns * width, rows * height), layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    cells = [grid[i // columns, i % columns] for i in range(count)]
    if count % 2:
        cells[-1] = grid[-1, :]
    return figure, [figure.add_subplot(cell) for cell in cells]


Part = Callable[[Axes, Any], None]
"""Draws one panel from a dataset."""


def drawn(parts: Sequence[Part], dataset: Any, **sizes: float) -> Figure:
    """One panel for each part, in our style; ``sizes`` as of :func:`panels`."""
    with style():
        figure, axes = panels(len(parts), **sizes)
        for panel, part in zip(axes, parts, strict=True):
            part(panel, dataset)
    return figure


def one_panel(part: Part, dataset: Any, height: float = 3.0) -> Figure:
    """A single wide panel."""
    return drawn((part,), dataset, width=0.7 * WIDTH, height=height)


def size_axis(axes: Axes, sizes: Sequence[float] | np.ndarray, label: str = "N = d = k") -> None:
    """A logarithmic axis of sizes, with these sizes written on it."""
    axes.set(xscale="log", xlabel=label)
    axes.set_xticks(sizes, labels=[str(size) for size in sizes])
    axes.minorticks_off()


_SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PlainPowers(LogFormatterSciNotation):
    """10⁻³ in letters of the font, and 30 for 3×10¹, which would run into the next: as a formula, parsed and set anew for every
    figure, it is a fifth of drawing."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of one tick."""
        formula = super().__call__(x, pos)
        found = re.fullmatch(r"\$\\mathdefault\{(.*?)(?:10\^\{(.*)\})?\}\$", formula)
        if found is None:
            return formula
        if r"\times" in found[1] and 0.01 < x < 1000.0:
            return f"{x:g}"
        power = "" if found[2] is None else "10" + found[2].translate(_SUPERSCRIPTS)
        return found[1].replace(r"\times", "×") + power


def plain_powers(figure: Figure) -> None:
    """Our labels on all logarithmic axes that have matplotlib's own."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if type(axis.get_major_formatter()) is LogFormatterSciNotation:
            axis.set_major_formatter(PlainPowers())
        if type(axis.get_minor_formatter()) is LogFormatterSciNotation:
            axis.set_minor_formatter(PlainPowers())

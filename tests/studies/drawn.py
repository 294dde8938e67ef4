"""What a reader must find on a figure: slopes beside their window and what is expected of them, in letters large enough."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from tutelage.plotting.slopes import WINDOW
from tutelage.studies import Study

PAGE = 960
"""Pixels the report's page is wide."""


def judges_a_slope(axes: Axes) -> bool:
    """Local slopes, a shaded window, and the expected slope as a dashed line."""
    window = any(patch.get_facecolor() == to_rgba(WINDOW) for patch in axes.patches)
    expected = any(line.get_linestyle() == "--" and len(line.get_xdata()) for line in axes.lines)
    return window and expected and bool(axes.containers)


def smallest_letter(figure: Figure) -> float:
    """Height in pixels of the smallest letters when the figure is as wide as the page."""
    sizes = [t.get_fontsize() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
    return min(sizes) / 72 * PAGE / figure.get_figwidth()


def check_figure(figure: Figure, panels: int, slopes: int = 0) -> None:
    """So many axes (colour bars included), so many of them with a judged slope, all readable."""
    assert len(figure.axes) == panels
    assert sum(map(judges_a_slope, figure.axes)) == slopes
    assert smallest_letter(figure) >= 8


def check_figures(study: Study, dataset: xr.Dataset, panels: int, judged: int, slopes: int) -> None:
    """The figure judges no slope; what the claims are judged by is drawn apart, and the card has words for it."""
    check_figure(study.draw(dataset), panels)
    drawn = study.draw_judged(dataset)
    assert drawn is not None
    check_figure(drawn, judged, slopes)

"""The four figures and the sources their lines read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from tutelage.explore.model import Part
from tutelage.plotting.style import BLACK, BLUE, GREEN, LIGHT, ORANGE, PURPLE, RED, SKY

_TITLES = {
    "spectrum": (
        "Spectrum of the Hessian, and its law",
        "index, from the largest",
        "eigenvalue",
        "log",
        "log",
    ),
    "groups": ("The groups, from the weights alone", "index, from the largest", "eigenvalue", "log", "log"),
    "curve": ("Learning curve", "learning rate × steps", "loss", "log", "log"),
    "recovery": ("Recovery of a quadratic teacher", "samples", "probability of one fit", "linear", "linear"),
}
"""Name of a figure: title, axes, and their scales."""

_LINES = {
    "spectrum": ("eigenvalues", "law"),
    "groups": ("eigenvalues", "top", "middle", "bulk"),
    "curve": ("upper", "lower", "predicted", "trained"),
    "recovery": ("locally", "counted", "convex", "certified"),
}
_STYLES = {
    "eigenvalues": ("dots", BLUE), "law": ("line", BLACK), "top": ("dots", RED), "middle": ("dots", ORANGE),
    "bulk": ("dots", GREEN), "predicted": ("line", BLUE), "upper": ("dashed", SKY), "lower": ("dashed", SKY),
    "trained": ("line", RED), "certified": ("line", BLUE), "locally": ("dashed", GREEN), "counted": ("dashed", ORANGE),
    "convex": ("dashed", PURPLE),
}  # fmt: skip
_LEGEND = {
    "upper": "", "lower": "± one deviation", "predicted": "predicted, mean over starts", "trained": "one student, trained",
    "locally": "locally unique", "counted": "by counting", "convex": "statistical dimension", "certified": "certified",
}  # fmt: skip
_SMALLEST = 1e-30
"""Losses below are not drawn: the axis would be all round-off."""


def sources() -> dict[str, ColumnDataSource]:
    """One empty source a line."""
    return {name: ColumnDataSource({"x": [], "y": []}, name=name) for name in _STYLES}


def figures(data: dict[str, ColumnDataSource]) -> dict[str, figure]:
    """The four of them by name; nothing is fetched to draw them."""
    return {name: _figure(name, data) for name in _TITLES}


def _figure(name: str, data: dict[str, ColumnDataSource]) -> figure:
    title, x, y, across, up = _TITLES[name]
    plot = figure(
        title=title, x_axis_label=x, y_axis_label=y, x_axis_type=across, y_axis_type=up, name=name,
        height=340, sizing_mode="stretch_width", toolbar_location="above", active_scroll=None,
        tools="pan,box_zoom,wheel_zoom,reset,hover", tooltips=[("x", "@x{0.[0000]}"), ("y", "@y{0.00000e+0}")],
    )  # fmt: skip
    plot.toolbar.logo = None  # it would be a link to elsewhere
    for line in _LINES[name]:
        _draw(plot, line, data[line], faint=name == "groups" and line == "eigenvalues")
    if name == "recovery":
        plot.y_range = Range1d(-0.03, 1.03)
    legend = plot.legend[0]
    legend.background_fill_alpha, legend.label_text_font_size, legend.padding = 0.7, "11px", 4
    legend.location = {"recovery": "bottom_right"}.get(name, "bottom_left")
    return plot


def _draw(plot: figure, line: str, source: ColumnDataSource, faint: bool) -> None:
    kind, colour = _STYLES[line]
    label = _LEGEND.get(line, line)
    legend: dict[str, Any] = {"legend_label": label} if label else {}
    if kind == "dots":
        plot.scatter(
            "x", "y", source=source, size=7 if faint else 4, color=LIGHT if faint else colour, **legend
        )
    else:
        dash = "dashed" if kind == "dashed" else "solid"
        plot.line("x", "y", source=source, color=colour, line_dash=dash, line_width=1.7, **legend)


def show(part: Part, data: dict[str, ColumnDataSource]) -> None:
    """Put a part's lines into the sources; its lines that it does not have any more are emptied."""
    for name in lines_of(part.name):
        line = part.lines.get(name)
        if line is None:
            data[name].data = {"x": [], "y": []}
            continue
        kept = (line.x > 0) & ((line.y > _SMALLEST) | (part.name == "recovery"))
        data[name].data = {"x": line.x[kept], "y": line.y[kept]}


def lines_of(part: str) -> Iterable[str]:
    """The lines that a part is the source of."""
    own = {"spectrum": ("eigenvalues",), "law": ("law",), "run": ("trained",), "rank": ()}
    return own.get(
        part, tuple(line for line in _LINES.get(part, ()) if line not in ("eigenvalues", "trained"))
    )


def tidy(plots: Iterable[figure]) -> None:
    """Name in the legends only the lines that are there."""
    for plot in plots:
        for item in plot.legend[0].items:
            item.visible = any(len(renderer.data_source.data["x"]) for renderer in item.renderers)

"""Fig. 1: teacher and student drawn as networks, and the loss that compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.base.canvas import ShownFigure
from tutelage.plotting.style import BLACK, BLUE, ORANGE, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Two networks side by side, shared inputs on the left, the loss on the right."""
    d, k = dataset.attrs["d"], dataset.attrs["k"]
    with style():
        figure = ShownFigure(figsize=(9.2, 3.6), layout="constrained")
        axis = figure.subplots()
        axis.axis("off")
        axis.set(xlim=(-0.6, 9.6), ylim=(-0.35, 4.9))
        _network(axis, 2.9, d, k, ORANGE, "teacher: fixed weights Ŵ, â", "f̂(x)")
        _network(axis, 0.35, d, k, BLUE, "student: trained weights W, a", "f(x)")
        axis.annotate("same random inputs x ~ N(0, I)", (-0.5, 2.47), fontsize=9)
        for y in (3.65, 1.1):
            axis.annotate("", (7.3, 2.38), (6.0, y), arrowprops={"arrowstyle": "->", "color": BLACK})
        axis.annotate("loss  ε = ½ E ( f − f̂ )²", (7.4, 2.3), fontsize=11)
        axis.annotate(f"drawn: d = {d}, k = {k}, P = k(d + 1) = {k * (d + 1)}", (7.4, 1.85), fontsize=9)
    return figure


def _network(axis: Axes, base: float, d: int, k: int, colour: str, title: str, output: str) -> None:
    height = 1.5
    inputs = [(0.6, y) for y in np.linspace(base, base + height, d)]
    hidden = [(2.9, y) for y in np.linspace(base + 0.12, base + height - 0.12, k)]
    final = (5.2, base + height / 2)
    for start in inputs:
        for end in hidden:
            axis.plot(*zip(start, end, strict=True), color=colour, lw=0.7, alpha=0.55, zorder=1)
    for start in hidden:
        axis.plot(*zip(start, final, strict=True), color=colour, lw=1.1, zorder=1)
    for points, size in ((inputs, 60), (hidden, 130), ([final], 130)):
        axis.scatter(*zip(*points, strict=True), s=size, color="white", edgecolor=BLACK, zorder=2)
    for x, y in hidden:
        axis.annotate("σ", (x, y), ha="center", va="center", fontsize=8, zorder=3)
    axis.annotate(title, (0.5, base + height + 0.17), fontsize=10, color=BLACK)
    axis.annotate(output, (5.42, final[1] - 0.06), fontsize=10)

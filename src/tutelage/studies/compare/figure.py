"""Ordered eigenvalues of every activation, and how long each takes to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tutelage.plotting.style import CYCLE, panels, style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

_LEGEND_COLUMNS = 6


def draw(dataset: xr.Dataset) -> Figure:
    """Left: spectra, a dot where each ends; right: learning times as bars. Both have the legend below."""
    names = [str(name).partition(":")[0] for name in dataset["activation"].values]
    colours = [CYCLE[i % len(CYCLE)] for i in range(len(names))]
    second = [i >= len(CYCLE) for i in range(len(names))]
    with style():
        figure, (left, right) = panels(2, height=4.3)
        for name, colour, dashed, values, rank in zip(
            names, colours, second, dataset["eigenvalues"].values, dataset["rank"].values.astype(int), strict=True
        ):  # fmt: skip
            line = "--" if dashed else "-"
            left.plot(np.arange(1, rank + 1), values[:rank], color=colour, ls=line, label=f"{name} ({rank})")
            left.scatter(rank, values[rank - 1], s=12, color=colour)
        d, k = dataset.attrs["d"], dataset.attrs["k"]
        left.set(yscale="log", xlabel="index, largest first", ylabel="eigenvalue")
        left.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        left.set_title(f"d = {d}, k = {k}, P = {k * (d + 1)}; in brackets: the rank")
        _bars(right, names, colours, second, dataset["time"].values)
        figure.legend(loc="outside lower center", ncols=min(len(names), _LEGEND_COLUMNS), handlelength=2.4)
    return figure


def _bars(axes: Axes, names: list[str], colours: list[str], dashed: list[bool], times: np.ndarray) -> None:
    """A bar per activation, hatched where its curve is dashed; one that never gets there fills the panel."""
    finite = times[np.isfinite(times)]
    low, high = (finite.min() / 2, finite.max() * 2) if finite.size else (1.0, 10.0)
    for row, (colour, hatched, time) in enumerate(zip(colours, dashed, times, strict=True)):
        known = np.isfinite(time)
        axes.barh(row, time if known else high, color=colour if known else "none", hatch="///" if hatched else None,
                  edgecolor="white" if known else colour)  # fmt: skip
        if not known:
            axes.text(low * 1.1, row, "never", va="center")
    axes.set_yticks(range(len(names)), labels=names)
    axes.grid(False, axis="y")
    axes.set(xscale="log", xlim=(low, high), title="time to a millionth of the first loss",
             xlabel="time: learning rate × steps of gradient flow")  # fmt: skip
    axes.invert_yaxis()

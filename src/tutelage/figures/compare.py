"""Ordered eigenvalues of every activation, and how long each takes to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import CYCLE, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: spectra; right: learning times as bars."""
    names = [str(name).partition(":")[0] for name in dataset["activation"].values]
    with style():
        figure, (left, right) = panels(2, height=4.0)
        for i, (name, values, rank) in enumerate(
            zip(names, dataset["eigenvalues"].values, dataset["rank"].values, strict=True)
        ):
            colour, line = CYCLE[i % len(CYCLE)], ("-", "--")[i // len(CYCLE) % 2]
            left.plot(
                np.arange(1, rank + 1), values[: int(rank)], color=colour, ls=line, label=f"{name} ({rank})"
            )
        d, k = dataset.attrs["d"], dataset.attrs["k"]
        left.set(yscale="log", xlabel="index, largest first", ylabel="eigenvalue")
        left.set_title(f"d = {d}, k = {k}, P = {k * (d + 1)}; (rank)")
        figure.legend(loc="outside lower center", ncols=4)
        bars = [CYCLE[i % len(CYCLE)] for i in range(len(names))]
        right.barh(names[::-1], dataset["time"].values[::-1], color=bars[::-1])
        right.set(xscale="log", xlabel="time to a millionth of the first loss", title="learning time")
    return figure

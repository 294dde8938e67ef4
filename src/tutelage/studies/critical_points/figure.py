"""All critical points of one student by loss and index with the ends of its runs, and how often each minimum is met."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, LIGHT, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: saddles by index, and where runs end; right: the levels that random signs lead to, with their frequency."""
    with style():
        figure, (left, right) = panels(2, height=3.6)
        _landscape(left, dataset)
        _frequencies(right, dataset)
    return figure


def _landscape(axis: Axes, dataset: xr.Dataset) -> None:
    k = int(dataset.attrs["k"])
    p = (k + 1) // 2
    axis.plot(
        dataset["critical_index"],
        dataset["critical_loss"],
        "o",
        ms=5,
        color=BLUE,
        mfc="none",
        label="predicted",
    )
    ends = dataset["loss"].values[dataset["positive"].values == p]
    axis.plot(np.zeros(ends.size), ends, "x", ms=7, color=RED, label=f"ends of {ends.size} runs")
    axis.set(
        xlabel="index: directions that lead down",
        ylabel="loss",
        title=f"all critical points, {p} of {k} read-outs > 0",
    )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(loc="upper left")


def _frequencies(axis: Axes, dataset: xr.Dataset) -> None:
    k, positive = int(dataset.attrs["k"]), dataset["positive"].values
    where = np.arange(k + 1)
    measured = np.bincount(positive, minlength=k + 1) / positive.size
    expected = np.array([comb(k, p) for p in where]) / 2**k
    levels = dataset["level"].values[:, 0]
    best = int(np.argmin(levels))
    axis.bar(where, measured, color=LIGHT, label="measured")
    axis.errorbar(
        where, expected, np.sqrt(expected * (1 - expected) / positive.size), fmt="o", ms=4, color=BLACK,
        label="random signs ± s.e.",
    )  # fmt: skip
    for p in where:
        words = f"{levels[p]:.3g}" + ("\nlowest" if p == best else "\nspurious")
        axis.annotate(
            words, (p, max(measured[p], expected[p])), xytext=(0, 9), textcoords="offset points", ha="center"
        )
    axis.set(
        xticks=where, ylim=(0, 1.55 * max(measured.max(), expected.max())), xlabel="positive read-outs",
        ylabel="fraction of runs", title="the minimum that is met, with its loss",
    )  # fmt: skip
    axis.legend(loc="upper left", ncols=2)

"""Recovery against n: probabilities with their intervals, and the size of the set of fits."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, panels, style

_TOLERANCE_COLOURS = (ORANGE, GREEN, BLUE, PURPLE)


def _wilson(successes: np.ndarray, trials: int) -> tuple[np.ndarray, np.ndarray]:
    # z = 1.96: 95 % score interval, the one the dataset's claims use.
    z2 = 1.96**2
    centre = (successes + z2 / 2) / (trials + z2)
    half = 1.96 / (trials + z2) * np.sqrt(successes * (trials - successes) / trials + z2 / 4)
    return centre - half, centre + half


def draw_probabilities(axes: Axes, dataset: xr.Dataset) -> None:
    """Success at each tolerance and certified uniqueness, with 95 % bands, n_c and the statistical dimension."""
    trials, n = int(dataset.attrs["instances"]), dataset.sample.values
    curves = [
        (f"error ≤ {t:g}", dataset.success.sel(target=t).values, c, "-")
        for t, c in zip(dataset.target.values, _TOLERANCE_COLOURS, strict=True)
    ]
    for label, successes, colour, line in [*curves, ("certified unique", dataset.unique.values, BLACK, "--")]:
        low, high = _wilson(successes, trials)
        axes.fill_between(n, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(n, successes / trials, line, color=colour, label=label, marker="o", markersize=3)
    axes.axvline(dataset.attrs["n_c"], color=RED, linewidth=1.2, label="$n_c$")
    axes.axvline(dataset.attrs["delta"], color=RED, linewidth=1.2, linestyle=":", label="δ")
    axes.set(xlabel="samples n", ylabel="probability of recovery", ylim=(-0.03, 1.1))
    axes.set_title(
        f"d = {dataset.attrs['d']}, $m_*$ = {dataset.attrs['teacher_width']}, {trials} instances", pad=12
    )
    axes.legend(loc="upper left", frameon=True, framealpha=0.9)


def draw_size(axes: Axes, dataset: xr.Dataset) -> None:
    """Mean width of the set of fits in random directions, relative to the norm of the teacher."""
    if "width" not in dataset:
        axes.set_axis_off()
        return
    finite = np.isfinite(dataset.width.values) & (dataset.width.values > 0)
    n, width, error = (dataset[v].values[finite] for v in ("sample", "width", "width_error"))
    axes.errorbar(
        n, width, np.minimum(error, 0.9 * width), color=BLACK, marker="o", markersize=3, linewidth=1.3
    )
    axes.axvline(dataset.attrs["n_c"], color=RED, linewidth=1.2)
    axes.axvline(dataset.attrs["n_eff"], color=BLUE, linewidth=1.2, linestyle="--", label=r"$N_\mathrm{eff}$")
    axes.axvline(dataset.attrs["delta"], color=RED, linewidth=1.2, linestyle=":", label="δ")
    axes.set(yscale="log", xlabel="samples n", ylabel=r"mean width of the set of fits / $\|A_*\|_F$")
    axes.set_title("what the data leave open")
    axes.legend()


def draw(dataset: xr.Dataset) -> Figure:
    """Left: probabilities; right: the set of fits."""
    with style():
        figure, (left, right) = panels(2, width=5.2, height=3.9)
        draw_probabilities(left, dataset)
        draw_size(right, dataset)
        return figure

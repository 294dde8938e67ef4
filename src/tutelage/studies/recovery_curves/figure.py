"""Recovery against n: probabilities with their intervals, and the size of the set of fits; one panel per (d, m_*)."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, panels, style

TOLERANCE_COLOURS = (ORANGE, GREEN, BLUE, PURPLE)


def draw_probabilities(axes: Axes, dataset: xr.Dataset, samples: np.ndarray, counts: dict) -> None:
    """Success at each tolerance and certified uniqueness, with 95 % Wilson bands, n_c and the statistical dimension."""
    trials = int(dataset.attrs["instances"])
    curves = [
        (f"error ≤ {t:g}", "success", {"target": t}, colour, "-")
        for t, colour in zip(dataset.target.values, TOLERANCE_COLOURS, strict=True)
    ]
    for label, name, where, colour, line in [*curves, ("certified unique", "unique", {}, BLACK, "--")]:
        successes, low, high = (dataset[f"{name}{end}"].sel(where).values for end in ("", "_low", "_high"))
        axes.fill_between(samples, low, high, color=colour, alpha=0.12, linewidth=0)
        axes.plot(samples, successes / trials, line, color=colour, label=label, marker="o", markersize=3)
    axes.axvline(counts["n_c"], color=RED, linewidth=1.2, label="$n_c$")
    axes.axvline(counts["delta"], color=RED, linewidth=1.2, linestyle=":", label="δ")
    axes.set(ylim=(-0.03, 1.05))


def draw_size(axes: Axes, dataset: xr.Dataset, samples: np.ndarray, counts: dict) -> None:
    """Mean width of the set of fits in random directions, relative to the norm of the teacher."""
    finite = np.isfinite(dataset.fits.values) & (dataset.fits.values > 0)
    n, width, error = samples[finite], dataset.fits.values[finite], dataset.fits_error.values[finite]
    axes.errorbar(
        n, width, np.minimum(error, 0.9 * width), color=BLACK, marker="o", markersize=3, linewidth=1.3
    )
    axes.axvline(counts["n_eff"], color=BLUE, linewidth=1.2, linestyle="--", label=r"$N_\mathrm{eff}$")
    axes.axvline(counts["n_c"], color=RED, linewidth=1.2, label="$n_c$")
    axes.axvline(counts["delta"], color=RED, linewidth=1.2, linestyle=":", label="δ")
    axes.set(yscale="log")


def draw(dataset: xr.Dataset) -> Figure:
    """One curve: probabilities beside the set of fits. Several (d, m_*): the same pair, one row each."""
    with style():
        return _grid(dataset) if "panel" in dataset.dims else _single(dataset)


def _single(dataset: xr.Dataset) -> Figure:
    sized = "fits" in dataset
    figure, axes = panels(2 if sized else 1, height=3.7)
    samples, counts = dataset["sample"].values, dataset.attrs
    draw_probabilities(axes[0], dataset, samples, counts)
    axes[0].set(xlabel="samples n", ylabel="probability of recovery")
    axes[0].set_title(
        f"d = {counts['d']}, $m_*$ = {counts['teacher_width']}, {counts['instances']} instances, {counts['method']}"
    )
    axes[0].legend(loc="best")
    if sized:
        draw_size(axes[1], dataset, samples, counts)
        axes[1].set(xlabel="samples n", ylabel=r"mean width of the set of fits / $\|A_*\|_F$")
        axes[1].set_title("what the data leave open")
        axes[1].legend()
    return figure


def _grid(dataset: xr.Dataset) -> Figure:
    rows = dataset.sizes["panel"]
    figure, axes = panels(2 * rows, height=3.2)
    for i, (left, right) in enumerate(zip(axes[::2], axes[1::2], strict=True)):
        panel = dataset.isel(panel=i).dropna("point", how="any", subset=["n"])
        counts = {key: float(panel[key]) for key in ("n_c", "n_eff", "delta")}
        samples = panel.n.values
        draw_probabilities(left, panel, samples, counts)
        draw_size(right, panel, samples, counts)
        for panel_axes in (left, right):
            panel_axes.xaxis.get_major_locator().set_params(integer=True)
            panel_axes.set(xlabel="samples n", title=f"d = {int(panel.d)}, $m_*$ = {int(panel.m)}")
        left.set_ylabel("probability of recovery")
        right.set_ylabel(r"width of the fits / $\|A_*\|_F$")
    named = {}
    for first in axes[:2]:
        named |= {label: handle for handle, label in zip(*first.get_legend_handles_labels(), strict=True)}
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=4)
    return figure

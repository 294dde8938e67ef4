"""Both papers on one axis of samples: parameters counted, teacher recovered; and how the counts part with d."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from tutelage.plotting.style import BLACK, BLUE, ORANGE, RED, panels, style

_STAGES = (
    ("#DCE6EF", "1", "other fits beside the teacher"),
    ("#FBEBDD", "2", "the only fit nearby"),
    ("#E3F1E8", "3", "the only fit"),
)


def draw_size(axes: Axes, row: xr.Dataset) -> None:
    """Rank over N_eff and the probability of certified recovery; the three counts part the axis in stages."""
    n = row["sample"].values
    known = np.isfinite(row["rank"].values)
    n_eff, n_c, delta, half = (float(row[name]) for name in ("n_eff", "n_c", "delta", "half_point"))
    last = 1.45 * max(half, n_c)
    borders = (0.0, n_eff, half, last)
    for (colour, text, meaning), left, right in zip(_STAGES, borders[:-1], borders[1:], strict=True):
        axes.axvspan(left, right, color=colour, linewidth=0, zorder=0, label=f"{text}: {meaning}")
        axes.text((left + right) / 2, 1.1, text, ha="center", va="center", fontsize=11, color="#444444")
    axes.plot(
        n[known], row["rank"].values[known] / n_eff, color=BLUE, linewidth=2.2, label=r"rank of $H_n$ / $N_\mathrm{eff}$  [C25]"
    )  # fmt: skip
    low, high = row.probability_low.values[known], row.probability_high.values[known]
    axes.fill_between(n[known], low, high, color=BLACK, alpha=0.15, linewidth=0)
    axes.plot(
        n[known],
        row.probability.values[known],
        color=BLACK,
        linewidth=2.0,
        label="P(proved the only fit), 95 %",
    )
    error = 2 * float(row.half_point_error)
    axes.errorbar(
        [half],
        [0.5],
        xerr=[error],
        fmt="D",
        color=BLACK,
        mfc="white",
        markersize=5,
        label="50 % point, ±2 s.e.",
    )
    axes.axvline(n_eff, color=BLUE, linestyle="--", linewidth=1.2)
    axes.axvline(n_c, color=RED, linewidth=1.4, label="$n_c$  [S20]")
    axes.axvline(delta, color=ORANGE, linestyle=":", linewidth=2.0, label="δ")
    for x, text, colour in ((n_eff, f"{n_eff:.0f}", BLUE), (n_c, f"{n_c:.0f}", RED)):
        axes.annotate(
            text, (x, 0.0), xytext=(-3, 3), textcoords="offset points", color=colour, fontsize=9, ha="right",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
    axes.set(
        xlabel="samples n", ylabel="fraction", xlim=(0, last), ylim=(-0.02, 1.18), yticks=np.linspace(0, 1, 6)
    )
    axes.set_title(f"{row['size'].item().replace('m*', '$m_*$')}: 50 % at {half:.1f} ± {error / 2:.1f}")
    axes.grid(False)


def draw_counts(axes: Axes, dataset: xr.Dataset) -> None:
    """The same counts per dimension against d."""
    d = dataset.d.values
    for name, marker, colour, line, label in (
        ("n_eff", "^", BLUE, "--", r"$N_\mathrm{eff}$"),
        ("n_c", "o", RED, "-", "$n_c$"),
        ("delta", "s", ORANGE, ":", "δ"),
    ):
        axes.plot(d, dataset[name] / d, line, marker=marker, markersize=4, color=colour, label=label)
    axes.errorbar(
        d, dataset.half_point / d, 2 * dataset.half_point_error / d, fmt="D", color=BLACK, mfc="white", markersize=5,
        label="proved, 50 %", zorder=5,
    )  # fmt: skip
    axes.set(xlabel="input dimension d", ylabel="samples per dimension, n / d", xticks=d)
    axes.set_title("how the counts part")
    axes.legend(loc="upper left")


def draw(dataset: xr.Dataset) -> Figure:
    """Up to three sizes on their own axis of samples, then all of them against d."""
    with style():
        count = dataset.sizes["size"]
        chosen = sorted({0, count // 2, count - 1})
        figure, grid = panels(len(chosen) + 1, height=3.5)
        for axes, i in zip(grid[:-1], chosen, strict=True):
            draw_size(axes, dataset.isel(size=i))
        draw_counts(grid[-1], dataset)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return figure

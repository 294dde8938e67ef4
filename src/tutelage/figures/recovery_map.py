"""Certified recovery over (m_*, n/d), with the predictions n_c and δ; and the shift of the 50 % point with d."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, RED, panels, style


def draw_map(axes: Axes, dataset: xr.Dataset) -> None:
    """P(certified unique) as shade; columns are teacher widths."""
    d, widths = int(dataset.attrs["d"]), dataset.width.values
    n = np.arange(1, d * (d + 1) // 2 + 2)
    probability = np.mean(dataset.counts.values[:, :, None] <= n, axis=1)
    edges = np.concatenate([widths - 0.5, [widths[-1] + 0.5]])
    mesh = axes.pcolormesh(
        edges, (np.append(n, n[-1] + 1) - 0.5) / d, probability.T, cmap="Greys", vmin=0, vmax=1
    )
    axes.plot(widths, dataset.n_c / d, "o-", color=RED, markersize=3, label="$n_c / d$")
    axes.plot(widths, dataset.delta / d, "s--", color=BLUE, markersize=3, label="δ / d")
    axes.errorbar(
        widths,
        dataset.half_point / d,
        2 * dataset.half_point_error / d,
        fmt="D",
        color=BLACK,
        mfc="white",
        markersize=4,
        label="50 % point, ±2 s.e.",
    )
    axes.set(xlabel="teacher neurons $m_*$", ylabel="n / d", xlim=(edges[0], edges[-1]))
    axes.set_title(f"certified recovery, d = {d}, {dataset.attrs['instances']} instances each")
    axes.grid(False)
    axes.legend(loc="lower right", frameon=True)
    axes.figure.colorbar(mesh, ax=axes, label="probability")


def draw_shift(axes: Axes, dataset: xr.Dataset) -> None:
    """50 % point against d at one width, with both predictions, in units of d."""
    d = dataset.dimension.values
    m = dataset.attrs["shift_width"]
    axes.errorbar(
        d,
        dataset.shift_half_point / d,
        2 * dataset.shift_error / d,
        fmt="D",
        color=BLACK,
        mfc="white",
        markersize=4,
        label="certified 50 % point, ±2 s.e.",
    )
    axes.plot(d, dataset.shift_n_c / d, "o-", color=RED, markersize=3, label="$n_c/d$ (limit $m_*+1$)")
    axes.plot(d, dataset.shift_delta / d, "s--", color=BLUE, markersize=3, label="δ/d (limit $3 m_*$)")
    axes.set(xlabel="input dimension d", ylabel="n / d")
    axes.set_title(f"$m_*$ = {m}: which count grows as recovery does?")
    axes.legend()


def draw(dataset: xr.Dataset) -> Figure:
    """Left: the map; right, where the dataset has it: the shift."""
    with style():
        if "dimension" not in dataset.dims:
            figure, (left,) = panels(1, width=5.8, height=4.2)
            draw_map(left, dataset)
            return figure
        figure, (left, right) = panels(2, width=5.4, height=4.2)
        draw_map(left, dataset)
        draw_shift(right, dataset)
        return figure

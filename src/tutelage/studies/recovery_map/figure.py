"""Recovery over (m_*, n/d): certificates, set of fits, training; the certified 50 % point against d; judged, its slope."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes
from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED, drawn

_MARKERS = {0: ("o", BLUE), 1: ("s", ORANGE), 2: ("D", GREEN)}


def _edges(values: np.ndarray) -> np.ndarray:
    """Cell borders half way between neighbours."""
    middle = (values[1:] + values[:-1]) / 2
    return np.concatenate(
        [[1.5 * values[0] - 0.5 * values[1]], middle, [1.5 * values[-1] - 0.5 * values[-2]]]
    )


def _mesh(axes: Axes, dataset: xr.Dataset, values: np.ndarray, label: str, title: str, **style: Any) -> None:
    """One quantity (width, sample) as shade, with n_c and δ over it."""
    d, widths, n = int(dataset.attrs["d"]), dataset.width.values, dataset["sample"].values
    columns = np.concatenate([widths - 0.5, [widths[-1] + 0.5]])
    mesh = axes.pcolormesh(columns, _edges(n.astype(float)) / d, values.T, **style)
    axes.plot(widths, dataset.n_c.values / d, "o-", color=RED, markersize=3, linewidth=1.2, label="$n_c/d$")
    axes.plot(widths, dataset.delta.values / d, "s--", color=BLUE, markersize=3, linewidth=1.2, label="δ/d")
    axes.set(xlabel="teacher neurons $m_*$", ylabel="n / d", xlim=(columns[0], columns[-1]))
    axes.set_title(title)
    axes.set_xticks(widths)
    axes.grid(False)
    axes.set_facecolor("#F3E9E2")
    axes.figure.colorbar(mesh, ax=axes, label=label)


def draw_certified(axes: Axes, dataset: xr.Dataset) -> None:
    """P(certified unique)."""
    trials = int(dataset.attrs["instances"])
    title = f"certified unique, d = {dataset.attrs['d']}, {trials} instances"
    _mesh(axes, dataset, dataset.unique.values / trials, "probability", title, cmap="Greys", vmin=0, vmax=1)
    if "half_point" in dataset and "width" in dataset.half_point.dims:
        axes.errorbar(
            dataset.width, dataset.half_point / dataset.attrs["d"], 2 * dataset.half_point_error / dataset.attrs["d"],
            fmt="D", color=BLACK, mfc="white", markersize=4, label="50 % point, ±2 s.e.",
        )  # fmt: skip
    axes.legend(loc="lower right")


def draw_fits(axes: Axes, dataset: xr.Dataset) -> None:
    """Mean width of the set of fits; cells where every instance is unique stay empty."""
    values = np.where(dataset.fits.values > 0, dataset.fits.values, np.nan)
    finite = values[np.isfinite(values)]
    norm = LogNorm(max(finite.min(), 1e-3), finite.max()) if finite.size else None
    title = "width of the set of fits (empty: a point)"
    shown = np.where(np.isfinite(values), values, np.nan)
    _mesh(axes, dataset, shown, r"relative to $\|A_*\|_F$", title, cmap="viridis_r", norm=norm)


def draw_training(axes: Axes, dataset: xr.Dataset, target: float = 1e-2) -> None:
    """P(training ends within ``target``)."""
    values = dataset.success.sel(target=target).values / int(dataset.attrs["instances"])
    title = f"{str(dataset.attrs['method']).replace('_', ' ')} ends within {target:.0%}"
    _mesh(axes, dataset, values, "probability", title, cmap="Greys", vmin=0, vmax=1)


def _half_points(
    axes: Axes, dataset: xr.Dataset, values: xr.DataArray, scale: xr.DataArray | float = 1.0
) -> Iterator[tuple[xr.Dataset, str]]:
    """Draw ``values`` with two standard errors against d, and give each teacher's row and colour."""
    d, errors = dataset.dimension.values, 2 * scale * dataset.half_point_error
    axes.set_xticks(d)
    for i, m in enumerate(dataset.teacher.values):
        marker, colour = _MARKERS[i % 3]
        axes.errorbar(
            d, values.sel(teacher=m), errors.sel(teacher=m),
            fmt=marker, color=colour, mfc="white", markersize=5, label=f"$m_*$ = {m}",
        )  # fmt: skip
        yield dataset.sel(teacher=m), colour


def draw_growth(axes: Axes, dataset: xr.Dataset) -> None:
    """Certified 50 % point per dimension against d, with both predictions."""
    d = dataset.dimension
    for row, colour in _half_points(axes, dataset, dataset.half_point / d, 1 / d):
        axes.plot(d, row.shift_delta / d, "--", color=colour, linewidth=1.2)
        axes.plot(d, row.shift_n_c / d, "-", color=colour, linewidth=1.0)
    axes.plot([], [], "-", color=BLACK, linewidth=1.0, label="$n_c/d$, limit $m_*+1$")
    axes.plot([], [], "--", color=BLACK, linewidth=1.2, label="δ/d, limit $3m_*$")
    axes.set(xlabel="input dimension d", ylabel="n / d")
    axes.set_title("certified 50 % point per dimension, ±2 s.e.")
    axes.set_ylim(top=1.3 * float((dataset.half_point / dataset.dimension).max()))
    axes.legend(loc="upper left", ncols=2)


def draw_shift(axes: Axes, dataset: xr.Dataset) -> None:
    """Samples above n_c."""
    d = dataset.dimension
    for row, colour in _half_points(axes, dataset, dataset.half_point - dataset.shift_n_c):
        axes.plot(d, row.shift_delta - row.shift_n_c, "--", color=colour, linewidth=1.2)
    axes.axhline(0.0, color=RED, linewidth=1.2, label="$n_c$")
    axes.set(xlabel="input dimension d", ylabel="50 % point − $n_c$ (samples)")
    axes.set_title("shift above $n_c$ (dashed: δ − $n_c$)")
    axes.legend()


def draw_slope(axes: Axes, dataset: xr.Dataset) -> None:
    """Samples gained per dimension between neighbouring d; the claims take the last step."""
    d = dataset.dimension.values
    axes.set_xticks(d)
    draw_window(axes, d[-2], d[-1], "fixed window: the last step")
    for i, m in enumerate(dataset.teacher.values):
        marker, colour = _MARKERS[i % 3]
        row = dataset.sel(teacher=m)
        found = local_slopes(d, row.half_point.values, row.half_point_error.values, log="")
        draw_slopes(axes, found, fmt=marker, ms=5, mfc="white", color=colour, label=f"$m_*$ = {m}, ± s.e.")
        draw_slopes(
            axes, local_slopes(d, row.shift_delta.values, log=""), fmt="x:", ms=5, lw=1.0, color=colour
        )
        draw_expected(axes, m + 1, colour=colour)
    axes.plot([], [], "--", color=BLACK, linewidth=1.1, label="$m_*+1$")
    axes.plot([], [], "x:", color=BLACK, linewidth=1.0, label="of δ")
    axes.set(xlabel="input dimension d", ylabel="local slope (samples per dimension)")
    axes.set_title("growth of the certified 50 % point between neighbouring d")
    axes.margins(y=0.35)
    axes.legend(loc="upper left", ncols=2)


def draw_tolerances(axes: Axes, dataset: xr.Dataset) -> None:
    """Mean probability over the map's sample counts, by criterion: there is no single recovery curve."""
    trials, widths = int(dataset.attrs["instances"]), dataset.width.values
    for t in dataset.target.values:
        mean = dataset.success.sel(target=t).mean("sample") / trials
        axes.plot(widths, mean, "o-", markersize=3, label=f"error ≤ {t:g}")
    axes.plot(widths, dataset.unique.mean("sample") / trials, "--", color=BLACK, label="certified unique")
    axes.set_xticks(widths)
    axes.set(xlabel="teacher neurons $m_*$", ylabel="mean probability over n")
    axes.set_title("the criterion matters")
    axes.set_ylim(0, 1.45)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.legend(loc="upper center", ncols=2)


def draw(dataset: xr.Dataset) -> Figure:
    """Certified map alone; or three maps; or, for the study, two maps over the growth with d."""
    if "success" not in dataset:
        return drawn((draw_certified,), dataset, width=5.8, height=4.2)
    if "dimension" not in dataset.dims:
        return drawn((draw_certified, draw_fits, draw_training), dataset, height=3.5)
    return drawn((draw_certified, draw_training, draw_growth, draw_shift), dataset, height=3.5)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """What the criterion does to the maps, and the slope of the certified 50 % point."""
    return drawn((draw_fits, draw_tolerances, draw_slope), dataset, height=3.5)

"""Rank over P on the plane of sizes, with the threshold k = d."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from tutelage.plotting.style import BLACK, panels, style

if TYPE_CHECKING:
    import xarray as xr

_TITLES = {"linear": "linear", "quadratic": "u + αu²", "cubic": "u + u² + u³", "erf": "erf: certified"}


def draw(dataset: xr.Dataset) -> Figure:
    """Four heat maps of rank / P; a cross marks a size where nothing is proven."""
    with style():
        figure, axes = panels(4)
        d, k = dataset["d"].values, dataset["k"].values
        image: Any = None
        for panel, (family, title) in zip(axes, _TITLES.items(), strict=True):
            image = heat_map(panel, d, k, dataset[f"rank_{family}"].values, title)
            unproven = np.argwhere(~dataset[f"proven_{family}"].values)
            if unproven.size:
                panel.plot(d[unproven[:, 0]], k[unproven[:, 1]], "x", color=BLACK, ms=4)
        figure.colorbar(image, ax=axes, label="rank / P", shrink=0.85)
    return figure


def grid_figure(d: ArrayLike, k: ArrayLike, ranks: ArrayLike, title: str) -> Figure:
    """One heat map by itself."""
    with style():
        figure, (axes,) = panels(1, width=5.4, height=4.4)
        figure.colorbar(
            heat_map(axes, np.asarray(d), np.asarray(k), np.asarray(ranks), title), label="rank / P"
        )
    return figure


def heat_map(axes: Axes, d: np.ndarray, k: np.ndarray, ranks: np.ndarray, title: str) -> Any:
    """Ranks (d, k) over P = k (d + 1), and the line k = d: above it W has rank d."""
    ratio = (ranks / (k * (d[:, None] + 1))).T
    extent = (d[0] - 0.5, d[-1] + 0.5, k[0] - 0.5, k[-1] + 0.5)
    image = axes.imshow(
        ratio,
        origin="lower",
        extent=extent,
        aspect="auto",
        vmin=0,
        vmax=1,
        cmap="viridis",
        interpolation="nearest",
    )
    low, high = max(extent[0], extent[2]), min(extent[1], extent[3])
    if high > low:
        # White with a dark rim: the colour map has no hue that shows on both of its ends.
        rim = [withStroke(linewidth=3.2, foreground=BLACK)]
        axes.plot([low, high], [low, high], "--", color="white", lw=1.6, path_effects=rim)
        axes.annotate(
            "k = d", (high, high), xytext=(-3, -34), textcoords="offset points", ha="right", color="white",
            path_effects=[withStroke(linewidth=2.5, foreground=BLACK)],
        )  # fmt: skip
    axes.grid(False)
    axes.set(title=title, xlabel="input dimension d", ylabel="width k")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)
    return image

"""Appendix A.3: the curved eigenvectors of one network as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """One panel for each of the first two shapes: rows are eigenvectors, columns parameters."""
    with style():
        figure, axes = panels(2, height=3.0)
        for i, axis in enumerate(axes):
            d, k = dataset.attrs["sizes"][i]
            rows = dataset[f"vectors_{i}"].values[:, :d].T
            limit = np.max(np.abs(rows))
            image = axis.imshow(
                rows, aspect="auto", cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest"
            )
            axis.axvline(k * d - 0.5, color=BLACK, ls="--", lw=1)
            axis.grid(False)
            values = dataset[f"values_{i}"].values[:d]
            axis.set_yticks(range(d), labels=[f"{value:.2f}" for value in values], fontsize=7)
            axis.set(title=f"d = {d}, k = {k}", xlabel="parameter: W row by row | a", ylabel="eigenvalue")
        figure.colorbar(image, ax=axes, label="component", shrink=0.9)
    return figure

"""Kernels, their laws, and the distance between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tutelage.studies.shared.law_over_data_figure import draw_cases

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """A panel for each shape, and the distances at d = k = n."""
    return draw_cases(dataset, "d = k = n")

"""Deep linear spectra, their laws, and the distance between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tutelage.studies.shared.law_over_data_figure import draw_cases

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """A panel for each list of widths, and the distances at equal widths."""
    return draw_cases(dataset, "width of all layers")

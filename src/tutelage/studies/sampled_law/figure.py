"""Sampled spectra with their laws, and the distance over the size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tutelage.studies.shared.law_over_data_figure import draw_cases

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """A panel for each P/n, and the distances."""
    return draw_cases(dataset, "N = d = k")

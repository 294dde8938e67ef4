"""Fig. 7: non-zero eigenvalues of WWᵀ at both shapes under Marchenko and Pastur's density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, LIGHT, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """One panel per shape; the atom at zero is written, not drawn."""
    with style():
        figure, axes = panels(2)
        for axis, panel in zip(axes, ("wide", "narrow"), strict=True):
            d, k = dataset.attrs[f"size_{panel}"]
            values = dataset[f"eigenvalues_{panel}"].values
            nonzero = values[:, max(k - d, 0) :].ravel()
            share = nonzero.size / values.size
            axis.hist(
                nonzero, bins=100, density=True, color=LIGHT,
                label=f"measured, {len(values)} teachers",
            )  # fmt: skip
            axis.plot(
                dataset[f"grid_{panel}"], dataset[f"law_pdf_{panel}"] / share, color=BLACK, label="limit law"
            )
            sign = ">" if k > d else "<"
            atom = f"; {k - d} zeros not drawn" if k > d else ""
            axis.set(title=f"d = {d}, k = {k}   (k {sign} d){atom}", xlabel="eigenvalue of WWᵀ")
            axis.set_xlim(0, float(np.quantile(nonzero, 0.9998)))
            axis.set_ylim(bottom=0)
        axes[0].set_ylabel("density of non-zero eigenvalues")
        axes[0].legend()
    return figure

"""Appendix D: exact Hessian and score covariance; tangent kernel and sampled Hessian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, GREEN, ORANGE, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Ordered eigenvalues, both panels on a logarithmic axis."""
    with style():
        figure, (left, right) = panels(2)
        exact = np.linalg.eigvalsh(dataset["hessian"].values)[::-1]
        scores = np.linalg.eigvalsh(dataset["score_mean"].values)[::-1]
        index = np.arange(1, exact.size + 1)
        left.plot(index, exact, color=BLACK, lw=1.3, label="exact Hessian")
        left.plot(index, scores, "o", ms=4, color=ORANGE, label="covariance of sampled scores")
        left.set(yscale="log", xlabel="index", ylabel="eigenvalue", title="Fisher information = Hessian")
        left.legend()
        for i, (n, colour) in enumerate(zip(dataset.attrs["kernel_inputs"], (BLUE, GREEN), strict=True)):
            kernel, sampled = dataset[f"kernel_{i}"].values, dataset[f"sampled_{i}"].values
            shown = min(kernel.size, sampled.size)
            index = np.arange(1, shown + 1)
            right.plot(
                index, kernel[:shown], "o", ms=7, mfc="none", color=colour, label=f"kernel, {n} inputs"
            )
            right.plot(index, sampled[:shown], "x", ms=4, color=BLACK)
        right.plot([], [], "x", ms=4, color=BLACK, label="sampled Hessian")
        right.set(yscale="log", xlabel="index", ylabel="eigenvalue", title="tangent kernel = sampled Hessian")
        right.legend()
    return figure

"""Fig. 3: the paper's panel with the whole predicted curve in it, and three activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, GREEN, ORANGE, RED, panels, style

if TYPE_CHECKING:
    import xarray as xr

_COLOURS = {"linear": BLUE, "quadratic": GREEN, "erf": ORANGE}


def draw(dataset: xr.Dataset) -> Figure:
    """Left: log loss over time as in the paper; right: log-log, dots trained and lines predicted."""
    with style():
        figure, (left, right) = panels(2, width=5.0, height=3.7)
        sgd = _columns(dataset.sel(run="sgd"))
        left.plot(sgd["time"], sgd["loss"], color=BLUE, lw=3.5, alpha=0.55, label="trained by SGD")
        left.plot(sgd["time"], sgd["predicted"], color=RED, lw=1.2, label="predicted, the whole curve")
        left.plot(sgd["time"], sgd["late"], color=BLACK, lw=1.2, ls="--", label=r"$C\,e^{-2\lambda_{\min} t}$")
        left.set(
            yscale="log", xlabel="time (learning rate × steps)", ylabel="loss ε",
            title=f"linear network, d = {dataset.attrs['d']}, k = {dataset.attrs['k']}",
        )  # fmt: skip
        left.legend()
        lowest = np.inf
        for name, colour in _COLOURS.items():
            run = _columns(dataset.sel(run=name))
            shown = (run["time"] > 0) & (run["loss"] > 1e-12 * run["loss"][0])
            lowest = min(lowest, run["loss"][shown].min())
            right.plot(
                run["time"][shown], run["predicted"][shown], color=colour, lw=1.2, label=f"{name}, predicted"
            )
            right.plot(run["time"][shown][::4], run["loss"][shown][::4], "o", ms=3.2, color=colour)
            late = shown & (run["late"] < 3.0 * run["loss"])
            right.plot(run["time"][late], run["late"][late], color=BLACK, lw=0.9, ls="--")
        right.plot([], [], "o", ms=3.2, color=BLACK, label="trained, full gradient")
        right.plot([], [], color=BLACK, lw=0.9, ls="--", label=r"$C\,e^{-2\lambda_{\min} t}$")
        right.set(
            xscale="log", yscale="log", xlabel="time", ylabel="loss ε", ylim=(lowest / 3, None),
            title="an exponential, and a power law that hides one",
        )  # fmt: skip
        right.legend(loc="lower left")
    return figure


def _columns(run: xr.Dataset) -> dict[str, Any]:
    kept = np.isfinite(run["time"].values)
    return {name: run[name].values[kept] for name in ("time", "loss", "predicted", "late")}

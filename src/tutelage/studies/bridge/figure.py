"""The bridge: rates on the diagonal, and SGD on the curve of its order parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, GREEN, LIGHT, ORANGE, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: rates of the overlaps over those of the spectrum; right: the loss of runs and of the equations."""
    with style():
        figure, (left, right) = panels(2)
        for name, colour in (("erf", ORANGE), ("quadratic", GREEN), ("linear", BLUE)):
            expected = dataset[f"spectrum_{name}"].values
            shown = expected > 1e-9 * expected[-1]
            left.plot(
                expected[shown],
                dataset[f"overlaps_{name}"].values[shown],
                "o",
                ms=4,
                color=colour,
                label=name,
            )
        ends = left.get_xlim()
        left.plot(ends, ends, color=BLACK, lw=0.8, ls=":", zorder=0)
        left.set(
            xscale="log", yscale="log", xlabel="from the spectrum of H", ylabel="from the order parameters",
            title="rates at the fixed point",
        )  # fmt: skip
        left.legend()
        for run in dataset["sgd_loss"].values:
            right.plot(dataset["time"], run, color=LIGHT, lw=0.8)
        right.plot(
            dataset["time"], dataset["sgd_loss"].mean("run"), ".", color=ORANGE, label="SGD, mean of runs"
        )
        right.plot(dataset["time"], dataset["ode_loss"], color=BLACK, lw=1.2, label="order parameters")
        right.set(
            yscale="log", xlabel="time (learning rate × steps)", ylabel="excess loss ε",
            title=f"erf, d = {dataset.attrs['inputs']}, noisy labels",
        )  # fmt: skip
        right.legend()
    return figure

"""Loss against time: algebraic, exponential, and on finite data."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, CYCLE, RED, panels, style


def draw(dataset: xr.Dataset) -> Figure:
    """t²E against t; E against rate × t; training and generalisation below threshold."""
    with style():
        figure, (left, middle, right) = panels(3, width=4.3, height=3.7)
        time = dataset.time.values[1:]
        for label, loss, colour in zip(dataset.case.values, dataset.algebraic.values, CYCLE, strict=False):
            scaled = time**2 * loss[1:]
            left.loglog(time, scaled, color=colour, label=label)
        for level, colour in zip(dataset.level.values, CYCLE, strict=False):
            left.axhline(level, color=colour, linestyle=":", linewidth=1.0)
        left.set(xlabel="time t", ylabel="$t^2 E(t)$")
        left.set_title("$m_* < d$: levels off at its constant (dotted)")
        left.legend()
        scaled_time = dataset.scaled_time.values
        for label, loss, colour in zip(
            dataset.full_case.values, dataset.exponential.values, CYCLE, strict=False
        ):
            middle.semilogy(scaled_time, loss / loss[0], color=colour, label=label)
        middle.semilogy(
            scaled_time, 1e-2 * np.exp(-scaled_time), ":", color=BLACK, label=r"slope of $e^{-4\lambda t}$"
        )
        middle.set(xlabel=r"$4\lambda t$", ylabel="$E(t) / E(0)$")
        middle.set_title(r"$m_* \geq d$: exponential")
        middle.legend()
        late = dataset.late.values[1:]
        right.loglog(
            late, dataset.few_error.values[1:], color=RED, label="generalisation, $n = N_\\mathrm{eff}$"
        )
        right.loglog(late, dataset.few_loss.values[1:], color=BLUE, label="training, $n = N_\\mathrm{eff}$")
        start = float(dataset.few_error[0])
        ratio = start / float(dataset.flow[0])
        mark = dataset.mark.values > 0
        right.loglog(
            dataset.mark.values[mark], ratio * dataset.flow.values[mark], color=BLACK, label="population flow"
        )
        right.loglog(
            dataset.mark.values[mark], ratio * dataset.sampled.values[mark], "o", color=BLACK, mfc="white", markersize=4,
            label="descent, large n",
        )  # fmt: skip
        right.set(xlabel="time t", ylabel="relative loss", ylim=(1e-7, None))
        right.set_title("finite data")
        right.legend()
        return figure

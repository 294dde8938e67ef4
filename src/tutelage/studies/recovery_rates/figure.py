"""Loss against time, algebraic, exponential and on finite data; judged, local exponents and rates."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tutelage.plotting.slopes import draw_expected, draw_slopes, draw_window, local_slopes
from tutelage.plotting.style import BLACK, BLUE, CYCLE, RED, drawn


def draw(dataset: xr.Dataset) -> Figure:
    """t²E over t and E over rate × t; training and generalisation below threshold."""
    return drawn((_algebraic, _exponential, _finite), dataset)


def draw_judged(dataset: xr.Dataset) -> Figure:
    """Local exponents and rates of the first two panels."""
    return drawn((_exponents, _rates), dataset)


def _algebraic(axis: Axes, dataset: xr.Dataset) -> None:
    time = dataset.time.values[1:]
    for label, loss, colour in zip(dataset.case.values, dataset.algebraic.values, CYCLE, strict=False):
        axis.loglog(time, time**2 * loss[1:], color=colour, label=label)
    for level, colour in zip(dataset.level.values, CYCLE, strict=False):
        axis.axhline(level, color=colour, linestyle=":", linewidth=1.0)
    axis.set(xlabel="time t", ylabel="$t^2 E(t)$", title="$m_* < d$: levels off at its constant (dotted)")
    axis.legend()


def _exponential(axis: Axes, dataset: xr.Dataset) -> None:
    time = dataset.scaled_time.values
    for label, loss, colour in zip(dataset.full_case.values, dataset.exponential.values, CYCLE, strict=False):
        axis.semilogy(time, loss / loss[0], color=colour, label=label)
    axis.semilogy(time, 1e-2 * np.exp(-time), ":", color=BLACK, label=r"slope of $e^{-4\lambda t}$")
    axis.set(xlabel=r"$4\lambda t$", ylabel="$E(t) / E(0)$", title=r"$m_* \geq d$: exponential")
    axis.legend()


def _exponents(axis: Axes, dataset: xr.Dataset) -> None:
    """−d log E / d log t between recorded times; the claim reads the last two."""
    time = dataset.time.values[1:]
    _lines(axis, time, dataset.algebraic.values[:, 1:], "xy")
    draw_expected(axis, 2, "predicted: 2")
    axis.set(
        xscale="log", xlabel="time t", ylabel="local exponent −d log E / d log t", ylim=(0, 3.4),
        title="$m_* < d$: comes to 2 (colours as in the figure)",
    )  # fmt: skip
    axis.legend(loc="upper left", ncols=2)


def _rates(axis: Axes, dataset: xr.Dataset) -> None:
    """−d log E / d(4λt) between recorded times; the claim reads the last two."""
    _lines(axis, dataset.scaled_time.values, dataset.exponential.values, "y")
    draw_expected(axis, 1, "predicted: 1")
    axis.set(
        xlabel=r"$4\lambda t$", ylabel=r"local rate −d log E / d(4λt)", ylim=(0, 2.6),
        title=r"$m_* \geq d$: comes to 1 (colours as in the figure)",
    )  # fmt: skip
    axis.legend(loc="upper right")


def _lines(axis: Axes, time: np.ndarray, losses: np.ndarray, log: str) -> None:
    """Falling local slopes of every loss, and the window between the last two times."""
    draw_window(axis, time[-2], time[-1], "fixed window: the last step")
    for loss, colour in zip(losses, CYCLE, strict=False):
        where, slopes, errors = local_slopes(time, loss, log=log)
        draw_slopes(axis, (where, -slopes, errors), fmt=".-", ms=4, lw=1.0, color=colour)


def _finite(axis: Axes, dataset: xr.Dataset) -> None:
    late = dataset.late.values[1:]
    axis.loglog(late, dataset.few_error.values[1:], color=RED, label="generalisation, $n = N_\\mathrm{eff}$")
    axis.loglog(late, dataset.few_loss.values[1:], color=BLUE, label="training, $n = N_\\mathrm{eff}$")
    ratio = float(dataset.few_error[0]) / float(dataset.flow[0])
    mark = dataset.mark.values > 0
    time = dataset.mark.values[mark]
    axis.loglog(time, ratio * dataset.flow.values[mark], color=BLACK, label="population flow")
    axis.loglog(
        time, ratio * dataset.sampled.values[mark], "o", color=BLACK, mfc="white", markersize=4,
        label="descent, large n",
    )  # fmt: skip
    axis.set(xlabel="time t", ylabel="relative loss", ylim=(1e-7, None), title="finite data")
    axis.legend(loc="lower left", ncols=2)

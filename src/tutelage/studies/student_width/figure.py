"""50 % points over the student's width beside the statistical dimension, and the Bayes-optimal error over n/d²."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, BLUE, CYCLE, RED, panels, style
from tutelage.quadratic import critical_samples, recovery_threshold, statistical_dimension

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: 50 % points over spare neurons, in units of n_c; right: the error nobody beats, and its threshold."""
    with style():
        figure, (left, right) = panels(2, height=3.6)
        for (d, m), case, colour in zip(
            np.reshape(dataset.attrs["sizes"], (-1, 2)), range(99), CYCLE, strict=False
        ):
            part = dataset.isel(student_width=dataset["case"].values == case)
            n_c, spare = critical_samples(int(d), int(m)), part["student_width"].values - m
            grid = np.arange(d - m + 1)
            delta = [
                statistical_dimension(int(d), int(m), student_width=int(m + s)).value / n_c for s in grid
            ]
            left.plot(grid, delta, color=colour, lw=1.2)
            half = part["half_point"].values
            errors = [half - part["half_low"].values, part["half_high"].values - half]
            left.errorbar(
                spare,
                half / n_c,
                np.array(errors) / n_c,
                fmt="o",
                ms=4,
                color=colour,
                label=f"d = {d}, $m_*$ = {m}",
            )
        left.plot([], [], color=BLACK, lw=1.2, label=r"$\delta(d, m_*, w)$")
        left.axhline(1, color=RED, ls=":", lw=1.2, label="$n_c$")
        left.set(
            xlabel="spare neurons $w - m_*$", ylabel="50 % point of recovery / $n_c$",
            title=f"{dataset.attrs['instances']} instances a point, 95 %",
        )  # fmt: skip
        left.xaxis.get_major_locator().set_params(integer=True)
        left.legend(loc="lower right")
        kappa = float(dataset["kappa"].values[-1])
        right.plot(dataset["alpha"], dataset["bayes"], color=BLUE, label=f"Bayes-optimal, κ = {kappa:g}")
        right.axvline(recovery_threshold(kappa), color=RED, ls=":", lw=1.2, label="κ − κ²/2")
        right.set(
            xlabel="samples n/d²",
            ylabel="error of A / error of zero",
            ylim=(0, None),
            title="wide teachers, $m_*$ known",
        )
        right.legend(loc="upper right")
    return figure

"""Rank of the sampled Hessian and certified recovery on one axis of samples, one panel per size."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from tutelage.figures.style import BLACK, BLUE, RED, SKY, panels, style


def draw(dataset: xr.Dataset) -> Figure:
    """Left axis: rank over N_eff and probability of certified recovery; verticals: the counts of both papers."""
    with style():
        shown = dataset.isel(size=slice(max(dataset.sizes["size"] - 3, 0), None))
        figure, axes = panels(shown.sizes["size"], width=4.4, height=3.7, sharey=True)
        for i, ax in enumerate(axes):
            row = shown.isel(size=i)
            n = row.sample.values
            known = np.isfinite(row["rank"].values)
            ax.plot(
                n[known],
                row["rank"].values[known] / float(row.n_eff),
                color=BLUE,
                label=r"rank of $H_n$ / $N_\mathrm{eff}$",
            )
            ax.plot(n[known], row.probability.values[known], color=BLACK, label="certified recovery")
            half = float(row.half_point)
            ax.errorbar(
                [half],
                [0.5],
                xerr=[2 * float(row.half_point_error)],
                fmt="D",
                color=BLACK,
                mfc="white",
                markersize=4,
            )
            ax.axvline(
                float(row.n_eff),
                color=SKY,
                linestyle="--",
                label=rf"$N_\mathrm{{eff}}$ = {int(row.n_eff)}  [C25]",
            )
            ax.axvline(float(row.n_c), color=RED, label=f"$n_c$ = {int(row.n_c)}  [S20]")
            ax.axvline(float(row.delta), color=RED, linestyle=":", label=f"δ = {float(row.delta):.1f}")
            ax.set(xlabel="samples n", xlim=(0, 2.2 * float(row.n_c)), ylim=(-0.03, 1.06))
            ax.set_title(f"{row['size'].item()}: 50 % at {half:.1f}")
            ax.legend(loc="lower right", frameon=True, framealpha=0.9)
        axes[0].set_ylabel("fraction")
        return figure

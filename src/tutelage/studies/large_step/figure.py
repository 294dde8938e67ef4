"""The top eigenvalue of the first layer over the learning rate, and its overlap with the teacher over the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, CYCLE, panels, style

if TYPE_CHECKING:
    import xarray as xr


def draw(dataset: xr.Dataset) -> Figure:
    """Left: tops of every shape; right: squared overlap; lines are predicted, dots means of runs."""
    with style():
        figure, (left, right) = panels(2, height=3.5)
        rates = dataset["rate"].values
        for i, (shape, colour) in enumerate(zip(dataset["shape"].values, CYCLE, strict=False)):
            left.plot(dataset["grid"], dataset["top_curve"][i], color=colour, lw=1.2)
            left.errorbar(
                rates, *_mean(dataset["top"].values[i]), fmt="o", ms=4, color=colour, label=str(shape)
            )
        left.plot([], [], color=BLACK, lw=1.2, label="predicted")
        left.set(
            xscale="log", yscale="log", xlabel="learning rate η", ylabel="top eigenvalue of $W_1W_1^T$",
            title="after one step",
        )  # fmt: skip
        left.set_xticks(rates, labels=[f"{rate:g}" for rate in rates])
        left.minorticks_off()
        left.set_yticks([2, 4, 8, 16, 32], labels=["2", "4", "8", "16", "32"])
        left.legend(loc="upper left")
        batches, first = dataset["batch"].values, str(dataset["shape"].values[0]).rpartition(",")[0]
        right.plot(dataset["ratios"], dataset["overlap_curve"], color=BLACK, lw=1.2, label="predicted")
        mean, error = _mean(dataset["batch_overlap"].values)
        right.errorbar(batches, mean, error, fmt="o", ms=4, color=CYCLE[0], label=f"{first}, mean ± s.e.")
        right.set(
            xscale="log", xlabel="samples n/d", ylabel="squared overlap", ylim=(0, 1),
            title=f"the spike sees the teacher, η = {dataset.attrs['judged']:g}",
        )  # fmt: skip
        right.set_xticks(batches, labels=[f"{batch:g}" for batch in batches])
        right.minorticks_off()
        right.legend(loc="upper left")
    return figure


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over the last axis and their standard errors."""
    return values.mean(axis=-1), values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])

"""What biases add against the width, and what share of all parameters counts with and without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tutelage.plotting.style import BLACK, CYCLE, panels, style

if TYPE_CHECKING:
    import xarray as xr

_LABELS = {
    "linear": "linear",
    "quadratic": "u + αu²",
    "erf": "erf",
    "square": "u², hidden biases",
    "cubic": "u + u² + u³, hidden biases",
}


def draw(dataset: xr.Dataset) -> Figure:
    """At the largest d: the gain, and the count."""
    k, d = dataset["k"].values, int(dataset["d"].values[-1])
    with style():
        figure, (left, right) = panels(2)
        for i, (family, label) in enumerate(_LABELS.items()):
            plain, biased = (dataset[f"{name}_{family}"].values[-1] for name in ("plain", "biased"))
            # Lines of equal height would hide each other.
            left.plot(k, biased - plain + 0.06 * (i - 2), "o-", ms=4, lw=1.2, color=CYCLE[i], label=label)
            right.plot(k, biased, "o-", ms=4, lw=1.2, color=CYCLE[i])
            right.plot(k, plain, ":", lw=1.2, color=CYCLE[i])
        left.axhline(1, color=BLACK, lw=0.8, ls="--")
        left.set(xlabel="width k", ylabel="effective parameters gained", title=f"what biases add, d = {d}")
        left.legend()
        right.set(xlabel="width k", ylabel="effective parameters", title="with biases, dotted without")
    return figure

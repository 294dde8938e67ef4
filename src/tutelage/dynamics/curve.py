"""Curve: a loss against time, predicted or simulated; both are this one type and are drawn on one axis."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.network import Network

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


Student: TypeAlias = Network | np.ndarray
"""A network, or the parameters of a quadratic loss."""


@dataclasses.dataclass(frozen=True, eq=False)
class Curve(Value):
    r"""The loss :math:`\epsilon(t)` at recorded times.

    Attributes
    ----------
    times : ndarray, shape (n,)
        Learning rate times number of steps, or the time of the flow; ascending.
    loss : ndarray, shape (n,)
        One run, the mean over several runs, or the predicted (mean) loss.
    std : ndarray, shape (n,), or None
        Standard deviation over starts: predicted for isotropic starts, measured over several runs.
    steps : ndarray of int, shape (n,), or None
        Number of steps; None for the flow.
    distance : ndarray, shape (n,), or None
        :math:`\|\delta(t)\|^2`, the squared distance to the reference parameters (root mean square over runs,
        squared).
    runs : ndarray, shape (n_runs, n), or None
        The single runs behind a mean.
    bounds : tuple of two ndarrays, or None
        Lower and upper bound of ``loss`` (Gauss and Gauss-Radau).
    diverged_at : int or None
        The first step at which a run left all bounds (NaN follows in ``loss``); None if none did.
    records : dict
        What the user's recording function returned, stacked along the first axis by time.
    meta : dict
        Where the curve comes from: label, rule, method, seed, ...
    final : Network, ndarray, or list of them; None for a prediction
        The trained network at the last time, one a run where there are several; parameters for a quadratic loss. None
        where a run left all bounds.
    """

    times: np.ndarray
    loss: np.ndarray
    std: np.ndarray | None = None
    steps: np.ndarray | None = None
    distance: np.ndarray | None = None
    runs: np.ndarray | None = None
    bounds: tuple[np.ndarray, np.ndarray] | None = None
    diverged_at: int | None = None
    records: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    meta: dict[str, Any] = dataclasses.field(default_factory=dict)
    final: Student | list[Student | None] | None = None

    @property
    def label(self) -> str:
        """The name drawn in the legend."""
        return str(self.meta.get("label", "loss"))

    def __len__(self) -> int:
        return self.times.size

    def __repr__(self) -> str:
        if not len(self):
            return f"Curve({self.label}, empty)"
        end = "" if self.diverged_at is None else f", diverged at step {self.diverged_at}"
        return (
            f"Curve({self.label}, {len(self)} times to t = {self.times[-1]:.4g}, "
            f"loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}{end})"
        )

    @property
    def resolved(self) -> np.ndarray:
        """Where the loss stands ten times above the round-off floor of its run; everywhere for a
        prediction."""
        return self.loss > 10.0 * float(self.meta.get("floor", 0.0))

    def local_slope(self) -> np.ndarray:
        r""":math:`d\log\epsilon / d\log t` by central differences, shape (n,); NaN at time 0, where the loss is 0 and
        beside two equal times."""
        return _slope(np.log(_positive(self.times)), np.log(_positive(self.loss)))

    def decay_rate(self) -> np.ndarray:
        r""":math:`-\tfrac12\,d\log\epsilon/dt`, shape (n,): tends to the smallest non-zero eigenvalue at long
        times."""
        return -0.5 * _slope(self.times, np.log(_positive(self.loss)))

    def slope_between(self, start: float, stop: float) -> float:
        r"""Least-squares slope of :math:`\log\epsilon` in t over a window, with its sign (negative when
        learning)."""
        inside = (self.times >= start) & (self.times <= stop) & (self.loss > 0)
        if np.count_nonzero(inside) < 2:
            raise InputError(
                f"Curve.slope_between: expected at least two recorded times in [{start:g}, {stop:g}], got "
                f"{np.count_nonzero(inside)}; widen the window or record more often"
            )
        return float(np.polyfit(self.times[inside], np.log(self.loss[inside]), 1)[0])

    def relative_difference(self, other: Curve) -> np.ndarray:
        """(other - self) / self where both stand at the same times, shape (n,)."""
        if self.times.shape != other.times.shape or not np.allclose(
            self.times, other.times, rtol=1e-9, atol=0
        ):
            raise InputError(
                f"Curve.relative_difference: expected the same times, got {len(self)} and {len(other)} of "
                f"them; "
                "predict at the times of the run: predict_loss(measure, run.times, rule)"
            )
        return (other.loss - self.loss) / self.loss

    def to_xarray(self) -> xr.Dataset:
        """An xarray Dataset over ``time`` with every array that is present."""
        import xarray as xr

        columns = {"loss": self.loss, "std": self.std, "steps": self.steps, "distance": self.distance}
        data: dict[str, Any] = {name: ("time", v) for name, v in columns.items() if v is not None}
        if self.bounds is not None:
            data |= {"lower": ("time", self.bounds[0]), "upper": ("time", self.bounds[1])}
        if self.runs is not None:
            data["runs"] = (("run", "time"), self.runs)
        for name, values in self.records.items():
            axes = tuple(f"{name}_{i}" for i in range(1, values.ndim))
            data[name] = (("time", *axes), values)
        attributes = {key: value for key, value in self.meta.items() if isinstance(value, (str, int, float))}
        if self.diverged_at is not None:
            attributes["diverged_at"] = self.diverged_at
        return xr.Dataset(data, coords={"time": self.times}, attrs=attributes)

    def plot(self, ax: Axes | None = None, band: bool = True, **style: object) -> Axes:
        """Draw on log axes; ``band`` shades one standard deviation. Returns the axes, so curves can be laid
        over."""
        from tutelage.base.canvas import axes_or_new

        ax = axes_or_new(ax)
        shown = (self.times > 0) & (self.loss > 0)
        (line,) = ax.plot(self.times[shown], self.loss[shown], **({"label": self.label} | style))
        if band and self.std is not None:
            # Symmetric on the log axis: loss - std would leave it where the spread exceeds the mean.
            low = (self.loss / (1.0 + self.std / np.where(shown, self.loss, 1.0)))[shown]
            ax.fill_between(
                self.times[shown], low, (self.loss + self.std)[shown], color=line.get_color(), alpha=0.2, lw=0
            )
        ax.set(xscale="log", yscale="log", xlabel="time (learning rate × steps)", ylabel="loss ε")
        return ax


def overlay(*curves: Curve, ax: Axes | None = None) -> Axes:
    """Several curves on one pair of log axes, with a legend; returns the axes."""
    for curve in curves:
        ax = check.instance(curve, Curve, "overlay", "curve").plot(ax)
    if ax is None or not curves:
        raise InputError(
            "overlay: expected at least one curve, got none; pass predicted and simulated curves"
        )
    ax.legend()
    return ax


def log_times(first: float, last: float, count: int = 100) -> np.ndarray:
    """Log-spaced times from ``first`` to ``last``, both included."""
    first, count = (
        check.number(first, "log_times", "first", above=0.0),
        check.integer(count, "log_times", "count"),
    )
    return np.geomspace(first, check.number(last, "log_times", "last", minimum=first), count)


def log_steps(last: int, count: int = 100) -> np.ndarray:
    """About ``count`` different step numbers from 0 to ``last``, log-spaced, both ends included."""
    last = check.integer(last, "log_steps", "last", minimum=0)
    count = check.integer(count, "log_steps", "count")
    if last == 0:
        return np.array([0])
    return np.unique(np.concatenate([[0], np.rint(np.geomspace(1, last, count))])).astype(np.int64)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.size < 2:
        raise InputError(
            f"Curve: expected at least two recorded times for a slope, got {x.size}; record more often"
        )
    if not np.all(np.isfinite(x)):
        return np.concatenate([[np.nan], _slope(x[1:], y[1:])])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.gradient(y, x)
    return np.where(np.isfinite(slope), slope, np.nan)

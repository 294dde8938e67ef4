"""A sweep at a glance: one quantity against one parameter, its median and middle half over the rest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.plotting.style import CYCLE, panels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from xarray import Dataset

_RECORD = {"seconds", "threads", "failed"}
_AXES = ("k", "d", "weights", "activation", "realization")


def numeric(dataset: Dataset) -> list[str]:
    """Names of the quantities that can be drawn, in the order the specification asks for them."""
    order = dataset.attrs.get("variables", list(dataset.data_vars))
    return [str(n) for n in order if n in dataset and dataset[n].dtype.kind == "f" and n not in _RECORD]


def draw(dataset: Dataset, y: str | None = None, x: str | None = None, hue: str | None = None) -> Figure:
    """One quantity of a sweep.

    Parameters
    ----------
    dataset : Dataset
        What ``tutelage.sweep.run`` returns.
    y : str, optional
        The quantity; the first one by default. A curve (two dimensions) is drawn against its own axis.
    x : str, optional
        The parameter along the horizontal axis; by default the first of k, d, weights, activation that varies.
    hue : str, optional
        The parameter that names the colours; by default the next one that varies.
    """
    names = numeric(dataset)
    if not names:
        raise InputError("sweep plot: expected a numeric quantity, the sweep has none")
    y = next((n for n in names if dataset[n].ndim == 1), names[0]) if y is None else y
    check.choice(y, "sweep plot", "quantity", names)
    parameters = [str(n) for n, c in dataset.coords.items() if c.dims == ("point",) and n != "point"]
    varying = [
        n for n in (*_AXES, *parameters) if n in parameters and np.unique(_values(dataset, n)).size > 1
    ]
    curve = dataset[y].ndim > 1
    if x is None and not curve:
        x = next((n for n in varying if n != hue), "realization")
    if x is not None:
        check.choice(x, "sweep plot", "parameter", parameters)
    if hue is None:
        hue = next((n for n in varying if n not in (x, "realization", "seed")), None)
    if hue is not None:
        check.choice(hue, "sweep plot", "parameter", parameters)
    with style():
        figure, (axes,) = panels(1, width=6.0, height=4.0)
        groups = [None] if hue is None else np.unique(_values(dataset, hue)).tolist()
        for colour, group in zip((CYCLE * (1 + len(groups) // len(CYCLE))), groups, strict=False):
            rows = slice(None) if group is None else _values(dataset, hue) == group
            label = None if group is None else f"{hue} = {group}"
            values = np.asarray(dataset[y].values, dtype=np.float64)[rows]
            if curve:
                _draw_curve(axes, dataset, y, values, colour, label)
            else:
                _draw_points(axes, _values(dataset, x)[rows], values, colour, label)
        _finish(axes, dataset, y, str(dataset[y].dims[1]) if curve else str(x), hue is not None)
    return figure


def _values(dataset: Dataset, name: Hashable) -> np.ndarray:
    """A parameter's values, text as fixed-length unicode (NumPy cannot sort zarr's strings)."""
    values = dataset[name].values
    return values if values.dtype.kind in "biuf" else values.astype(object).astype(str)


def _quartiles(values: np.ndarray) -> np.ndarray:
    """Rows: lower quartile, median, upper quartile along the points; NaN where no point succeeded."""
    columns = values.reshape(values.shape[0], -1).T
    finite = (column[np.isfinite(column)] for column in columns)
    return np.array([np.quantile(c, [0.25, 0.5, 0.75]) if c.size else [np.nan] * 3 for c in finite]).T


def _draw_points(axes: Axes, where: np.ndarray, values: np.ndarray, colour: str, label: str | None) -> None:
    ticks = np.unique(where)
    bands = np.concatenate([_quartiles(values[where == tick]) for tick in ticks], axis=1)
    position = ticks if ticks.dtype.kind != "U" else np.arange(ticks.size)
    axes.fill_between(position, bands[0], bands[2], color=colour, alpha=0.18, linewidth=0)
    axes.plot(position, bands[1], "o-", color=colour, markersize=4, label=label)
    if ticks.dtype.kind == "U":
        axes.set_xticks(position, ticks)


def _draw_curve(
    axes: Axes, dataset: Dataset, y: str, values: np.ndarray, colour: str, label: str | None
) -> None:
    name = dataset[y].dims[1]
    where = dataset[name].values if name in dataset.coords else np.arange(values.shape[1])
    bands = _quartiles(values)
    axes.fill_between(where, bands[0], bands[2], color=colour, alpha=0.18, linewidth=0)
    axes.plot(where, bands[1], color=colour, label=label)
    if name in dataset.coords and np.all(where > 0):
        axes.set_xscale("log")


def _finish(axes: Axes, dataset: Dataset, y: str, x: str, legend: bool) -> None:
    drawn = np.concatenate([line.get_ydata() for line in axes.lines])
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size and drawn.min() > 0 and drawn.max() > 30 * drawn.min():
        axes.set_yscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    failed = int(np.sum(dataset.failed.values))
    note = f", {failed} failed" if failed else ""
    axes.set_title(
        f"{dataset.attrs.get('name', 'sweep')}: {dataset.sizes['point']} points{note}; median, middle half"
    )
    if legend:
        axes.legend()

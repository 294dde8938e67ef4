"""Local slopes beside the slope a claim expects and the fixed window it is judged over."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tutelage.plotting.style import BLACK

WINDOW = "#F6E7CB"
"""Fill of the window in which a slope is judged."""

Slopes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Where, slope, standard error."""


def local_slopes(x: ArrayLike, y: ArrayLike, errors: ArrayLike | None = None, log: str = "xy") -> Slopes:
    r"""Slopes between neighbouring points,

    .. math:: \frac{g(y_{i+1}) - g(y_i)}{f(x_{i+1}) - f(x_i)} \pm
        \frac{\sqrt{e_{i+1}^2 + e_i^2}}{f(x_{i+1}) - f(x_i)}

    f is the logarithm where ``log`` names x, g where it names y, and otherwise the identity.

    Parameters
    ----------
    x, y : array_like, shape (n,)
    errors : array_like, shape (n,), optional
        Independent standard errors of y; e = errors, or errors / y where y's logarithm is taken.
    log : str
        ``"xy"`` an exponent, ``"y"`` a rate, ``""`` a difference quotient.

    Returns
    -------
    (where, slopes, errors), each of shape (n - 1,)
        ``where`` is the middle of neighbouring f(x).

    Examples
    --------
    >>> where, slopes, _ = local_slopes([1, 10, 1000], [3.0, 0.3, 0.003])
    >>> slopes.round(12).tolist(), where.round(3).tolist()
    ([-1.0, -1.0], [3.162, 100.0])
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    errors = np.zeros_like(y) if errors is None else np.asarray(errors, dtype=np.float64)
    if "y" in log:
        errors, y = errors / y, np.log(y)
    along = np.log(x) if "x" in log else x
    step, middle = np.diff(along), (along[1:] + along[:-1]) / 2
    where = np.exp(middle) if "x" in log else middle
    return where, np.diff(y) / step, np.hypot(errors[1:], errors[:-1]) / np.abs(step)


def mean_and_errors(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of every row and its standard error over the columns (teachers, repeats)."""
    return values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])


def draw_slopes(axes: Axes, found: Slopes, **look: Any) -> None:
    """One row of local slopes, with bars of one standard error where there are any."""
    where, slopes, errors = found
    axes.errorbar(where, slopes, errors if np.any(errors > 0) else None, **look)


def draw_window(axes: Axes, start: float, stop: float, label: str = "fixed window") -> None:
    """Shade the window over which the claim's slope is taken."""
    axes.axvspan(start, stop, facecolor=WINDOW, edgecolor="#D9C08F", lw=0.8, zorder=0, label=label)


def draw_expected(axes: Axes, value: float, label: str = "", colour: str = BLACK) -> None:
    """The slope the claim expects."""
    axes.axhline(value, color=colour, lw=1.1, ls="--", label=label)

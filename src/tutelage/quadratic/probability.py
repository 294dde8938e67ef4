"""Probabilities counted over instances: Wilson's interval, and a curve with the sample count where it crosses one half."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtri

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of a probability: inside [0, 1], and not empty at 0 or all successes.

    Parameters
    ----------
    successes, trials : array_like
        Counts; they broadcast.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : numpy.ndarray

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> float(low), round(float(high), 3)
    (0.0, 0.278)
    """
    who = "wilson_interval"
    k = np.asarray(check.float_array(successes, who, "successes"))
    n = np.asarray(check.float_array(trials, who, "trials"))
    if np.any(n < 1) or np.any(k < 0) or np.any(k > n):
        raise InputError(
            f"{who}: expected 0 <= successes <= trials and trials >= 1, got {successes} of {trials}"
        )
    if not 0 < confidence < 1:
        raise InputError(f"{who}: expected a confidence between 0 and 1, got {confidence}")
    z = ndtri(0.5 + confidence / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


def crossing(samples: np.ndarray, values: np.ndarray) -> float:
    """Where ``values``, joined by straight lines, first reach one half; NaN if they never do, or start above it.

    Examples
    --------
    >>> round(crossing(np.array([1, 2, 3]), np.array([0.0, 0.4, 1.0])), 3)
    2.167
    """
    reached = np.flatnonzero(values >= 0.5)
    if len(reached) == 0:
        return float("nan")
    i = reached[0]
    if i == 0:
        return float(samples[0]) if values[0] == 0.5 else float("nan")
    return float(np.interp(0.5, values[i - 1 : i + 1], samples[i - 1 : i + 1]))


@dataclasses.dataclass(frozen=True, eq=False)
class RecoveryCurve(Value):
    """Probability of recovery at each sample count, as counts: ``successes`` of ``trials`` at ``samples``.

    Examples
    --------
    >>> curve = RecoveryCurve("error <= 0.01", np.array([8, 10, 12]), np.array([1, 4, 9]), trials=10)
    >>> curve
    RecoveryCurve('error <= 0.01', 50 % at 10.4, 10 realizations)
    """

    label: str
    samples: np.ndarray
    successes: np.ndarray
    trials: int
    undecided: int = 0

    @property
    def probability(self) -> np.ndarray:
        """successes / trials."""
        return self.successes / self.trials

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """95 % Wilson interval."""
        return wilson_interval(self.successes, self.trials)

    @property
    def half_point(self) -> float:
        """Sample count where the probability first reaches one half (:func:`crossing`)."""
        return crossing(self.samples, self.probability)

    @property
    def half_interval(self) -> tuple[float, float]:
        """Where the upper and the lower end of the Wilson interval reach one half: the profile interval of the 50 % point.

        NaN on a side where the samples do not go far enough to tell.
        """
        low, high = self.interval
        return crossing(self.samples, high), crossing(self.samples, low)

    def __repr__(self) -> str:
        return f"RecoveryCurve({self.label!r}, 50 % at {self.half_point:.4g}, {self.trials} realizations)"

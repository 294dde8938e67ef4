"""Times and steps: one cleaned clock for predictions and simulations."""

from __future__ import annotations

import dataclasses

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.rules import Rule


@dataclasses.dataclass(frozen=True)
class Clock:
    """Recorded times, and steps where the rule counts them; ``readings`` is what the rule's filter takes."""

    times: np.ndarray
    steps: np.ndarray | None

    @property
    def readings(self) -> np.ndarray:
        """Steps as floats for a stepping rule, times for the flow."""
        return self.times if self.steps is None else self.steps.astype(np.float64)


def clock(rule: Rule, times: ArrayLike | None, steps: ArrayLike | None, who: str) -> Clock:
    """The clock of a rule from times or steps (exactly one of them).

    Times given to a stepping rule move to the nearest whole number of steps; the clock carries the times
    reached.

    Raises
    ------
    InputError
        Both or neither given, negative or descending values, steps for the flow, fractional steps.
    """
    if (times is None) == (steps is None):
        raise InputError(
            f"{who}: expected times or steps, got {'neither' if times is None else 'both'}; pass one"
        )
    rate = rule.step_size
    if steps is not None:
        values = check.float_array(
            np.atleast_1d(check.float_array(steps, who, "steps")), who, "steps", ndim=1
        )
        if np.any(values != np.rint(values)):
            raise InputError(
                f"{who}: expected whole numbers of steps, got {values[values != np.rint(values)][0]}"
            )
        _ascending(values, who, "steps")
        if rate is None:
            raise InputError(f"{who}: expected times for {rule.name}, got steps; it has no learning rate")
        _countable(values[-1], who)
        whole = values.astype(np.int64)
        return Clock(rate * whole, whole)
    values = check.float_array(np.atleast_1d(check.float_array(times, who, "times")), who, "times", ndim=1)
    _ascending(values, who, "times")
    if rate is None:
        return Clock(values, None)
    _countable(values[-1] / rate, who)
    whole = np.rint(values / rate).astype(np.int64)
    return Clock(rate * whole, whole)


def _countable(steps: float, who: str) -> None:
    check.affordable(float(steps), who, "steps", 2.0**53, "more cannot be told apart in float64")


def _ascending(values: np.ndarray, who: str, name: str) -> None:
    if values[0] < 0 or np.any(values < 0):
        raise InputError(f"{who}: expected {name} >= 0, got {values.min():g}; learning starts at 0")
    if np.any(np.diff(values) < 0):
        raise InputError(f"{who}: expected ascending {name}, got {values[:5]}...; sort them")

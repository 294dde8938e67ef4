"""average: a quantity over many teachers, with its error."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value

Item = TypeVar("Item")

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of a summary."""


@dataclasses.dataclass(frozen=True, eq=False)
class Average(Value):
    """A quantity over n independent teachers.

    Attributes
    ----------
    mean, error, std : ndarray
        Mean, its standard error std/√n, and the standard deviation between teachers; of the quantity's shape.
    count : int
    values : ndarray, shape (n, ...)
        The quantity of every teacher.
    """

    mean: np.ndarray
    error: np.ndarray
    std: np.ndarray
    count: int
    values: np.ndarray

    def quantile(self, q: ArrayLike) -> np.ndarray:
        """Quantiles over the teachers, shape (q, ...)."""
        return np.quantile(self.values, q, axis=0)

    def __repr__(self) -> str:
        if self.mean.ndim:
            return f"Average(of {self.count}, shape {self.mean.shape})"
        return f"Average({float(self.mean):.6g} ± {float(self.error):.1g} of {self.count})"


def average(quantity: Callable[[Item], ArrayLike], teachers: Iterable[Item]) -> Average:
    """Mean, standard error and spread of ``quantity(teacher)`` over independent teachers.

    Parameters
    ----------
    quantity : callable
        A teacher -> a number, or an array of the same shape for all.
    teachers : iterable
        At least two; a generator is used up one by one, so that no more than one is held.

    Raises
    ------
    InputError
        Fewer than two teachers, or quantities of different shapes.

    Examples
    --------
    >>> from tutelage import sample_teacher, spectrum
    >>> teachers = (sample_teacher("linear", d=5, k=10, realization=i) for i in range(50))
    >>> average(lambda teacher: spectrum(teacher).trace() / 5, teachers)
    Average(2.93677 ± 0.07 of 50)
    """
    found = [np.asarray(quantity(teacher), dtype=np.float64) for teacher in teachers]
    if len(found) < 2:
        raise InputError(
            f"average: expected at least two teachers, got {len(found)}; draw more with sample_teacher(realization=i)"
        )
    if len(shapes := {one.shape for one in found}) > 1:
        raise InputError(
            f"average: expected one shape for all teachers, got {sorted(shapes)}; return as many numbers"
        )
    values = np.stack(found)
    std = values.std(axis=0, ddof=1)
    return Average(values.mean(axis=0), std / np.sqrt(len(values)), std, len(values), values)

"""Methods of Equinox modules that are called often."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, cast

F = TypeVar("F", bound=Callable)


class _Quick:
    """A method that Equinox does not make a module of whenever it is looked up, which takes 50 microseconds."""

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self.function = function

    def __get__(self, operator: object, kind: type | None = None) -> Callable:
        return self.function if operator is None else functools.partial(self.function, operator)


def quick(function: F) -> F:
    """The function as a method that is called often, on NumPy arrays."""
    return cast("F", _Quick(function))

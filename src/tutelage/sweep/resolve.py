"""From the name of a quantity to the quantity: one of ours, or a user's own ``module:function``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.sweep.builtin import QUANTITIES
from tutelage.sweep.imports import user_function
from tutelage.sweep.quantities import Evaluation, Quantity, Values

_USER_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def resolve(name: str, search_path: tuple[str, ...] = (), who: str = "sweep") -> Quantity:
    """The quantity of a name, or of ``module:function``, which is imported when a point is evaluated and not before.

    Raises
    ------
    InputError
        Unknown name (the nearest is given), or not the names of a module and a function.
    """
    if ":" not in name:
        if name not in QUANTITIES:
            hint = check.nearest(name, QUANTITIES)
            raise InputError(f"{who}: unknown quantity {name!r}; {hint} (or write module:function)")
        return QUANTITIES[name]
    if not _USER_NAME.fullmatch(name):
        raise InputError(f"{who}: expected module:function, got {name!r}; write their names as Python does")
    return Quantity(name, functools.partial(_call_user, name, tuple(search_path), who), options=None)


def _call_user(
    name: str, search_path: tuple[str, ...], who: str, evaluation: Evaluation, **options: Any
) -> Values:
    """A user's function takes the point; a bare result is named after the function."""
    value = user_function(name, search_path, who)(evaluation.point, **options)
    return value if isinstance(value, Mapping) else {name.partition(":")[2]: value}

"""What can be asked of a point: named quantities, and a user's own ``module:function``."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.sweep.spec import Point

_USER_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
#: What a quantity returns: name -> number, text, array, or (dimension names, array).
Values = Mapping[str, Any]


class Evaluation:
    """One point while it is evaluated: what several quantities share is computed once."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.methods: dict[str, str] = {}
        self._spectra: dict[str, Any] = {}

    @functools.cached_property
    def teacher(self) -> Any:
        """The teacher network."""
        return self.point.teacher()

    def spectrum(self, method: str = "auto") -> Any:
        """The teacher's spectrum, computed once per method; its method is noted in the record of the point."""
        if method not in self._spectra:
            from tutelage.spectra import spectrum

            self._spectra[method] = spectrum(self.teacher, method=method)
        self.methods["spectrum"] = self._spectra[method].method
        return self._spectra[method]


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A named quantity: ``compute(evaluation, **options) -> values``.

    ``options`` holds the defaults (None: anything goes); ``coordinates(**options)`` gives the shared axes of
    array-valued results.
    """

    name: str
    compute: Callable[..., Values]
    options: Mapping[str, Any] | None = dataclasses.field(default_factory=dict)
    coordinates: Callable[..., Mapping[str, Any]] | None = None
    help: str = ""

    def __call__(self, evaluation: Evaluation, given: Mapping[str, Any]) -> Values:
        """Evaluate with the given options over the defaults."""
        return self.compute(evaluation, **{**(self.options or {}), **given})

    def axes(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Coordinates of the shared dimensions."""
        return {} if self.coordinates is None else self.coordinates(**{**(self.options or {}), **given})


def resolve(name: str, search_path: tuple[str, ...] = (), who: str = "sweep") -> Quantity:
    """The quantity of a name, or of ``module:function``, which is imported when a point is evaluated and not before.

    Raises
    ------
    InputError
        Unknown name (the nearest is given), or not the names of a module and a function.
    """
    if ":" not in name:
        from tutelage.sweep.builtin import QUANTITIES

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
    from tutelage.sweep.imports import user_function

    value = user_function(name, search_path, who)(evaluation.point, **options)
    return value if isinstance(value, Mapping) else {name.partition(":")[2]: value}

"""What can be asked of a point: named quantities, and a user's own ``module:function``."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import class_path
from tutelage.sweep.spec import Point

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
    """The quantity of a name, or of ``module:function``.

    Raises
    ------
    InputError
        Unknown name (the nearest is given), no such module or function.
    """
    if ":" not in name:
        from tutelage.sweep.builtin import QUANTITIES

        if name not in QUANTITIES:
            hint = check.nearest(name, QUANTITIES)
            raise InputError(f"{who}: unknown quantity {name!r}; {hint} (or write module:function)")
        return QUANTITIES[name]
    user_function(name, search_path, who)  # a wrong name is told now, not at the first point
    return Quantity(name, functools.partial(_call_user, name, tuple(search_path), who), options=None)


def user_function(name: str, search_path: tuple[str, ...], who: str) -> Callable[..., Any]:
    """Import ``module:function`` (or a class); the folders of the specification are searched first."""
    module_name, _, function_name = name.partition(":")
    for folder in reversed(search_path):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(f"{who}: cannot import {module_name!r} of {name!r} ({error})") from None
    if function_name not in vars(module):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"{who}: no {function_name!r} in {module_name!r}; {check.nearest(function_name, known)}"
        )
    return vars(module)[function_name]


def load_activation(text: str, search_path: tuple[str, ...], who: str) -> None:
    """Import the class that ``module:Class:key=value`` names, and make it known by that name; nothing for other forms."""
    from tutelage.activations import ACTIVATIONS, register_activation

    head = class_path(text, ACTIVATIONS)
    if head and head not in ACTIVATIONS:
        register_activation(user_function(head, search_path, who), head)


def _call_user(
    name: str, search_path: tuple[str, ...], who: str, evaluation: Evaluation, **options: Any
) -> Values:
    """A user's function takes the point; a bare result is named after the function."""
    value = user_function(name, search_path, who)(evaluation.point, **options)
    return value if isinstance(value, Mapping) else {name.partition(":")[2]: value}

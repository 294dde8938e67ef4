"""Values that come from a file against the type that a field declares."""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import reprlib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from tutelage.base.errors import InputError


def checked(value: object, hint: object, who: str, name: str) -> Any:
    """``value`` if it is what ``hint`` says; lists, which JSON has for tuples, become tuples.

    Parameters
    ----------
    value : object
    hint : type
        ``int``, ``float`` (finite; an integer will do), ``str``, ``dict``, ``X | None`` or a ``tuple`` of such.
    who, name : str
        For the message: ``"HiddenBlock"`` and ``"teachers"``.

    Raises
    ------
    InputError
        Anything else.

    Examples
    --------
    >>> checked([[3, 4], [5, 6]], tuple[tuple[int, int], ...], "Study", "sizes")
    ((3, 4), (5, 6))
    """
    if isinstance(hint, types.UnionType):
        return None if value is None else checked(value, typing.get_args(hint)[0], who, name)
    if typing.get_origin(hint) is tuple:
        return _tuple(value, typing.get_args(hint), who, name)
    if not _is(value, hint):
        raise InputError(
            f"{who}: expected {_WORDS[hint]} for {name}, got {reprlib.repr(value)}; was it changed by hand?"
        )
    return value


_WORDS = {int: "a whole number", float: "a finite number", str: "text", dict: "a mapping"}


def _is(value: object, hint: object) -> bool:
    if isinstance(value, bool):
        return False  # a truth value is an int to Python, and to nobody else
    if hint is int:
        return isinstance(value, numbers.Integral)
    return _is_finite(value) if hint is float else isinstance(value, typing.cast(type, hint))


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, numbers.Real) and math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def _tuple(value: object, hints: tuple[object, ...], who: str, name: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise InputError(
            f"{who}: expected a list for {name}, got {reprlib.repr(value)}; was it changed by hand?"
        )
    if hints[-1] is Ellipsis:
        hints = hints[:1] * len(value)
    if len(value) != len(hints):
        raise InputError(
            f"{who}: expected {len(hints)} entries for {name}, got {len(value)}; was it changed by hand?"
        )
    return tuple(
        checked(item, hint, who, f"an entry of {name}") for item, hint in zip(value, hints, strict=True)
    )


@functools.cache
def declared(owner: type) -> dict[str, Any]:
    """Field name -> declared type of a dataclass."""
    hints = typing.get_type_hints(owner)
    return {field.name: hints[field.name] for field in dataclasses.fields(owner)}


def complete(content: object, wanted: Iterable[str], who: str) -> Mapping[str, Any]:
    """A mapping with exactly the wanted keys; what is missing and what is unknown are named.

    Raises
    ------
    InputError
        Not a mapping, or other keys.
    """
    if not isinstance(content, Mapping):
        raise InputError(
            f"{who}: expected a mapping, got {reprlib.repr(content)}; was it written by tutelage?"
        )
    known = set(wanted)
    missing, unknown = sorted(known - set(content)), sorted(set(content) - known)
    if missing or unknown:
        raise InputError(
            f"{who}: expected the fields {', '.join(sorted(known))}; missing: {reprlib.repr(missing)}, "
            f"unknown: {reprlib.repr(unknown)}; was it written by tutelage?"
        )
    return content


__all__ = ["checked", "complete", "declared"]

"""Written specifications: ``name:key=value,key=value`` to an object and back (activations, weight laws)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import numpy as np

from tutelage.base import check
from tutelage.base.check import nearest
from tutelage.base.errors import InputError

T = TypeVar("T")

_CLASS = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d][\w.<>]*")


def is_class_path(head: str) -> bool:
    """Whether this is ``module:Class``."""
    return _CLASS.fullmatch(head) is not None


def class_path(text: str, known: Collection[str] = ()) -> str | None:
    """The ``module:Class`` that a specification begins with, None where it begins with a word."""
    head, _ = split_spec(text, known)
    return head if is_class_path(head) else None


def split_spec(text: str, known: Collection[str] = ()) -> tuple[str, str]:
    """The name and the parameters of a specification; the name may be ``module:Class`` unless its first part is known.

    >>> split_spec("erf:scale=2"), split_spec("mine.waves:Wave:scale=2")
    (('erf', 'scale=2'), ('mine.waves:Wave', 'scale=2'))
    """
    text = check.text(text, "specification", "written form").strip()
    first, _, rest = text.partition(":")
    second, _, others = rest.partition(":")
    head = f"{first}:{second}"
    return (head, others) if first not in known and is_class_path(head) else (first, rest)


def parse_spec(text: str, families: Mapping[str, type[T]], what: str) -> T:
    """Build the object a specification names.

    ``families`` maps names to dataclasses; keys are their fields. A value with several commas is a tuple:
    ``polynomial:coefficients=0,1,-0.3``.

    Raises
    ------
    InputError
        Unknown name or key (the nearest is named), missing or unreadable value.
    """
    name, _, rest = check.text(text, what, "written form").strip().partition(":")
    if name not in families:
        raise InputError(f"{what}: unknown name {name!r}; {nearest(name, families)}")
    return build_spec(families[name], name, rest, what)


def build_spec(family: type[T], name: str, parameters: str, what: str) -> T:
    """An instance of a dataclass from ``key=value,key=value``; ``name`` is what it is called in messages."""
    fields = {f.name: f for f in dataclasses.fields(family) if f.init}  # pyright: ignore[reportArgumentType]
    arguments: dict[str, Any] = {}
    for part in filter(None, re.split(r",(?=\s*[A-Za-z_]\w*\s*=)", parameters)):
        key, separator, value = (piece.strip() for piece in part.partition("="))
        if not separator or not value:
            raise InputError(f"{what} {name!r}: expected key=value, got {part!r}; write {name}:key=value")
        if key not in fields:
            hint = nearest(key, fields) if fields else "it takes none"
            raise InputError(f"{what} {name!r}: unknown parameter {key!r}; {hint}")
        try:
            arguments[key] = _read(value, str(fields[key].type))
        except ValueError:
            raise InputError(f"{what} {name!r}: expected a number for {key}, got {value!r}") from None
    missing = [
        key
        for key, f in fields.items()
        if key not in arguments and f.default is f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(
            f"{what} {name!r}: missing parameter(s) {', '.join(missing)}; write {name}:{missing[0]}=..."
        )
    return family(**arguments)


def _read(value: str, annotation: str) -> float | int | tuple[float, ...]:
    number = int if re.search(r"\bint\b", annotation) else float
    return tuple(number(v) for v in value.split(",")) if "tuple" in annotation else number(value)


def format_spec(name: str, instance: Any) -> str:
    """The written form of a dataclass instance; the inverse of :func:`parse_spec`."""

    def one(value: Any) -> str:
        return repr(value.item() if isinstance(value, np.generic) else value)

    def show(value: Any) -> str:
        return ",".join(map(one, value)) if isinstance(value, tuple) else one(value)

    parts = [f"{f.name}={show(getattr(instance, f.name))}" for f in dataclasses.fields(instance) if f.init]
    return name + (":" + ",".join(parts) if parts else "")

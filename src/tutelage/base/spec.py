"""Written specifications: ``name:key=value,key=value`` to an object and back (activations, weight laws)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from tutelage.base.check import nearest
from tutelage.base.errors import InputError


def parse_spec(text: str, families: Mapping[str, type], what: str) -> Any:
    """Build the object a specification names.

    ``families`` maps names to dataclasses; keys are their fields. A value with several commas is a tuple:
    ``polynomial:coefficients=0,1,-0.3``.

    Raises
    ------
    InputError
        Unknown name or key (the nearest is named), missing or unreadable value.
    """
    name, _, rest = text.strip().partition(":")
    if name not in families:
        raise InputError(f"{what}: unknown name {name!r}; {nearest(name, families)}")
    family = families[name]
    fields = {f.name: f for f in dataclasses.fields(family) if f.init}
    arguments: dict[str, Any] = {}
    for part in filter(None, re.split(r",(?=\s*[A-Za-z_]\w*\s*=)", rest)):
        key, separator, value = (piece.strip() for piece in part.partition("="))
        if not separator or not value:
            raise InputError(f"{what} {name!r}: expected key=value, got {part!r}; write {name}:key=value")
        if key not in fields:
            hint = nearest(key, fields) if fields else "it takes none"
            raise InputError(f"{what} {name!r}: unknown parameter {key!r}; {hint}")
        is_tuple = "tuple" in str(fields[key].type)
        try:
            arguments[key] = tuple(float(v) for v in value.split(",")) if is_tuple else float(value)
        except ValueError:
            raise InputError(f"{what} {name!r}: expected a number for {key}, got {value!r}") from None
    try:
        return family(**arguments)
    except TypeError:
        missing = [k for k, f in fields.items() if f.default is dataclasses.MISSING and k not in arguments]
        raise InputError(
            f"{what} {name!r}: missing parameter(s) {', '.join(missing)}; write {name}:{missing[0]}=..."
        ) from None


def format_spec(name: str, instance: Any) -> str:
    """The written form of a dataclass instance; the inverse of :func:`parse_spec`."""

    def show(value: Any) -> str:
        return ",".join(f"{v!r}" for v in value) if isinstance(value, tuple) else f"{value!r}"

    parts = [f"{f.name}={show(getattr(instance, f.name))}" for f in dataclasses.fields(instance) if f.init]
    return name + (":" + ",".join(parts) if parts else "")

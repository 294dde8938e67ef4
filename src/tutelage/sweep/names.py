"""What the variables of a sweep may be called: nothing that a store, a dimension or a parameter is called already."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from tutelage.base.errors import InputError

#: Parameters of a point, and how its numbers were made.
RECORDED = frozenset({
    "point", "activation", "weights", "d", "k", "seed", "realization", "seconds", "method", "error", "failed",
    "version", "code", "cpu", "threads", "biases", "inputs", "outputs",
})  # fmt: skip
#: What a grid has of these axes unless it says otherwise: [C25]'s networks.
PLAIN: dict[str, tuple[Any, ...]] = {"biases": ("none",), "inputs": ("standard",), "outputs": (1,)}
#: Dimensions of our own quantities.
DIMENSIONS = frozenset({"block", "order", "time"})


def check_text(value: object, who: str, name: str) -> str:
    """Text that a file can hold: a lone half of a surrogate pair has no bytes."""
    if not isinstance(value, str):
        raise InputError(f"{who}: expected text for {name}, got {value!r}; write it in quotes")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise InputError(f"{who}: expected text for {name}, got {value!r}, half of a character; correct it")
    return value


def check_name(value: object, who: str, taken: Collection[str]) -> str:
    """A name for a variable, none of those that are taken."""
    name = check_text(value, who, "a name")
    if (
        not name.strip()
        or not name.isprintable()
        or "/" in name
        or name.startswith((".", "__"))
        or name == "zarr.json"
    ):
        raise InputError(f"{who}: expected a name, got {name!r}; letters, digits and '_' will do")
    if name in taken:
        raise InputError(
            f"{who}: expected a new name, got {name!r}, which stands for something else here; rename it"
        )
    return name


def check_dimensions(names: Iterable[object], who: str, taken: Collection[str]) -> tuple[str, ...]:
    """Names of the dimensions of one array, all different."""
    found = tuple(check_name(name, who, taken) for name in names)
    if len(set(found)) < len(found):
        raise InputError(f"{who}: expected different dimensions, got {found!r}; rename one")
    return found

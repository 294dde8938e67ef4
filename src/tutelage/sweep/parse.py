"""From the tables of a TOML file to the checked fields of a SweepSpec; every wrong key names the nearest."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from tutelage.activations import ACTIVATIONS, parse_activation
from tutelage.activations.registry import importable_spec
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import class_path
from tutelage.input_families import inputs_spec
from tutelage.sweep.names import DIMENSIONS, PLAIN, RECORDED, check_text
from tutelage.sweep.resolve import resolve
from tutelage.weights import as_bias_law, as_weight_law

T = TypeVar("T")

_TOP = ("name", "quantities", "seed", "realizations", "grid", "options", "memory_bytes", "search_path")
_GRID = ("activation", "d", "k", "ratio", "sizes", "weights", "biases", "inputs", "outputs", "extra")
_RANGE = ("start", "stop", "step", "num", "spacing")
#: Values of one axis, and points of a grid, whose number and index are 64-bit integers.
_MOST_VALUES, _MOST_POINTS = 10_000_000, 2**62


def parse(mapping: Mapping[str, object], who: str) -> dict[str, Any]:
    """The keyword arguments of :class:`tutelage.sweep.spec.SweepSpec`."""
    _known_keys(mapping, _TOP, who, "key")
    for key in ("quantities", "grid"):
        if key not in mapping:
            raise InputError(f"{who}: expected the key {key!r}, it is missing; see docs/sweeps.md")
    grid = mapping["grid"]
    if not isinstance(grid, Mapping):
        raise InputError(f"{who}: expected a table [grid], got {grid!r}")
    _known_keys(grid, _GRID, who, "key of [grid]")
    if "activation" not in grid:
        raise InputError(f"{who}: expected activation in [grid], it is missing; write activation = 'erf'")
    search_path = search_folders(mapping.get("search_path", ()), who)
    quantities = _texts(mapping["quantities"], who, "quantities")
    if not quantities:
        raise InputError(f"{who}: expected at least one quantity, got none")
    fields = {
        "name": _name(mapping.get("name", "sweep"), who),
        "quantities": quantities,
        "activations": _activations(grid["activation"], who),
        "sizes": _sizes(grid, who),
        "weights": _laws(
            grid.get("weights", "normal"), who, "weights", lambda text: as_weight_law(text).spec
        ),
        "biases": _laws(grid.get("biases", "none"), who, "biases", _bias_spec),
        "inputs": _laws(grid.get("inputs", "standard"), who, "inputs", inputs_spec),
        "outputs": _integers(grid.get("outputs", 1), who, "outputs", 1),
        "seeds": _integers(mapping.get("seed", 0), who, "seed"),
        "realizations": _realizations(mapping.get("realizations", 1), who),
        "extra": _extra(grid.get("extra", {}), who),
        "options": _options(quantities, mapping.get("options", {}), search_path, who),
        "memory_bytes": _memory(mapping.get("memory_bytes"), who),
        "search_path": search_path,
    }
    _require_plain(fields, who)
    axes = ("activations", "sizes", "weights", *PLAIN, "seeds", "realizations")
    points = math.prod(map(len, [*(fields[name] for name in axes), *fields["extra"].values()]))
    if points > _MOST_POINTS:
        raise InputError(f"{who}: expected at most 2^62 points, got {points:.3g}; shorten an axis")
    return fields


def search_folders(value: object, who: str) -> tuple[str, ...]:
    """The folders of ``search_path``."""
    return tuple(check_text(folder, who, "search_path") for folder in _list(value))


def _known_keys(mapping: Mapping[str, object], known: Iterable[str], who: str, what: str) -> None:
    for key in mapping:
        if key not in known:
            raise InputError(f"{who}: unknown {what} {key!r}; {check.nearest(str(key), known)}")


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def unique(values: Iterable[T], who: str, name: str) -> tuple[T, ...]:
    """The values as a tuple; a repeated one would make two points of one."""
    values = tuple(values)
    seen: set[T] = set()
    for value in values:
        if value in seen:
            raise InputError(f"{who}: expected different values for {name}, got {value!r} twice; remove one")
        seen.add(value)
    return values


def _axis(value: object, who: str, name: str) -> list[Any]:
    """A value, a list of them, or a range ``{start, stop, step}`` or ``{start, stop, num, spacing}``."""
    if not isinstance(value, Mapping):
        values = _list(value)
        if not values:
            raise InputError(f"{who}: expected at least one value for {name}, got an empty list")
        _check_length(len(values), who, name)
        return values
    _known_keys(value, _RANGE, who, f"key of the range {name}")
    if not {"start", "stop"} <= set(value) or len({"step", "num"} & set(value)) != 1:
        raise InputError(
            f"{who}: expected start, stop and one of step and num for {name}, got {dict(value)!r}"
        )
    start, stop = (check.number(value[key], who, f"{name}.{key}") for key in ("start", "stop"))
    if "step" in value:
        step = check.number(value["step"], who, f"{name}.step", above=0.0)
        count = max(0.0, np.floor((stop - start) / step + 1e-9) + 1)
        _check_length(count, who, name)
        points = start + step * np.arange(int(count))
    else:
        num = check.integer(value["num"], who, f"{name}.num")
        _check_length(num, who, name)
        spacing = check.choice(value.get("spacing", "linear"), who, f"{name}.spacing", ("linear", "log"))
        if spacing == "log":
            check.number(min(start, stop), who, f"the ends of {name}", above=0.0)
        points = np.geomspace(start, stop, num) if spacing == "log" else np.linspace(start, stop, num)
    if points.size == 0:
        raise InputError(f"{who}: expected stop >= start for {name}, got {dict(value)!r}")
    return points.tolist()


def _check_length(count: float, who: str, name: str) -> None:
    if not count <= _MOST_VALUES:
        raise InputError(
            f"{who}: expected at most {_MOST_VALUES} values for {name}, got {count:.3g}; take fewer"
        )


def _integers(value: object, who: str, name: str, minimum: int = 0) -> tuple[int, ...]:
    """Whole numbers of an axis; those of a range are rounded to the nearest and repeats dropped."""
    values = _axis(value, who, name)
    if isinstance(value, Mapping):
        values = list(dict.fromkeys(round(v) for v in values))
    return unique((_integer(v, who, name, minimum) for v in values), who, name)


def _integer(value: object, who: str, name: str, minimum: int) -> int:
    """One that a column of 64-bit integers can hold."""
    number = check.integer(value, who, name, minimum, maximum=2**200)  # the bound is told below
    if number >= 2**63:
        raise InputError(f"{who}: expected {name} < 2^63 = {2**63}, got {number}; choose a smaller one")
    return number


def _realizations(value: object, who: str) -> tuple[int, ...]:
    """A count ``n`` stands for 0, ..., n-1."""
    if isinstance(value, int) and not isinstance(value, bool):
        count = check.integer(value, who, "realizations")
        _check_length(count, who, "realizations")
        return tuple(range(count))
    return _integers(value, who, "realizations")


def _sizes(grid: Mapping[str, object], who: str) -> tuple[tuple[int, int], ...]:
    """(d, k) pairs: given, the product of d and k, or the product of d and k/d."""
    given = [key for key in ("k", "ratio", "sizes") if key in grid]
    if len(given) != 1 or ("d" in grid) == ("sizes" in grid):
        raise InputError(
            f"{who}: expected d with k, d with ratio (k/d), or sizes (a list of [d, k]) in [grid], got "
            f"{', '.join(key for key in _GRID if key in grid)}; give one of the three"
        )
    if "sizes" in grid:
        pairs = _list(grid["sizes"])
        if not pairs or any(not isinstance(pair, (list, tuple)) or len(pair) != 2 for pair in pairs):
            raise InputError(f"{who}: expected sizes = [[d, k], ...], got {grid['sizes']!r}")
        sizes = [(_integer(d, who, "sizes", 1), _integer(k, who, "sizes", 1)) for d, k in pairs]
    elif "k" in grid:
        widths = _integers(grid["k"], who, "k", 1)
        sizes = [(d, k) for d in _integers(grid["d"], who, "d", 1) for k in widths]
    else:
        ratios = [check.number(v, who, "ratio", above=0.0) for v in _axis(grid["ratio"], who, "ratio")]
        sizes = [(d, max(1, round(r * d))) for d in _integers(grid["d"], who, "d", 1) for r in ratios]
        sizes = list(dict.fromkeys(sizes))
    return unique(sizes, who, "sizes")


def _activations(value: object, who: str) -> tuple[str, ...]:
    """Written forms; those that name a class stay as they are: a stored sweep is read without importing anything."""
    texts = [text.strip() for text in _texts(value, who, "activation")]
    specs = [v if class_path(v, ACTIVATIONS) else importable_spec(parse_activation(v)) for v in texts]
    if not specs:
        raise InputError(f"{who}: expected at least one activation, got an empty list")
    return unique(specs, who, "activation")


def _laws(value: object, who: str, name: str, spec: Callable[[str], str]) -> tuple[str, ...]:
    """Full written forms, so that the same law is the same text."""
    specs = [spec(text) for text in _texts(value, who, name)]
    if not specs:
        raise InputError(f"{who}: expected at least one value for {name}, got an empty list")
    return unique(specs, who, name)


def _bias_spec(text: str) -> str:
    law = as_bias_law(text)
    return "none" if law is None else law.spec


def _require_plain(fields: Mapping[str, Any], who: str) -> None:
    """A quantity that no point of the grid has."""
    for name in fields["quantities"]:
        known = resolve(name, fields["search_path"], who).plain
        other = [axis for axis in known if fields[axis] != PLAIN[axis]]
        if other:
            raise InputError(
                f"{who}: {name} is stated for {', '.join(f'{axis} = {PLAIN[axis][0]!r}' for axis in known)} alone, got other "
                f"{' and '.join(other)} in [grid]; leave one of them out"
            )


def _texts(value: object, who: str, name: str) -> tuple[str, ...]:
    return unique((check_text(v, who, name) for v in _list(value)), who, name)


def _extra(table: object, who: str) -> dict[str, tuple[Any, ...]]:
    """Further axes: numbers only, or text only."""
    if not isinstance(table, Mapping):
        raise InputError(f"{who}: expected a table [grid.extra], got {table!r}")
    axes = {}
    for name, value in table.items():
        if name in RECORDED | DIMENSIONS or not (isinstance(name, str) and name.isidentifier()):
            raise InputError(f"{who}: expected a new name for an extra axis, got {name!r}; rename it")
        values = _axis(value, who, name)
        if all(isinstance(v, str) for v in values):
            axes[name] = _texts(values, who, name)
        elif all(type(v) in (int, float) for v in values):
            axes[name] = unique((_number(v, who, name) for v in values), who, name)
        else:
            raise InputError(f"{who}: expected only numbers or only text for {name}, got {values!r}")
    return axes


def _number(value: float, who: str, name: str) -> float:
    """A finite number, an integer as it is."""
    check.number(value, who, name)
    return _integer(value, who, name, -(2**63)) if isinstance(value, int) else value


def _options(
    quantities: Iterable[str], table: object, search_path: tuple[str, ...], who: str
) -> dict[str, dict[str, Any]]:
    """Options of each quantity, its name and its keys checked."""
    if not isinstance(table, Mapping):
        raise InputError(f"{who}: expected a table [options], got {table!r}")
    _known_keys(table, tuple(quantities), who, "quantity in [options]")
    result = {}
    for name in quantities:
        quantity = resolve(name, search_path, who)
        options = table.get(name, {})
        if not isinstance(options, Mapping):
            raise InputError(f"{who}: expected a table [options.{name}], got {options!r}")
        if quantity.options is not None:
            _known_keys(options, tuple(quantity.options), who, f"option of {name}")
            quantity.check(options, who)
        if options:
            result[name] = dict(options)
    return result


def _name(value: object, who: str) -> str:
    """Part of a folder's name."""
    name = check_text(value, who, "name")
    if not re.fullmatch(r"[a-z0-9_][a-z0-9_.-]*", name):
        raise InputError(
            f"{who}: expected a name of lower-case letters, digits, '_', '.', '-', got {value!r}"
        )
    return name


def _memory(value: object, who: str) -> float | None:
    return None if value is None else check.number(value, who, "memory_bytes", above=0.0)

"""One function per condition on user input: each returns the cleaned value or raises InputError.

Messages follow one shape: *who: expected, observed, what to do.*
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from tutelage.base.errors import AllocationError, InputError
from tutelage.base.memory import available_bytes, human_bytes
from tutelage.base.nearest import nearest as nearest

T = TypeVar("T")


def float_array(value: Any, who: str, name: str, ndim: int | None = None) -> np.ndarray:
    """A finite real float64 NumPy array of the wanted number of dimensions."""
    if type(value).__module__.startswith("jax") and "Tracer" in type(value).__name__:
        raise InputError(
            f"{who}: expected concrete numbers for {name}, got a JAX tracer (you are inside jit, grad or vmap); "
            "call tutelage outside the transformation: its public functions run JAX in float64 themselves"
        )
    unmasked(value, who, name)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{who}: expected {name} to be a rectangular array, got {error}") from None
    if array.dtype.kind == "c":
        raise InputError(f"{who}: expected real {name}, got complex numbers; pass the real part explicitly")
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{who}: expected numbers for {name}, got dtype {array.dtype}; pass an array of floats"
        )
    array = array.astype(np.float64)
    if ndim is not None and array.ndim != ndim:
        raise InputError(
            f"{who}: expected {name} with {ndim} dimension(s), got shape {array.shape}; reshape it"
        )
    if array.size == 0:
        raise InputError(f"{who}: expected a non-empty {name}, got shape {array.shape}")
    return finite(array, who, name)


def unmasked(value: Any, who: str, name: str) -> None:
    """Refuse a masked array: what stands under the mask would be used."""
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(
            f"{who}: expected {name} without masked entries, got a masked array; pass {name}.filled(value)"
        )


def finite(array: np.ndarray, who: str, name: str) -> np.ndarray:
    """An array without NaN and infinities."""
    if not np.isfinite(array).all():
        bad = int(np.sum(~np.isfinite(array)))
        raise InputError(
            f"{who}: expected finite {name}, got {bad} NaN or infinite value(s); remove or replace them"
        )
    return array


def integer(value: Any, who: str, name: str, minimum: int = 1, maximum: int = 2**53) -> int:
    """A whole number within bounds; above 2^53 floats could not count it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InputError(f"{who}: expected an integer {name}, got {value!r}; pass a whole number")
    if value < minimum:
        raise InputError(f"{who}: expected {name} >= {minimum}, got {value}; choose a larger {name}")
    if value > maximum:
        raise InputError(f"{who}: expected {name} <= {maximum}, got {value:.3g}; choose a smaller {name}")
    return int(value)


def seed(value: Any, who: str) -> int:
    """What NumPy's generators take: any number of up to 128 bits."""
    return integer(value, who, "seed", minimum=0, maximum=2**128 - 1)


def number(
    value: Any,
    who: str,
    name: str,
    *,
    above: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> float:
    """A finite real number, optionally within bounds."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{who}: expected a number for {name}, got {value!r}") from None
    except OverflowError:
        raise InputError(f"{who}: expected a finite {name}, got an integer beyond 1e308") from None
    if not np.isfinite(result):
        raise InputError(f"{who}: expected a finite {name}, got {result}")
    if above is not None and not result > above:
        raise InputError(f"{who}: expected {name} > {above:g}, got {result:g}; choose a larger {name}")
    if minimum is not None and not result >= minimum:
        raise InputError(f"{who}: expected {name} >= {minimum:g}, got {result:g}; choose a larger {name}")
    if maximum is not None and not result <= maximum:
        raise InputError(f"{who}: expected {name} <= {maximum:g}, got {result:g}; choose a smaller {name}")
    return result


def text(value: Any, who: str, name: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise InputError(f"{who}: expected a text as {name}, got {type(value).__name__}; write it in quotes")
    return value


def flag(value: Any, who: str, name: str) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{who}: expected True or False for {name}, got {type(value).__name__}; write one")
    return bool(value)


def instance(value: Any, kind: type[T], who: str, name: str) -> T:
    """An instance of this class."""
    if not isinstance(value, kind):
        raise InputError(f"{who}: expected a {kind.__name__} as {name}, got {type(value).__name__}; pass one")
    return value


def choice(value: Any, who: str, name: str, known: Iterable[str]) -> str:
    """One of the known words; an unknown one raises and names the nearest."""
    known = list(known)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{who}: unknown {name} {value!r}; {nearest(str(value), known)}")
    return value


def same_length(first: int, second: int, who: str, what: str) -> None:
    """Two sizes that must agree."""
    if first != second:
        raise InputError(f"{who}: expected {what} to agree, got {first} and {second}; pass matching arrays")


def affordable(count: float, who: str, what: str, most: float, time: str) -> None:
    """Refuse work that would not end, with the largest count that does and a word about its time."""
    if not count <= most:
        raise AllocationError(
            f"{who}: expected at most {most:.3g} {what}, got {count:.3g}; {time}, so choose fewer"
        )


def fits_in_memory(n_bytes: float, who: str, what: str, largest: str, advice: str) -> None:
    """Refuse an allocation that does not fit, with the bytes, the largest feasible size and a way out."""
    free = available_bytes()
    if n_bytes > 0.9 * free:
        raise AllocationError(
            f"{who}: {what} needs {human_bytes(n_bytes)}, {human_bytes(free)} are free; "
            f"largest feasible: {largest}; {advice}"
        )

"""One function per condition on user input: each returns the cleaned value or raises InputError.

Messages follow one shape: *who: expected, observed, what to do.*
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np

from tutelage.base.errors import AllocationError, InputError
from tutelage.base.memory import available_bytes, human_bytes


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the closest known word: ``"did you mean 'erf'?"`` or the list of all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def float_array(value: Any, who: str, name: str, ndim: int | None = None) -> np.ndarray:
    """A finite real float64 NumPy array of the wanted number of dimensions."""
    if type(value).__module__.startswith("jax") and "Tracer" in type(value).__name__:
        raise InputError(
            f"{who}: expected concrete numbers for {name}, got a JAX tracer (you are inside jit, grad or vmap); "
            "call tutelage outside the transformation: its public functions run JAX in float64 themselves"
        )
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(
            f"{who}: expected {name} without masked entries, got a masked array; pass {name}.filled(value)"
        )
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


def finite(array: np.ndarray, who: str, name: str) -> np.ndarray:
    """An array without NaN and infinities."""
    if not np.all(np.isfinite(array)):
        bad = int(np.sum(~np.isfinite(array)))
        raise InputError(
            f"{who}: expected finite {name}, got {bad} NaN or infinite value(s); remove or replace them"
        )
    return array


def integer(value: Any, who: str, name: str, minimum: int = 1) -> int:
    """A whole number at least ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InputError(f"{who}: expected an integer {name}, got {value!r}; pass a whole number")
    if value < minimum:
        raise InputError(f"{who}: expected {name} >= {minimum}, got {value}; choose a larger {name}")
    return int(value)


def number(
    value: Any, who: str, name: str, *, above: float | None = None, minimum: float | None = None
) -> float:
    """A finite real number, optionally strictly above or at least a bound."""
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
    return result


def choice(value: Any, who: str, name: str, known: Iterable[str]) -> str:
    """One of the known words; an unknown one raises and names the nearest."""
    known = list(known)
    if value not in known:
        raise InputError(f"{who}: unknown {name} {value!r}; {nearest(str(value), known)}")
    return value


def same_length(first: int, second: int, who: str, what: str) -> None:
    """Two sizes that must agree."""
    if first != second:
        raise InputError(f"{who}: expected {what} to agree, got {first} and {second}; pass matching arrays")


def fits_in_memory(n_bytes: float, who: str, what: str, largest: str, advice: str) -> None:
    """Refuse an allocation that does not fit, with the bytes, the largest feasible size and a way out."""
    free = available_bytes()
    if n_bytes > 0.9 * free:
        raise AllocationError(
            f"{who}: {what} needs {human_bytes(n_bytes)}, {human_bytes(free)} are free; "
            f"largest feasible: {largest}; {advice}"
        )

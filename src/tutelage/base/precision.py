"""float64 without touching JAX's global switch: one decorator for the public functions that call JAX."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax

from tutelage.base.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


def float64(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` with 64-bit JAX; the caller's own precision setting is untouched."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.enable_x64(True):
            return function(*args, **kwargs)

    return wrapped


def require_64_bit(who: str) -> None:
    """Refuse to trace in 32-bit mode, where JAX would round float64 numbers to float32 without a word."""
    if not jax.config.jax_enable_x64:
        raise InputError(
            f"{who}: expected 64-bit JAX, got 32-bit mode; wrap the call in `with jax.enable_x64(True):` "
            "or use matvec, matmat and dense, which do"
        )

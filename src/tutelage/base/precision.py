"""float64 without touching JAX's global switches: one decorator for the public functions that call JAX."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import jax

from tutelage.base.errors import InputError
from tutelage.base.floating import usual_floats

P = ParamSpec("P")
R = TypeVar("R")


def float64(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` with 64-bit JAX, and with the ambient settings that it was written under (:func:`pinned`).

    Raises
    ------
    InputError
        In a fork of a process in which JAX has started (:func:`refuse_fork`).
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        refuse_fork(function.__name__)
        with pinned():
            return function(*args, **kwargs)

    return wrapped


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """What may differ around a call and would change its numbers or break it, as JAX and NumPy come: 64 bits, promotion
    of ranks and dtypes, the precision of products, the generator behind a seed, floating-point exceptions."""
    with (
        jax.enable_x64(True),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
        jax.default_matmul_precision(None),
        jax.default_prng_impl("threefry2x32"),
        jax.threefry_partitionable(True),
        usual_floats(),
    ):
        yield


def require_64_bit(who: str) -> None:
    """Refuse to trace in 32-bit mode, where JAX would round float64 numbers to float32 without a word."""
    if not jax.config.jax_enable_x64:
        raise InputError(
            f"{who}: expected 64-bit JAX, got 32-bit mode; wrap the call in `with jax.enable_x64(True):` "
            "or use matvec, matmat and dense, which do"
        )


def refuse_fork(who: str) -> None:
    """Refuse to run in a fork of a process in which JAX has started: its threads are not there, and it would hang."""
    if os.getpid() != _process_of_jax():
        raise InputError(
            f"{who}: expected a process that was started afresh, got a fork of one in which JAX runs, where it would "
            "hang; use multiprocessing.get_context('spawn'), or fork before the first call"
        )


@functools.cache
def _process_of_jax() -> int:
    """The process of the first call, which starts JAX; a fork inherits the answer."""
    return os.getpid()


def _before_fork() -> None:
    # JAX may have been started by others; there is no public way to ask without starting it.
    if getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None):
        _process_of_jax()


if sys.platform != "win32":
    os.register_at_fork(before=_before_fork)

"""How long work says how far it is: one type for the whole package."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias, TypeVar

from tutelage.base.errors import InputError
from tutelage.base.printable import printable

Item = TypeVar("Item")


class Progress(Protocol):
    """Called now and then with the fraction done, in [0, 1], and perhaps with a few words about it."""

    def __call__(self, fraction: float, message: str | None = None, /) -> None: ...


AskedProgress: TypeAlias = Progress | bool | None
"""What a user may give: a function to be called, or True for a bar on the terminal or in the notebook."""

_WIDTH = 30
_SECONDS = 0.1
"""Between two drawings of a bar: work that reports every millisecond is not slowed by it."""


def as_progress(asked: AskedProgress, name: str) -> Progress | None:
    """A bar where True was asked for; what was given otherwise, and None for False.

    Raises
    ------
    InputError
        Neither True, False, None nor a function.

    Examples
    --------
    >>> as_progress(False, "simulate") is None
    True
    """
    if isinstance(asked, bool):
        return _bar(name, _place()) if asked else None
    if asked is not None and not callable(asked):
        raise InputError(
            f"{name}: expected progress to be True or a function of the fraction done, got {asked!r}"
        )
    return asked


def _bar(name: str, show: Callable[[str], None]) -> Progress:
    """A line that is drawn anew; nothing is left to clean up where the work fails half-way."""
    drawn = -_SECONDS

    def draw(fraction: float, message: str | None = None, /) -> None:
        nonlocal drawn
        now = time.monotonic()
        if fraction >= 1.0 or now - drawn >= _SECONDS:
            drawn = now
            filled = round(_WIDTH * min(max(fraction, 0.0), 1.0))
            words = f"  {message}" if message else ""
            bar = "#" * filled + "." * (_WIDTH - filled)  # letters that every stream can write
            show("" if fraction >= 1.0 else printable(f"{name} {bar} {fraction:4.0%}{words}"))

    return draw


def _place() -> Callable[[str], None]:
    """Where a bar is drawn: the cell of a notebook, a terminal, nowhere in a log file."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        from IPython.display import display

        if (handle := display({"text/plain": ""}, raw=True, display_id=True)) is None:
            return lambda text: None
        return lambda text: handle.update({"text/plain": text}, raw=True)
    if not sys.stderr.isatty():
        return lambda text: None
    # Back to the start of the line, and what stood there is erased.
    return lambda text: print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def portion(progress: Progress | None, start: float, stop: float) -> Progress | None:
    """Progress of a part of the work, from ``start`` to ``stop`` of the whole.

    Examples
    --------
    >>> half = portion(lambda fraction, message=None: print(fraction, message), 0.5, 1.0)
    >>> half(0.5, "drawing")
    0.75 drawing
    """
    if progress is None:
        return None

    def moved(fraction: float, message: str | None = None, /) -> None:
        # Without words, so that a function of the fraction alone will do where nothing is said.
        progress(start + (stop - start) * fraction, *() if message is None else (message,))

    return moved


def shares(progress: Progress | None, count: int) -> list[Progress | None]:
    """Progress of each of ``count`` equal parts, one after the other.

    Examples
    --------
    >>> first, second = shares(lambda fraction, message=None: print(fraction), 2)
    >>> second(0.5)
    0.75
    """
    return [portion(progress, i / count, (i + 1) / count) for i in range(count)]


def tracked(items: Sequence[Item], progress: Progress | None) -> Iterator[Item]:
    """The items one by one; the share that is done is reported after each.

    Examples
    --------
    >>> list(tracked("ab", lambda fraction, message=None: print(fraction)))
    0.5
    1.0
    ['a', 'b']
    """
    for done, item in enumerate(items, 1):
        yield item
        if progress is not None:
            progress(done / len(items))


def silent(fraction: float, message: str | None = None, /) -> None:
    """The progress nobody looks at."""


__all__ = ["AskedProgress", "Progress", "as_progress", "portion", "shares", "silent", "tracked"]

"""How long work says how far it is: one type for the whole package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Called now and then with the fraction done, in [0, 1], and perhaps with a few words about it."""

    def __call__(self, fraction: float, message: str | None = None, /) -> None: ...


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


__all__ = ["Progress", "portion", "shares", "silent", "tracked"]

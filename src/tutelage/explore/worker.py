"""One thread that computes what was asked for last."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tutelage.explore.state import State


class Superseded(Exception):
    """Raised inside a computation whose answer nobody waits for any more."""


class Latest:
    """Calls ``work(state, check)`` in its own thread for the last state given; ``check()`` raises when there is a newer one.

    States given while the work goes on replace each other: the last value wins.
    """

    def __init__(self, work: Callable[[State, Callable[[], None]], None]) -> None:
        self._work, self._waiting, self._ended = work, None, False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="explorer", daemon=True).start()

    def ask(self, state: State) -> None:
        """Replace what waits; returns at once."""
        with self._changed:
            self._waiting = state
            self._changed.notify()

    def end(self) -> None:
        """Finish the thread once its present stage is over."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def check(self) -> None:
        """Raise if a newer state waits, or nobody does."""
        if self._waiting is not None or self._ended:
            raise Superseded

    def settle(self, seconds: float = 0.3) -> None:
        """Wait a moment for a newer state and raise if it comes: while a slider is drawn, slow work is not begun."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting is not None, seconds)
        self.check()

    def _run(self) -> None:
        while (state := self._next()) is not None:
            try:
                self._work(state, self.check)
            except Superseded:
                continue

    def _next(self) -> State | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting is not None)
            state, self._waiting = self._waiting, None
            return None if self._ended else state

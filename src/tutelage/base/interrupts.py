"""Ctrl-C, SIGTERM and SIGHUP end a command in one way: a KeyboardInterrupt, raised where it does no harm and not lost.

An exception in the middle of importing compiled code aborts the process or leaves half a module behind, and one that
is raised inside a destructor or a callback is printed and forgotten: a command that was told to end went on to its end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in vars(signal)]
_IMPORT = "<frozen importlib._bootstrap>"
#: Seconds until an interrupt is raised again: one that met an import, one that was not heard of since.
_SOON, _LATER = 0.05, 0.5
#: Seconds that an import may keep one waiting: a user's module may compute for hours.
_LONGEST_IMPORT = 10.0


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """The block ends with KeyboardInterrupt at SIGINT, SIGTERM or SIGHUP; what is ignored (``nohup``) stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupter = _Interrupter()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, interrupter)
    try:
        yield
    finally:
        interrupter.stop()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class _Interrupter:
    """The handler of the signals."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None
        self._again = self._stopped = False
        self._since = float("inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        again, self._again = self._again, False
        if again and _is_in_flight():
            return  # it was heard; what cleans up now is left in peace
        if _imports(frame) and time.monotonic() - self._since < _LONGEST_IMPORT:
            self._repeat(number, _SOON)
            return
        self._since = float("inf")
        self._repeat(number, _LATER)
        raise KeyboardInterrupt

    def _repeat(self, number: int, seconds: float) -> None:
        self._since = min(self._since, time.monotonic())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self._send, (number,))
        self._timer.daemon = True
        self._timer.start()

    def _send(self, number: int) -> None:
        if not self._stopped:
            self._again = True
            os.kill(os.getpid(), number)

    def stop(self) -> None:
        """Raise nothing any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()


def _imports(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _is_in_flight() -> bool:
    """Whether a KeyboardInterrupt is on its way through the blocks that clean up."""
    error: BaseException | None = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None

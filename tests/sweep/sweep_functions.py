"""Functions that the sweeps of the tests call as ``sweep_functions:NAME``; workers import them too."""

import os
import signal
import time

import numpy as np


def _log(point):
    if "SWEEP_LOG" in os.environ:
        handle = os.open(os.environ["SWEEP_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{point.index}\n".encode())
        os.close(handle)


def draw(point, scale=1.0):
    """A number and a ragged row that depend on every parameter."""
    _log(point)
    W = point.teacher().W
    return {"value": scale * point.rng().normal() + W.sum(), "row": (("column",), np.full(point.d, W[0, 0]))}


def slow_draw(point):
    time.sleep(0.005)
    return draw(point)


def picky(point):
    """Fails at every third realization."""
    if point.realization % 3 == 1:
        raise ValueError(f"no luck at {point.realization}")
    return 1.0


def noisy(point):
    return point.extra["noise"] * point.d


def text(point):
    return {"label": f"{point.activation} {point.d}"}


def wrong(point):
    return object()


def deadly(point):
    if point.realization == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0


def threads(point):
    time.sleep(0.3)
    return {"pid": os.getpid(), "cores": len(os.sched_getaffinity(0))}


def leaving(point):
    """A user's script may think it owns the process."""
    if point.realization == 1:
        raise SystemExit(3)
    return 1.0

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


def returned(point, what):
    """What the test asks for, at realization 1 only; a number at all others."""
    return RETURNS[what] if point.realization == 1 else {"value": 1.0 * point.index}


RETURNS = {
    "a reserved name": {"seed": 1.0},
    "a name of the record": {"error": "mine"},
    "an axis of the grid": {"noise": 1.0},
    "an empty name": {"": 1.0},
    "a blank name": {" ": 1.0},
    "a name that is no text": {3: 1.0},
    "a path": {"a/b": 1.0},
    "metadata of zarr": {"zarr.json": 1.0},
    "a hidden name": {".a": 1.0},
    "half a character as a name": {"\ud800": 1.0},
    "half a character": {"value": "\udfff"},
    "a dimension called point": {"value": (("point",), [1.0])},
    "a dimension of the record": {"value": (("seed",), [1.0])},
    "a repeated dimension": {"value": (("i", "i"), [[1.0]])},
    "a dimension without a name": {"value": (("",), [1.0])},
    "a dimension too few": {"value": (("i",), [[1.0]])},
    "a variable that is a dimension": {"i": (("i",), [1.0, 2.0])},
    "a text": {"value": "text"},
    "an array": {"value": [1.0, 2.0]},
    "other dimensions": {"value": (("other",), [1.0])},
    "a complex number": {"value": 1j},
    "a masked array": {"value": np.ma.array([1.0, 2.0], mask=[True, False])},
    "mixed types": {"value": [1.0, "a"]},
    "a ragged list": {"value": [[1.0], [1.0, 2.0]]},
    "an object": {"value": object()},
    "nothing": {"value": None},
}


def raising(point, what):
    if point.realization == 1:
        raise {
            "an exception": ValueError("no"),
            "a system exit": SystemExit(3),
            "a generator exit": GeneratorExit(),
            "half a character": ValueError("\ud800"),
            "a class of its own": Odd(),
        }[what]
    return 1.0


class Odd(BaseException):
    pass


def mixed(point):
    """A text at every third point, a number at the others."""
    return {"value": "odd" if point.index % 3 == 2 else 1.0 * point.index, "always": 2.0}


def sometimes_more(point):
    return {"value": 1.0, **({"more": 2.0} if point.index % 4 == 3 else {})}


def two_lengths(point):
    return {"a": (("i",), np.ones(2)), "b": (("i",), np.ones(3))}


def lambda_max(point):
    return -1.0


def always_deadly(point):
    os.kill(os.getpid(), signal.SIGKILL)


def rank_of_spectrum(point):
    """Asks for what the named quantities ask for too, in the words of either."""
    return point.spectrum().numerical_rank().rank


def largest_by(point, method="auto"):
    return point.spectrum(method).values[-1]

"""A small sweep of cheap points, a cluster for the session, and a process that forks runs to be killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
# The functions of sweep_functions.py are found by name, as a user's would be.
sys.path.insert(0, str(HERE))


@pytest.fixture
def mapping():
    """24 points of two ragged sizes."""
    return {
        "name": "small",
        "quantities": ["sweep_functions:draw"],
        "seed": [0, 7],
        "realizations": 3,
        "grid": {"activation": ["linear", "erf"], "d": [3, 5], "k": 2},
        "search_path": [str(HERE)],
    }


class Forker:
    """A process with everything imported that forks one command line at a time: starting costs milliseconds."""

    def __init__(self):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(HERE)])}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "forker.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def start(self, *arguments, log=None):
        """Fork one command; its process id."""
        command = {"arguments": [str(a) for a in arguments], "log": None if log is None else str(log)}
        print(json.dumps(command), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())["pid"]

    def wait(self):
        """Its exit code (negative: the signal) and what it printed."""
        answer = json.loads(self._process.stdout.readline())
        return answer["code"], answer["out"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def forker():
    process = Forker()
    yield process
    process.close()


@pytest.fixture(scope="session")
def client():
    """Two pinned workers."""
    from tutelage.sweep.cluster import connect

    with connect(None, 2) as found:
        yield found

"""A served explorer in a process of its own."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def address():
    """Where it listens."""
    command = [sys.executable, "-m", "tutelage", "explore", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().split()[4]
        server.terminate()

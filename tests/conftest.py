"""Shared by all tests: subprocesses find the package of this checkout, and figures need no screen."""

import os
from pathlib import Path

_SOURCE = str(Path(__file__).parents[1] / "src")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_SOURCE, os.environ.get("PYTHONPATH")]))
os.environ["MPLBACKEND"] = "Agg"

"""Grids of teachers, evaluated in parallel into a store that survives anything."""

from tutelage.sweep.engine import run
from tutelage.sweep.folder import SweepFolder, SweepStatus
from tutelage.sweep.spec import Point, SweepSpec, load_spec

__all__ = ["Point", "SweepFolder", "SweepSpec", "SweepStatus", "load_spec", "run"]

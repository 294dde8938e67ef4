"""Python's collector of cyclic garbage, which looks rarely in processes that are ours alone: commands and workers."""

from __future__ import annotations

import gc

_THRESHOLDS = 50_000, 20, 100
"""New containers before the young are looked through (700 by default), and such looks before the older ones are."""


def collect_rarely() -> None:
    """Importing JAX and its like takes a fifth less of the processor then, tracing and drawing a tenth; arrays are not waited
    for, they are in no cycles."""
    gc.set_threshold(*_THRESHOLDS)

"""Processor seconds of functions that take turns, so that a busy moment hits all of them: what the benchmarks share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def medians(*functions: Callable[[], object], repeats: int, calls: int = 1) -> list[float]:
    """Processor seconds of a call of each, medians of runs in turns; one call before, which compiles."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, found in zip(functions, times, strict=True):
            start = time.process_time()
            for _ in range(calls):
                function()
            found.append((time.process_time() - start) / calls)
    return [statistics.median(found) for found in times]

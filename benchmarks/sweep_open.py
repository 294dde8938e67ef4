"""Opening and reducing 100 000 stored points.

Claim: under 5 s once compacted. Peer: the same reduction straight from the task files. Every point holds two numbers,
a row of 16 and its record (parameters, time, version, processor, error).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from tutelage.store import provenance
from tutelage.sweep import SweepFolder, run
from tutelage.sweep.compact import gather, open_points


def numbers(point):
    """A cheap stand-in for a spectrum."""
    base = point.realization % 97
    return {"value": base * point.d, "other": -base, "row": (("column",), np.arange(16.0) + base)}


def reduce(dataset) -> float:
    """Means over realizations by width, a mean row and a count of failures."""
    by_width = dataset[["value", "other"]].load().groupby("d").mean()
    return float(by_width.value.sum() + dataset.row.mean("point").sum() + dataset.failed.sum())


def main(n: int = 100_000) -> None:
    spec = {
        "quantities": ["sweep_open:numbers"],
        "realizations": n // 10,
        "grid": {"activation": "linear", "d": list(range(1, 11)), "k": 1},
        "search_path": [str(Path(__file__).parent)],
    }
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        run(spec, store=name, workers=0)
        made = time.perf_counter() - start
        folder = SweepFolder(name)
        start = time.perf_counter()
        result = reduce(open_points(folder))
        compacted = time.perf_counter() - start
        start = time.perf_counter()
        again = reduce(gather(folder))
        tasks = time.perf_counter() - start
        assert np.isclose(result, again)
        files = len(folder.markers())
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    print(f"{n} points made and stored in {made:.1f} s ({files} tasks)")
    print(f"open and reduce from the tasks (peer): {tasks:.2f} s")
    print(f"open and reduce, compacted: {compacted:.2f} s (claim: < 5); ratio {tasks / compacted:.1f}")


if __name__ == "__main__":
    main()

"""Two workers against one on compute-bound points.

Claim: at least 1.8 times as many points per second. Peer: the same sweep on one worker, in the same run. A point is
the dense spectrum of an erf network with d = k = 28 (P = 812), 50 to 60 ms. Imports and compilation are paid before the clock
starts, by a small sweep of other teachers on the same workers.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tutelage.store import provenance
from tutelage.sweep import run
from tutelage.sweep.cluster import connect


def seconds(workers: int, realizations: int, repeats: int = 3) -> float:
    """Best wall time of a sweep on that many warm workers."""
    spec = {
        "quantities": ["lambda_min", "lambda_max"],
        "grid": {"activation": "erf", "d": 28, "k": 28},
        "options": {name: {"method": "dense"} for name in ("lambda_min", "lambda_max")},
    }
    times = []
    with tempfile.TemporaryDirectory() as folder, connect(None, workers) as client:
        run({**spec, "seed": 999, "realizations": 16}, client, store=Path(folder) / "warm", task_seconds=0.05)
        for repeat in range(repeats):
            start = time.perf_counter()
            found = run(
                {**spec, "seed": repeat, "realizations": realizations},
                client,
                store=Path(folder) / str(repeat),
            )
            times.append(time.perf_counter() - start)
            assert not found.failed.values.any()
    return min(times)


def main(realizations: int = 200) -> None:
    one, two = seconds(1, realizations), seconds(2, realizations)
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    print(f"{realizations} points, one worker (peer): {one:.2f} s, {realizations / one:.1f} points/s")
    print(f"{realizations} points, two workers:       {two:.2f} s, {realizations / two:.1f} points/s")
    print(f"ratio: {one / two:.2f} (claim: >= 1.8)")


if __name__ == "__main__":
    main()

"""What the sweep itself costs at a trivial point, at the default batching; and what writing a chunk costs.

Claims: less than 5 ms a point, durable (fsync) before it is reported; a chunk of 20 variables in a fraction of the time
xarray and zarr-python take. Peers: a bare loop over the same function; ``Dataset.to_zarr`` into the same zip.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

from tutelage.store import datasets, provenance, save_dataset
from tutelage.sweep import SweepSpec, run
from tutelage.sweep.cluster import connect


def trivial(point):
    """Nothing but one number."""
    return float(point.realization)


def sweep_seconds(n: int, workers: int, folder: Path) -> float:
    """Wall time of n trivial points on warm workers (0: in this process)."""
    spec = {
        "quantities": ["sweep_overhead:trivial"],
        "grid": {"activation": "linear", "d": 3, "k": 2},
        "search_path": [str(Path(__file__).parent)],
    }

    def timed(count: int, name: str, client=None) -> float:
        start = time.perf_counter()
        run({**spec, "realizations": count}, client, store=folder / f"{workers}-{name}", workers=workers)
        return time.perf_counter() - start

    if workers == 0:
        timed(8, "warm")
        return timed(n, "timed")
    with connect(None, workers) as client:
        timed(8, "warm", client)
        return timed(n, "timed", client)


def chunk_seconds(folder: Path, direct: bool, repeats: int = 20) -> float:
    """Median time to write a chunk of 50 points and 20 variables."""
    rng = np.random.default_rng(0)
    dataset = xr.Dataset({f"v{i}": ("point", rng.standard_normal(50)) for i in range(20)})
    encode = datasets.single_chunk.encode
    times = []
    try:
        datasets.single_chunk.encode = encode if direct else (lambda _: None)
        for _ in range(repeats):
            start = time.perf_counter()
            save_dataset(dataset, folder / "chunk.zarr.zip")
            times.append(time.perf_counter() - start)
    finally:
        datasets.single_chunk.encode = encode
    return float(np.median(times))


def main(n: int = 5000) -> None:
    spec = SweepSpec(("x",), ("linear",), ((3, 2),), realizations=tuple(range(n)))
    start = time.perf_counter()
    for index in range(n):
        trivial(spec.point(index))
    bare = time.perf_counter() - start
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    print(f"bare loop (peer): {1e3 * bare / n:.3f} ms a point")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for workers in (0, 1, 2):
            total = sweep_seconds(n, workers, folder)
            where = f"{workers} worker(s)" if workers else "in this process"
            print(f"sweep, {where}: {1e3 * (total - bare) / n:.3f} ms a point of overhead (claim: < 5)")
        slow, fast = chunk_seconds(folder, direct=False), chunk_seconds(folder, direct=True)
    print(f"chunk of 20 variables: zarr-python (peer) {1e3 * slow:.1f} ms, direct {1e3 * fast:.1f} ms")
    print(f"ratio: {slow / fast:.1f}")


if __name__ == "__main__":
    main()

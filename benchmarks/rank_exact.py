"""Exact Hessian ranks over prime fields, beside NumPy's floating-point rank of a Jacobian of the same size.

Claims: quadratic 40 x 40 (P = 1640) in at most 2 s per prime; the proof that erf at d = k = 10 has full rank in at
most 0.1 s; P = 5000 in at most 30 s per prime under 2.5 GB. Run: python benchmarks/rank_exact.py [--quick]
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tutelage import Architecture, Polynomial, effective_parameters
from tutelage.rank.elimination import flint_rank, rank_mod
from tutelage.rank.modular import PrimeField, random_primes


class Times(NamedTuple):
    """Seconds on the wall and on the processors."""

    wall: float
    cpu: float


def timed(function: Callable[[], object], repeat: int) -> tuple[Times, object]:
    """Median wall time, median CPU time, and the last result (on a busy machine the wall says little)."""
    times, result = [], None
    for _ in range(repeat):
        start, busy = time.perf_counter(), time.process_time()
        result = function()
        times.append((time.perf_counter() - start, time.process_time() - busy))
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    return Times(wall, cpu), result


def peak_gigabytes() -> float:
    """Largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def numpy_rank(n_points: int, n_params: int) -> int:
    """matrix_rank of a float64 matrix of the Jacobian's shape: the work of the peer."""
    return int(np.linalg.matrix_rank(np.random.default_rng(0).normal(size=(n_points, n_params))))


def report(name: str, seconds: Times, limit: float, result: object, peer: Times, peer_name: str) -> None:
    """One line: time, limit, result, and the ratio to the peer of the same run."""
    print(
        f"{name:42s} {seconds.wall:8.3f} s wall, {seconds.cpu:.3f} s CPU (limit {limit:g} s)  {result}\n"
        f"    {peer_name}: {peer.wall:.3f} s wall, {peer.cpu:.3f} s CPU; ratio {seconds.wall / peer.wall:.2f} wall, "
        f"{seconds.cpu / peer.cpu:.2f} CPU; peak {peak_gigabytes():.2f} GB",
        flush=True,
    )


def main() -> None:
    """All claims in one run."""
    quick = "--quick" in sys.argv
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
          f"NumPy {np.__version__}; peer: numpy.linalg.matrix_rank (SVD) on the same shape")  # fmt: skip
    effective_parameters(Architecture((3, 3, 1), "erf"))

    architecture = Architecture((10, 10, 1), "erf")
    seconds, result = timed(lambda: effective_parameters(architecture, primes=1), 9)
    peer, _ = timed(lambda: numpy_rank(115, 110), 9)
    report("erf d=k=10, proof of full rank", seconds, 0.1, result, peer, "SVD")

    architecture = Architecture((40, 40, 1), "quadratic")
    seconds, result = timed(lambda: effective_parameters(architecture, primes=1), 3)
    peer, _ = timed(lambda: numpy_rank(865, 1640), 3)
    report("quadratic 40 x 40, P = 1640, per prime", seconds, 2.0, result, peer, "SVD")

    field = PrimeField(random_primes(1, 0)[0])
    full = field.random(np.random.default_rng(0), (1645, 1640))
    seconds, result = timed(lambda: rank_mod(field, full), 3)
    peer, again = timed(lambda: flint_rank(field.p, full), 1)
    assert result == again
    report("elimination alone, 1645 x 1640, full rank", seconds, 2.0, result, peer, "FLINT with conversion")

    if not quick:
        # P = 5000 exactly, rank equal to P: the dearest case (a full-rank cubic network).
        architecture = Architecture((49, 100, 1), Polynomial((0, 1, 1, 1)))
        seconds, result = timed(lambda: effective_parameters(architecture, primes=1), 1)
        gigabytes = peak_gigabytes()
        peer, _ = timed(lambda: numpy_rank(5005, 5000), 1)
        report("cubic 49 x 100, P = 5000, per prime", seconds, 30.0, result, peer, "SVD")
        print(f"peak before the peer: {gigabytes:.2f} GB (limit 2.5 GB)")


if __name__ == "__main__":
    main()

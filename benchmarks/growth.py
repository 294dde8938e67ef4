"""How the time of a spectrum grows: with d at fixed k, with d = k, and with the number of teachers; peaks of memory.

Claims: with d at fixed k one product with W remains, so that the exponent is at most 1.1 (peer: LAPACK on the P × P matrix,
exponent 3); with d = k it is that of LAPACK on P = k² + k, 6 at most (peer: ``scipy.linalg.eigvalsh`` of the same sizes, in
the same run); with the number n of small teachers at once at most 1.05, so that a teacher never costs more in a larger batch.

Medians of five runs in processor seconds, after one that compiles. Slopes are fitted over the larger half of the sizes. The
figure goes to the path that is given (growth.png); ``memory`` in its place measures the peaks of the five largest cases instead,
each in a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
import scipy.linalg

from tutelage import sample_teacher, sample_teachers, spectrum, spectrum_many
from tutelage.store import provenance

RUNS = 5
INPUTS, WIDTHS, COUNTS = (100, 1000, 10_000, 100_000), (6, 10, 16, 26, 40), (1, 4, 16, 64, 256)
LARGEST = {
    "erf, d = 10⁶, k = 64": 'spectrum(sample_teacher("erf", 10**6, 64))',
    "erf, d = k = 70": 'spectrum(sample_teacher("erf", 70, 70))',
    "quadratic, d = 60, k = 120": 'spectrum(sample_teacher("quadratic", 60, 120))',
    "top 10, erf, d = k = 300": 'spectrum(sample_teacher("erf", 300, 300), count=10)',
    "1000 teachers, erf, d = k = 20": 'spectrum_many(sample_teachers("erf", 20, 20, count=1000), refine=False)',
}
"""The five largest cases that these benchmarks name, as code."""


def seconds(function: Callable[[], object]) -> float:
    """Median processor time of five calls."""
    function()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return float(np.median(times))


def slope(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Exponent over the larger half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0])


def by_inputs(d: int) -> float:
    teacher = sample_teacher("erf", d, 10)
    return seconds(lambda: spectrum(teacher, refine=False))


def by_width(k: int) -> float:
    teacher = sample_teacher("erf", k, k)
    return seconds(lambda: spectrum(teacher, refine=False))


def lapack(k: int) -> float:
    matrix = np.random.default_rng(0).standard_normal((k * k + k,) * 2)
    matrix += matrix.T
    return seconds(lambda: scipy.linalg.eigvalsh(matrix, driver="evd"))


def by_count(n: int) -> float:
    teachers = sample_teachers("erf", 8, 8, count=n)
    return seconds(lambda: spectrum_many(teachers, refine=False))


MEASURED = {
    "inputs d, k = 10": (INPUTS, by_inputs),
    "d = k": (WIDTHS, by_width),
    "LAPACK alone, P = k² + k": (WIDTHS, lapack),
    "teachers n at once, d = k = 8": (COUNTS, by_count),
}


def draw(found: dict[str, tuple[Sequence[int], list[float]]], path: str) -> None:
    """Each growth as one line, with its slope."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    from tutelage.plotting.style import style

    with style():
        figure, axes = plt.subplots(figsize=(6.5, 4.5))
        for name, (sizes, times) in found.items():
            axes.loglog(sizes, times, "o-", label=f"{name}: slope {slope(sizes, times):.2f}")
        axes.set(xlabel="d, k or n", ylabel="processor seconds", title="Time of a spectrum, erf teachers")
        axes.legend()
        figure.savefig(path)


def peak(name: str, code: str) -> None:
    """The largest resident memory of a process that does one thing, over that of the imports."""
    program = (
        "import resource, time; from tutelage import *\n"
        "spectrum(sample_teacher('erf', 3, 2)); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"start = time.perf_counter(); {code}; seconds = time.perf_counter() - start\n"
        "print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, seconds)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    before, after, wall = map(float, done.stdout.split())
    print(
        f"{name}: peak {after / 1e6:.2f} GB, {before / 1e6:.2f} of it imports and a first call; {wall:.1f} s"
    )


def main(path: str = "growth.png") -> None:
    machine = provenance()
    print(f"machine: {machine['cpu']}, {machine['threads']} processors, {machine['platform']}")
    if path == "memory":
        for name, code in LARGEST.items():
            peak(name, code)
        return
    found = {}
    for name, (sizes, measure) in MEASURED.items():
        times = [measure(size) for size in sizes]
        found[name] = (sizes, times)
        each = ", ".join(f"{size}: {1e3 * t:.2f} ms" for size, t in zip(sizes, times, strict=True))
        print(f"{name}: slope {slope(sizes, times):.2f} ({each})", flush=True)
    draw(found, path)
    print(f"drawn in {path}; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main(*sys.argv[1:])

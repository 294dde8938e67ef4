"""What biases and inputs that are not white cost: ratio to the plain network, a million inputs, spikes.

    python benchmarks/any_network.py [ACTIVATION ...]

Each goal in one run: with biases at most 1.5 times the plain network at the same d and k >= 20; d = 10^6, k = 32 with biases
under 20 s and 4 GB; two spikes at d = 10^5, k = 32 under 20 s.
"""

from __future__ import annotations

import itertools
import os
import resource
import sys
import time
from collections.abc import Callable

from tutelage import Problem, sample_teacher, spectrum
from tutelage.input_families import spiked

REPEATS = 5
SHAPES = ((20, 20), (30, 20), (60, 30), (200, 40))
ACTIVATIONS = ("erf", "relu", "tanh", "quadratic", "gelu")


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    call()
    return clock() - start


def ratio(activation: str, d: int, k: int) -> tuple[float, float]:
    """Processor time, best of some spectra each, in turns: a machine that slows down slows both."""
    networks = [sample_teacher(activation, d, k, biases=biases) for biases in ("none", "normal")]
    times = [
        [seconds(lambda n=network: spectrum(n), time.process_time) for network in networks]
        for _ in range(REPEATS + 1)
    ]
    plain, biased = (min(column) for column in zip(*times[1:], strict=True))
    return plain, biased


def main(activations: tuple[str, ...]) -> int:
    print(f"load {os.getloadavg()[0]:.1f}")
    good = True
    for activation, (d, k) in itertools.product(activations, SHAPES):
        plain, biased = ratio(activation, d, k)
        good &= biased <= 1.5 * plain
        print(
            f"{activation}, d = {d}, k = {k}: {1e3 * plain:.1f} ms of the processor, with biases {1e3 * biased:.1f} ms, "
            f"{biased / plain:.2f}x (goal 1.5)"
        )
    activation = activations[0]
    wide = sample_teacher(activation, 10**6, 32, biases="normal")
    took = seconds(lambda: spectrum(wide))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    good &= took < 20 and peak < 4
    print(f"d = 10^6, k = 32 with biases: {took:.1f} s (goal 20), peak {peak:.2f} GB (goal 4)")
    problem = Problem(sample_teacher(activation, 10**5, 32), spiked(10**5, 5.0, count=2))
    took = seconds(lambda: spectrum(problem))
    good &= took < 20
    print(f"d = 10^5, k = 32, two spikes: {took:.1f} s (goal 20)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or ACTIVATIONS))

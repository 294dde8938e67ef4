"""What a card gives: products, the top of a spectrum and descents of JAX, on it and on the processor of the same machine.

Every number stands beside the device that gave it. Without a card the script says so and ends. Each device runs in a process
of its own (``JAX_PLATFORMS``), wall times, the least of five after a first call that compiles.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np


def least(function: Callable[..., object], *arguments: object, repeats: int = 5) -> float:
    """Shortest wall time of several runs after a first, in seconds."""
    import jax

    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - start)
    return min(times[1:])


def measure() -> None:
    """On whatever JAX runs here."""
    import jax

    from tutelage import hessian_at_optimum, sample_teacher, spectrum

    device = jax.devices()[0]
    name = f"{device.device_kind} ({device.platform}, jax {jax.__version__})"
    with jax.enable_x64(True):
        for d, k in ((100, 100), (1000, 1000), (20_000, 30)):
            operator = hessian_at_optimum(sample_teacher("erf", d, k, seed=0)).on_device
            vector = jax.numpy.asarray(np.random.default_rng(0).standard_normal(operator.size))
            seconds = least(jax.jit(type(operator).product), operator, vector)
            print(f"{name}: H v, d = {d}, k = {k}: {1e3 * seconds:.3f} ms")
    operator = hessian_at_optimum(sample_teacher("erf", 300, 300, seed=0))
    for tolerance in (0.0, 1e-8):
        top = functools.partial(spectrum, operator, "lanczos", count=10, tolerance=tolerance)
        told = f"top 10 of P = {operator.size}, tolerance {tolerance:g}: {least(top, repeats=2):.2f} s"
        print(f"{name}: {told}, error bars up to {top().errors.max():.0e}")


def main() -> None:
    """A process for each device."""
    here = [sys.executable, __file__, "measure"]
    for platform in ("cuda", "cpu"):
        done = subprocess.run(
            here, env=os.environ | {"JAX_PLATFORMS": platform}, capture_output=True, text=True
        )
        if done.returncode == 0:
            print(done.stdout, end="")
        else:
            print(f"{platform}: none here ({done.stderr.strip().splitlines()[-1]})")
            if platform == "cuda":
                return


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["measure"] else main()

"""A softmax MLP 784-256-10 (P = 203 530) on 4096 samples: the top 5 of the Gauss-Newton matrix, a density of 4 × 50 products.

Wall and processor seconds, compilation included, and the peak memory of the process.
"""

from __future__ import annotations

import resource
import time

import jax.numpy as jnp
import numpy as np

from tutelage import ModelProblem, spectral_density, spectrum

SIZES, N = (784, 256, 10), 4096


def apply(p, X):
    return jnp.maximum(X @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]


def main() -> None:
    rng = np.random.default_rng(0)
    d, k, m = SIZES
    params = {"W1": rng.standard_normal((k, d)) * (2 / d) ** 0.5, "b1": np.zeros(k)}
    params |= {"W2": rng.standard_normal((m, k)) / k**0.5, "b2": np.zeros(m)}
    X, y = rng.random((N, d)), rng.integers(0, m, N)
    problem = ModelProblem(apply, params, X, y, loss="cross_entropy")
    outer = problem.hessian().outer
    for name, work in (
        ("top 5 of the Gauss-Newton matrix", lambda: spectrum(outer, "lanczos", count=5).values),
        ("density of 4 x 50 products", lambda: spectral_density(outer, 4, 50).moment(1)),
    ):
        wall, processor = time.perf_counter(), time.process_time()
        found = work()
        print(
            f"{name}: {time.perf_counter() - wall:.1f} s, {time.process_time() - processor:.1f} s of processor; {found}"
        )
    print(f"P = {problem.n_params}; peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()

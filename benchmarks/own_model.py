"""Your own model, how good the stochastic numbers are: density, trace and the coverage of error bars over seeds.

An MLP 20-30-1 with biases on 2000 samples, half squares, ten draws of network and data. The density from 10 × 100 products
against the dense spectrum: its Kolmogorov-Smirnov distance, and mass below the smallest eigenvalue. The trace from 50
products, 100 seeds: how often it is within three of its own errors. Coverage of 95 % intervals over 200 seeds of trace,
Frobenius norm and the moments of a density.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tutelage import ModelProblem, estimate_frobenius_norm, estimate_trace, spectral_density

D, K, N, DRAWS = 20, 30, 2000, 10


def apply(p, X):
    return jnp.tanh(X @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]


def problem(seed: int) -> ModelProblem:
    rng = np.random.default_rng(seed)
    shapes = {"W1": (K, D), "b1": (K,), "W2": (1, K), "b2": (1,)}
    sizes = {"W1": D, "b1": D, "W2": K, "b2": K}
    params = {name: rng.uniform(-1, 1, shape) / sizes[name] ** 0.5 for name, shape in shapes.items()}
    return ModelProblem(apply, params, rng.standard_normal((N, D)), rng.standard_normal((N, 1)))


def distance(cdf, values: np.ndarray, points: np.ndarray) -> float:
    x = np.unique(np.concatenate([values, points, np.linspace(values[0] - 1, values[-1] + 1, 20_001)]))
    exact = [np.searchsorted(values, x, side) for side in ("left", "right")]
    return max(np.abs(cdf(x) - one).max() for one in exact) / values.size


def covered(estimates, truth: float) -> float:
    intervals = [estimate.interval(0.95) for estimate in estimates]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def main() -> None:
    dense = [problem(seed).hessian().dense() for seed in range(DRAWS)]
    spectra = [np.linalg.eigvalsh(matrix) for matrix in dense]
    apart, below = [], []
    for seed, values in enumerate(spectra):
        found = spectral_density(problem(seed).hessian(), 10, 100, seed=seed)
        apart.append(distance(found.cdf, values, found.points))
        below.append(float(found.cdf(values[0] - 1e-8)))
    print(
        f"density, 10 x 100 products, {DRAWS} networks: KS median {np.median(apart):.3f}, largest {max(apart):.3f}; ",
        end="",
    )
    print(f"mass below the smallest {max(below):.1g}")
    # The same products from the dense matrix, which is the operator to 1e-15.
    within = [
        abs((found := estimate_trace(matrix, 50, seed=seed)) - np.trace(matrix)) <= 3 * found.error
        for matrix in dense
        for seed in range(10)
    ]
    print(f"trace, 50 products: within three of its errors in {sum(within)} of {len(within)}")
    matrix, values = dense[0], spectra[0]
    print("coverage of 95 % intervals, 200 seeds:")
    traces = [estimate_trace(matrix, 50, seed=seed) for seed in range(200)]
    norms = [estimate_frobenius_norm(matrix, 50, seed=seed) for seed in range(200)]
    densities = [spectral_density(matrix, 10, 30, seed=seed) for seed in range(200)]
    rows = {
        "trace": covered(traces, values.sum()),
        "Frobenius norm": covered(norms, float(np.linalg.norm(values))),
        **{f"moment {m}": covered([d.moment(m) for d in densities], (values**m).sum()) for m in (1, 2, 4)},
    }
    for name, share in rows.items():
        print(f"  {name:16} {share:.1%}")


if __name__ == "__main__":
    main()

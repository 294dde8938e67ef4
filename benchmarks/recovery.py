"""Zero-loss minimisation of quadratic recovery instances: the batched solver against a SciPy L-BFGS loop.

Same instances (d = 8, m_* = 2, n = n_c = 21), same starts, same relative loss to reach (1e-13), same verdict asked of each
(generalisation error below 1e-6). Both are compared with the certificates, which neither uses.

    python benchmarks/recovery.py [instances]
"""

from __future__ import annotations

import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# Small matrices: threads inside BLAS only get in the way of both contestants.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy
from scipy.optimize import minimize as scipy_minimize

from tutelage.quadratic import certify_batch, critical_samples, matrix_of, minimise, sample_start
from tutelage.quadratic.counts import sample_instances
from tutelage.quadratic.losses import population_energy

D, M_STAR, LOSS, ERROR = 8, 2, 1e-13, 1e-6


class Reached(Exception):
    """The peer's loss fell below the target: it may stop at once, as ours does."""


def lbfgs(A: np.ndarray, X: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, float]:
    """One instance by L-BFGS-B on the weights, analytic gradient, stopped at the target loss."""
    m, d = W.shape
    y = np.sum((X @ A) * X, axis=1)
    scale = np.mean(y**2)
    best: list = [np.inf, W]

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        V = w.reshape(m, d)
        U = X @ V.T
        r = np.sum(U**2, axis=1) / m - y
        value = float(np.mean(r**2) / scale)
        if value < best[0]:
            best[:] = [value, V.copy()]
        if value <= LOSS:
            raise Reached
        return value, ((4 / (m * len(X) * scale)) * (U * r[:, None]).T @ X).ravel()

    try:
        # Restarted from its own end with a fresh memory while it still gains: it stops early on the flat valleys.
        for _ in range(20):
            before = best[0]
            options = {"maxiter": 20_000, "maxfun": 40_000, "maxcor": 20, "ftol": 0.0, "gtol": 1e-16}
            scipy_minimize(loss, best[1].ravel(), jac=True, method="L-BFGS-B", options=options)
            if best[0] > 0.5 * before:
                break
    except Reached:
        pass
    return matrix_of(best[1]), best[0]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    n = critical_samples(D, M_STAR)
    A, X = sample_instances(D, M_STAR, n, range(count))
    W = np.array([sample_start(D, D, realization=i) for i in range(count)])
    starts = matrix_of(W)
    unique = np.array([c.status == "unique" for c in certify_batch(A, X)])

    halves = np.array_split(np.arange(count), 2)
    minimise(A[:2], X[:2], starts[:2], training_loss=LOSS)

    def ours(threads: int) -> tuple[float, np.ndarray, np.ndarray]:
        begin = time.perf_counter()
        if threads == 1:
            runs = [minimise(A, X, starts, training_loss=LOSS)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                runs = list(
                    pool.map(
                        lambda rows: minimise(A[rows], X[rows], starts[rows], training_loss=LOSS), halves
                    )
                )
        seconds = time.perf_counter() - begin
        return seconds, np.concatenate([r.loss for r in runs]), np.concatenate([r.error for r in runs])

    one = min((ours(1) for _ in range(3)), key=lambda r: r[0])
    two = min((ours(2) for _ in range(3)), key=lambda r: r[0])
    begin = time.perf_counter()
    peer = [lbfgs(A[i], X[i], W[i]) for i in range(count)]
    seconds = time.perf_counter() - begin
    peer_loss = np.array([loss for _, loss in peer])
    peer_error = population_energy(np.array([a for a, _ in peer]) - A) / population_energy(A)

    processor = platform.processor() or platform.machine()
    print(f"{processor}, {os.cpu_count()} cores; numpy {np.__version__}, scipy {scipy.__version__}")
    print(
        f"d = {D}, m* = {M_STAR}, n = {n}, {count} instances, to E_n/E_n(0) <= {LOSS:g}; verdict: E/E(0) <= {ERROR:g}"
    )
    rows = {
        "batched, 1 thread": one,
        "batched, 2 threads": two,
        "SciPy L-BFGS loop": (seconds, peer_loss, peer_error),
    }
    for name, (t, loss, error) in rows.items():
        verdict = error <= ERROR
        print(
            f"{name:20s} {count / t:9.1f} instances/s   reached {np.mean(loss <= LOSS):6.1%}   "
            f"recovered {np.mean(verdict):6.1%}   agrees with certificate {np.mean(verdict == unique):6.1%}"
        )
    same = (one[2] <= ERROR) == (peer_error <= ERROR)
    both = (one[1] <= LOSS) & (peer_loss <= LOSS)
    print(f"same verdict on {same.sum()} of {count} instances; both reached the loss on {both.sum()}")
    print(f"ratio: {seconds / one[0]:.1f} (1 thread), {seconds / two[0]:.1f} (2 threads)")


if __name__ == "__main__":
    main()

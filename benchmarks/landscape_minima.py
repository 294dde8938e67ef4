"""Spurious minima of ReLU networks: the batched search against a SciPy L-BFGS loop on the library's loss and gradient.

The same starts before an orthonormal teacher, k = d; the peer goes one start at a time. Both ends are polished and
certified by the same Newton's method, which is timed apart; asked of both: the levels and how often each is reached.

    python benchmarks/landscape_minima.py [k] [starts]
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from tutelage import Network, Problem
from tutelage.landscape import Minima
from tutelage.landscape.search import descend, polish
from tutelage.teachers import layer_rng


def one_at_a_time(teacher: Network, starts: np.ndarray) -> np.ndarray:
    """SciPy's L-BFGS-B from each start, to where it stops by itself."""
    problem = Problem(teacher, trainable=("W",))

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        student = Network(w.reshape(starts.shape[1:]), teacher.a, teacher.activation)
        return problem.loss(student), problem.gradient(student)

    options = {"maxiter": 3000, "maxcor": 10, "gtol": 1e-9, "ftol": 0.0}
    ends = [scipy_minimize(loss, w.ravel(), jac=True, method="L-BFGS-B", options=options).x for w in starts]
    return np.reshape(ends, starts.shape)


def main() -> None:
    k, count = (int(v) for v in (sys.argv[1:] + ["10", "100"][len(sys.argv) - 1 :])[:2])
    teacher = Network(np.eye(k), np.ones(k), "relu")
    starts = np.array([layer_rng(0, i, 0).standard_normal((k, k)) for i in range(count)]) / np.sqrt(k)
    for method in (descend_batch, one_at_a_time):
        polish(teacher, teacher.a, method(teacher, starts[:2]))  # compiled before the clock starts

    seconds, found = {}, {}
    for name, method in (("batched", descend_batch), ("SciPy, one at a time", one_at_a_time)):
        begin = time.perf_counter()
        ends = method(teacher, starts)
        seconds[name] = time.perf_counter() - begin
        begin = time.perf_counter()
        found[name] = Minima(**polish(teacher, teacher.a, ends))
        print(
            f"{name:22s} {seconds[name] / count * 1e3:8.1f} ms a start, then {(time.perf_counter() - begin) / count * 1e3:.1f} "
            f"ms to certify; spurious {found[name].spurious_fraction:.3f}; levels "
            + ", ".join(f"{level.loss:.5f} ({level.count})" for level in found[name].levels())
        )
    print(
        f"k = {k}, {count} starts: ratio of the descents {seconds['SciPy, one at a time'] / seconds['batched']:.1f}"
    )


def descend_batch(teacher: Network, starts: np.ndarray) -> np.ndarray:
    """The search of `tutelage.landscape.find_minima`."""
    return descend(teacher, teacher.a, starts)


if __name__ == "__main__":
    main()

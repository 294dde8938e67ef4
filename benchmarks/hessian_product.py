"""H·v against products written by hand from the same tables, and against the matrix products that it is made of.

Claims: at d = k = 100 and at d = 20 000, k = 30 (erf), and of 1000 and 20 000 samples, ``matvec`` takes at most 1.3 times a
product written by hand in NumPy, the tables times the read-outs (of samples: σ, σ', σ'' at the student) made beforehand;
at d = k = 1000 (P = 1 001 000) it reaches at least 65 % of the rate of its three (k, k)·(k, d) products in NumPy, back to
back. Processor seconds, medians of runs in turns; set OMP_NUM_THREADS=1 for one thread.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from turns import medians
from tutelage import Network, hessian_at_optimum, sample_teacher
from tutelage.activations.derivatives import derivative_tables
from tutelage.empirical import Problem
from tutelage.operators import SymmetricOperator
from tutelage.store import provenance


def population_by_hand(teacher: Network) -> Callable[[np.ndarray], np.ndarray]:
    """The product of science 1.4, one output, from tables made once."""
    (k, d), W, a, t = teacher.W.shape, teacher.W, teacher.a, hessian_at_optimum(teacher).tables
    G = np.outer(a, a)
    g11, g31, g22, g13 = (G * x for x in (t.k11, t.k31, t.k22, t.k13))
    a11, a20 = a[:, None] * t.k11, a[:, None] * t.k20

    def product(vector: np.ndarray) -> np.ndarray:
        V, alpha = vector[: k * d].reshape(k, d), vector[k * d :]
        S, s = W @ V.T, np.einsum("ij,ij->i", W, V)
        along_w = (g31 * S).sum(1) + g22 @ s + a20 @ alpha
        along_z = g22 * S + g13 * s + a11 * alpha
        out = np.empty(k * d + k)
        out[: k * d] = (g11 @ V + along_w[:, None] * W + along_z @ W).ravel()
        out[k * d :] = a @ (t.k11 * S + t.k02 * s).T + t.k00 @ alpha
        return out

    return product


def samples_by_hand(student: Network, X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The product of the Hessian of a sample, from σ, σ' and σ'' made once."""
    (k, d), a, n = student.W.shape, student.a, len(X)
    value, slope, curvature = derivative_tables(student.activation, X @ student.W.T)
    residual = (student(X) - y) / n
    bent = residual[:, None] * a * curvature

    def product(vector: np.ndarray) -> np.ndarray:
        V, alpha = vector[: k * d].reshape(k, d), vector[k * d :]
        u = X @ V.T
        along = slope * u
        change = (along @ a + value @ alpha) / n
        to_u = (change[:, None] * a + residual[:, None] * alpha) * slope + bent * u
        return np.concatenate([(to_u.T @ X).ravel(), value.T @ change + along.T @ residual])

    return product


def compare(name: str, operator: SymmetricOperator, by_hand: Callable, calls: int) -> None:
    vector = np.random.default_rng(0).standard_normal(operator.size)
    difference = np.abs(operator.matvec(vector) - by_hand(vector)).max()
    ours, peer = medians(lambda: operator.matvec(vector), lambda: by_hand(vector), repeats=7, calls=calls)
    print(
        f"{name}: {1e3 * ours:.3f} ms, by hand {1e3 * peer:.3f} ms (difference {difference:.0e}), "
        f"ratio {ours / peer:.2f} (claim: at most 1.3)"
    )


def rate(d: int = 1000, k: int = 1000) -> None:
    operator, rng = hessian_at_optimum(sample_teacher("erf", d, k, seed=0)), np.random.default_rng(0)
    vector, V = rng.standard_normal(operator.size), rng.standard_normal((k, d))
    A, B, W = (rng.standard_normal(shape) for shape in ((k, k), (k, k), (k, d)))
    operator.matvec(vector)
    ours, peer = medians(lambda: operator.matvec(vector), lambda: (A @ V, B @ W, W @ V.T), repeats=7)
    print(
        f"H v at d = {d}, k = {k}, P = {operator.n_params}: {ours:.3f} s, {6e-9 * k * k * d / ours:.0f} GF/s"
    )
    print(f"three matrix products alone: {peer:.3f} s; fraction {peer / ours:.2f} (claim: at least 0.65)")


def main() -> None:
    print({key: provenance()[key] for key in ("cpu", "threads") if key in provenance()})
    for d, k, calls in ((100, 100, 100), (20_000, 30, 10)):
        teacher = sample_teacher("erf", d, k, seed=0)
        compare(f"d = {d}, k = {k}", hessian_at_optimum(teacher), population_by_hand(teacher), calls)
    for n, d, k, calls in ((1000, 50, 20, 100), (20_000, 20, 100, 3)):
        teacher, student = (sample_teacher("erf", d, k, seed=seed) for seed in (0, 1))
        X = np.random.default_rng(0).standard_normal((n, d))
        y = teacher(X)
        operator = Problem(X, y).hessian(student)
        compare(f"n = {n} samples, d = {d}, k = {k}", operator, samples_by_hand(student, X, y), calls)
    rate()


if __name__ == "__main__":
    main()

"""Statistics that respect dependence: one eigenvalue per teacher, and bootstrap over teachers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

KOLMOGOROV_1E3 = 1.9495
r"""0.1 % point of Kolmogorov's limit law: :math:`\sqrt n\,\sup|F_n - F|` exceeds it once in a thousand."""


def one_per_teacher(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """One entry of each row, chosen at random: independent draws from the law of a random eigenvalue.

    Eigenvalues of one teacher repel each other or coincide, so that a pooled test rejects the true law.
    """
    rng = np.random.default_rng(seed)
    return values[np.arange(len(values)), rng.integers(values.shape[1], size=len(values))]


def distance(sample: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    r""":math:`\sup_x |F_n(x) - F(x)|` over both sides of every jump of the empirical cdf."""
    points, counts = np.unique(np.ravel(sample), return_counts=True)
    after = np.cumsum(counts) / counts.sum()
    before = after - counts / counts.sum()
    law = np.asarray(cdf(points), dtype=np.float64)
    return float(max(np.max(np.abs(after - law)), np.max(np.abs(before - law))))


def kolmogorov(sample: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    r""":math:`\sqrt n\,D_n` of independent draws."""
    return float(np.sqrt(np.size(sample)) * distance(sample, cdf))


def bootstrap(
    values: np.ndarray, statistic: Callable[[np.ndarray], float], repeats: int = 100, seed: int = 0
) -> float:
    """Standard error of ``statistic(values)`` by resampling rows (teachers)."""
    rng = np.random.default_rng(seed)
    draws = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(repeats)]
    return float(np.std(draws, ddof=1))


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean over everything and its standard error over rows (teachers)."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1).mean(axis=1)
    return float(rows.mean()), float(rows.std(ddof=1) / np.sqrt(len(rows)))

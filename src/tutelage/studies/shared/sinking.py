"""How groups of eigenvalues move with size: their means, measured on Hessians too large to diagonalise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from tutelage.base.progress import Progress
from tutelage.network import Network
from tutelage.population import hessian_at_optimum
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher


def group_means(
    activation: str,
    sizes: tuple[int, ...],
    teachers: int,
    seed: int,
    groups: Callable[[int], tuple[int, int]],
    predicted: Callable[[Network], float],
    progress: Progress | None = None,
    products: Callable[[Network], LinearOperator] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Mean eigenvalues over :math:`|a|^2` of teachers with d = k = N: above the bulk, in the bulk, there predicted.

    The bulk's mean needs no full diagonalisation: it is (trace of H − sum of its largest eigenvalues, by
    Lanczos) / (number in the bulk).

    Parameters
    ----------
    activation : str
    sizes : tuple of int
        The N.
    teachers : int
    seed : int
    groups : callable
        N -> (number of eigenvalues above the bulk, number in the bulk).
    predicted : callable
        Network -> the mean bulk eigenvalue predicted from its weights.
    products : callable, optional
        Network -> an operator with these eigenvalues, the Hessian by default.

    Returns
    -------
    (ndarray, ndarray, ndarray), each of shape (sizes, teachers)
    """
    upper, measured, expected = (np.empty((len(sizes), teachers)) for _ in range(3))
    for i, n in enumerate(sizes):
        above, inside = groups(n)
        for r in range(teachers):
            network = sample_teacher(activation, d=n, k=n, seed=seed, realization=r)
            hessian, length = hessian_at_optimum(network), float(network.a @ network.a)
            # A fixed start, so that the same study gives the same digits.
            operator = hessian.as_scipy() if products is None else products(network)
            start = np.random.default_rng([seed, n, r]).standard_normal(operator.shape[0])
            # A quarter as many vectors again as eigenvalues take half the time of ARPACK's twice as many; same digits.
            top = eigsh(
                operator, k=above, which="LM", return_eigenvectors=False, v0=start, tol=1e-6,
                ncv=min(above + max(above // 4, 20), operator.shape[0]),
            )  # fmt: skip
            upper[i, r] = top.mean() / length
            measured[i, r] = (hessian.trace() - top.sum()) / inside / length
            expected[i, r] = predicted(network) / length
            if progress is not None:
                progress((i + (r + 1) / teachers) / len(sizes))
    return upper, measured, expected


def exponent(
    expected: float, sizes: np.ndarray, measured: np.ndarray, predicted: np.ndarray | None = None
) -> Measured:
    """Slope of log mean against log N beside ``expected``; corrected: the slope predicted for the same weights.

    The standard error is that of the least-squares line through the means, from their spread over teachers.
    """
    x = np.log(sizes)
    slope = np.polyfit(x, np.log(measured.mean(axis=1)), 1)[0]
    corrected = None if predicted is None else float(np.polyfit(x, np.log(predicted.mean(axis=1)), 1)[0])
    # d(slope) = Σ c_i d(log mean_i), c the weights of the least-squares slope.
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    relative = measured.std(axis=1, ddof=1) / np.sqrt(measured.shape[1]) / measured.mean(axis=1)
    return Measured(expected, float(slope), float(np.hypot.reduce(weights * relative)), corrected)

"""Stacks of teachers and the linear network's eigenvalues for all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutelage.studies.base import Progress


def teacher_weights(
    d: int, k: int, count: int, seed: int = 0, weights: Any = "normal", progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """W (count, k, d) and a (count, k): the weights ``sample_teacher`` gives for realizations 0 ... count − 1."""
    from tutelage.network import layer_rng
    from tutelage.weights import Normal, as_weight_law

    law = as_weight_law(weights)
    # Hoisted out of law.sample: building a scipy.stats law and its moments takes milliseconds, a draw 20 µs.
    frozen, (location, scale) = law.distribution, law.location_and_scale()

    def draw(i: int, layer: int, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        rng = layer_rng(seed, i, layer)
        raw = (
            rng.standard_normal(shape)
            if isinstance(law, Normal)
            else frozen.rvs(size=shape, random_state=rng)
        )
        return (raw - location) / (scale * np.sqrt(fan_in))

    W, a = np.empty((count, k, d)), np.empty((count, k))
    for i in range(count):
        W[i], a[i] = draw(i, 0, (k, d), d), draw(i, 1, (k,), k)
        if progress is not None and i % 100 == 0:
            progress(i / count)
    return W, a


def linear_eigenvalues(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    r"""The d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)` of each teacher, ascending, shape (count, d).

    Only the smaller Gram matrix is diagonalised; for k < d the other d − k eigenvalues are exactly |a|².
    Couto et al. 2025, (8)-(10), section 3.1 and appendix A.
    """
    count, k, d = W.shape
    gram = W @ W.transpose(0, 2, 1) if k < d else W.transpose(0, 2, 1) @ W
    shared = np.linalg.eigvalsh(gram)
    values = np.concatenate([np.zeros((count, d - shared.shape[1])), shared], axis=1)
    return values + np.sum(a**2, axis=1)[:, None]


def hessian_eigenvalues(
    activation: str,
    sizes: tuple[tuple[int, int], ...],
    teachers: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[np.ndarray, list[list[Any]]]:
    """All eigenvalues of the exact Hessian, DESCENDING, shape (sizes, teachers, largest P), padded with NaN.

    Also returns the teachers themselves, so that a study can record what its predictions need of them.
    """
    from tutelage.network import sample_teacher
    from tutelage.population import hessian_at_optimum
    from tutelage.spectra.lapack import symmetric_eigenvalues

    values = np.full((len(sizes), teachers, max(k * (d + 1) for d, k in sizes)), np.nan)
    networks: list[list[Any]] = []
    work = np.cumsum([float(k * (d + 1)) ** 2 for d, k in sizes])
    for i, (d, k) in enumerate(sizes):
        row = [sample_teacher(activation, d=d, k=k, seed=seed, realization=r) for r in range(teachers)]
        for r, network in enumerate(row):
            dense = hessian_at_optimum(network).dense()
            values[i, r, : network.n_params] = np.sort(symmetric_eigenvalues(dense))[::-1]
        networks.append(row)
        if progress is not None:
            progress(work[i] / work[-1])
    return values, networks

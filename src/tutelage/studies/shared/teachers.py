"""Stacks of teachers, the exact spectra of many, and the value that all of them share."""

from __future__ import annotations

import numpy as np

from tutelage.base.progress import Progress
from tutelage.network import Network
from tutelage.population import hessian_at_optimum
from tutelage.spectra.lapack import symmetric_eigenvalues
from tutelage.teachers import layer_rng, sample_teacher
from tutelage.weights import Normal, WeightLaw, as_weight_law


def teacher_weights(
    d: int,
    k: int,
    count: int,
    seed: int = 0,
    weights: WeightLaw | str = "normal",
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """W (count, k, d) and a (count, k): the weights ``sample_teacher`` gives for realizations 0 ... count − 1."""
    law = as_weight_law(weights)
    W = _layers(law, 0, (d, k), (k, d), count, seed, progress)
    return W, readouts(d, k, count, seed, law)


def readouts(d: int, k: int, count: int, seed: int = 0, weights: WeightLaw | str = "normal") -> np.ndarray:
    """The a (count, k) of :func:`teacher_weights` alone."""
    return _layers(as_weight_law(weights), 1, (d, k), (k,), count, seed)


def _layers(
    law: WeightLaw, layer: int, key: tuple[int, int], shape: tuple[int, ...], count: int, seed: int,
    progress: Progress | None = None,
) -> np.ndarray:  # fmt: skip
    # Hoisted out of law.sample, which takes a lock and SciPy's checks for every draw of 20 µs.
    frozen, (location, scale) = law.distribution, law.location_and_scale()
    normal, out = isinstance(law, Normal), np.empty((count, *shape))
    for i in range(count):
        rng = layer_rng(seed, i, layer, key)
        raw = rng.standard_normal(shape) if normal else frozen.rvs(size=shape, random_state=rng)
        out[i] = (raw - location) / (scale * np.sqrt(shape[-1]))
        if progress is not None and i % 100 == 0:
            progress(i / count)
    return out


def hessian_eigenvalues(
    activation: str,
    sizes: tuple[tuple[int, int], ...],
    teachers: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[np.ndarray, list[list[Network]]]:
    """All eigenvalues of the exact Hessian, DESCENDING, shape (sizes, teachers, largest P), padded with NaN.

    Also returns the teachers themselves, so that a study can record what its predictions need of them.
    """
    values = np.full((len(sizes), teachers, max(k * (d + 1) for d, k in sizes)), np.nan)
    networks: list[list[Network]] = []
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


def common(counts: np.ndarray) -> float:
    """The count all teachers share; NaN (which fails every test) when they differ."""
    return float(counts[0]) if np.all(counts == counts[0]) else float("nan")

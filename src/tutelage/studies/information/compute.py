"""Appendix D: Fisher information, tangent kernel and Hessian are one spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress
from tutelage.empirical import Problem, fisher, ntk
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.information import Information


def compute(study: Information, progress: Progress | None = None) -> xr.Dataset:
    """Exact Hessian, moments of sampled scores, tangent kernels and sampled Hessians."""
    teacher = sample_teacher(study.activation, d=study.d, k=study.k, seed=study.seed)
    mean, square, trace = _scores(study, teacher, progress)
    data: dict[str, tuple] = {
        "hessian": (("p", "q"), fisher(teacher).dense()),
        "score_mean": (("p", "q"), mean),
        "score_square": (("p", "q"), square),
        "score_trace": (("moment",), trace),
    }
    for i, n in enumerate(study.kernel_inputs):
        X = GaussianInputs().sample(n, study.d, [study.seed, n])
        sampled = Problem.from_teacher(teacher, X).hessian(teacher).dense()
        data[f"kernel_{i}"] = ((f"input_{i}",), np.linalg.eigvalsh(ntk(teacher, X))[::-1])
        data[f"sampled_{i}"] = ((f"parameter_{i}",), np.linalg.eigvalsh(sampled)[::-1])
    return xr.Dataset(data, attrs={"kernel_inputs": list(study.kernel_inputs)})


def _scores(
    study: Information, teacher: Network, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means of s sᵀ, of its squared entries, and of |s|² and |s|⁴, over scores s = (y − f)∇f with random x and y."""
    rng, chunk = np.random.default_rng(study.seed), 10_000
    mean = square = np.zeros((teacher.n_params, teacher.n_params))
    moments = np.zeros(2)
    for done in range(0, study.scores, chunk):
        X = GaussianInputs().sample(chunk, study.d, rng)
        jacobian = Problem.from_teacher(teacher, X).hessian(teacher).outer.factor_rows() * np.sqrt(chunk)
        scores = rng.standard_normal((chunk, 1)) * jacobian
        mean = mean + scores.T @ scores / study.scores
        square = square + (scores**2).T @ scores**2 / study.scores
        length = np.sum(scores**2, axis=1)
        moments += np.array([length.sum(), (length**2).sum()]) / study.scores
        if progress is not None:
            progress((done + chunk) / study.scores)
    return mean, square, moments


def measure(study: Information, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Scores against the Hessian entry by entry, and kernels against sampled Hessians."""
    H, mean, square = (dataset[name].values for name in ("hessian", "score_mean", "score_square"))
    z = (mean - H) / np.sqrt((square - mean**2) / study.scores)
    trace, fourth = dataset["score_trace"].values
    differences, ranks = [], []
    for i, n in enumerate(study.kernel_inputs):
        kernel, sampled = dataset[f"kernel_{i}"].values, dataset[f"sampled_{i}"].values
        common = min(kernel.size, sampled.size)
        differences.append(np.max(np.abs(kernel[:common] - sampled[:common])) / kernel[0])
        if n < H.shape[0]:
            ranks.append(int((sampled > 1e-12 * sampled[0]).sum()))
    return {
        "d.fisher": Measured(1.0, float(np.sqrt(np.mean(z**2)))),
        "d.trace": Measured(
            float(np.trace(H)), float(trace), float(np.sqrt((fourth - trace**2) / study.scores))
        ),
        "d.kernel": Measured(0.0, float(max(differences))),
        "d.rank": Measured(min(study.kernel_inputs), min(ranks)),
    }

"""Counting parameters with label noise: fits by Gauss-Newton steps of least length, and their exact excess loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg
import xarray as xr

from tutelage.activations.derivatives import derivative_tables
from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import OnlineEquations, data_excess
from tutelage.inputs import GaussianInputs
from tutelage.network import Network
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.counting import Counting

_STEPS = 2
"""Gauss-Newton steps: the first leaves an error of the order of the noise, the second of its square."""

_FLAT = 1e-9
"""Directions in which the fit does not see the data, relative to the steepest; there a step has no part."""


def compute(study: Counting, progress: Progress | None = None) -> xr.Dataset:
    """Twice n over v times the excess of every fit: one reading of N_eff each."""
    data = {}
    for case, (name, activation, d, k) in tracked(tuple(enumerate(study.cases)), progress):
        teacher = sample_teacher(activation, d=d, k=k, seed=study.seed)
        equations = OnlineEquations(teacher, 0.0)
        losses = [
            equations.loss(equations.of(_fit(teacher, study, (study.seed, case, fit))))
            for fit in range(study.fits)
        ]
        data[f"reading_{name}"] = ("fit", 2.0 * study.samples / study.label_noise * np.array(losses))
    return xr.Dataset(data, attrs={"samples": study.samples, "label_noise": study.label_noise})


def _fit(teacher: Network, study: Counting, stream: tuple[int, ...]) -> Network:
    """The least-squares fit nearest to the teacher."""
    rng = np.random.default_rng(stream)
    X = GaussianInputs().sample(study.samples, teacher.d, rng)
    noise = np.sqrt(study.label_noise) * rng.standard_normal(study.samples)
    y = _rows(teacher, X)[1] + noise
    student = teacher
    for _ in range(_STEPS):
        J, f = _rows(student, X)
        values, vectors = scipy.linalg.eigh(J.T @ J, driver="evd")
        seen = values > _FLAT * values[-1]
        step = vectors[:, seen] @ ((vectors[:, seen].T @ (J.T @ (y - f))) / values[seen])
        student = student.with_theta(student.theta + step)
    return student


def _rows(network: Network, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∇f (n, P) and f (n,) of the samples."""
    value, slope, _ = derivative_tables(network.activation, X @ network.W.T)
    inner = ((network.a * slope)[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    return np.concatenate([inner, value], axis=1), value @ network.a


def measure(study: Counting, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Mean readings against the ranks."""
    found = {}
    for name, activation, d, k in study.cases:
        teacher = sample_teacher(activation, d=d, k=k, seed=study.seed)
        excess = data_excess(teacher, samples=study.samples, label_noise=study.label_noise)
        readings = dataset[f"reading_{name}"].values
        mean, error = float(readings.mean()), float(readings.std(ddof=1) / np.sqrt(readings.size))
        found[f"counting.{name}"] = Measured(2.0 * study.samples * excess / study.label_noise, mean, error)
        if name == "wide":
            found["counting.flat"] = Measured(0.0, (mean + 4.0 * error) / teacher.n_params)
    return found

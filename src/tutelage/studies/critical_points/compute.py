"""Critical points of u² networks: where descent from random starts ends, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.activations import Polynomial
from tutelage.base.progress import Progress, tracked
from tutelage.landscape import CriticalPoints, critical_points, find_minima
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.critical_points import CriticalPointsStudy

SAME_LEVEL = 1e-9
"""Losses that are one: runs end within 1e-13 of the predicted loss, levels differ by 1e-2 and more."""

_SQUARE = Polynomial((0.0, 0.0, 1.0))


def _rng(study: CriticalPointsStudy, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy=study.seed, spawn_key=(stream,)))


def teacher_matrix(study: CriticalPointsStudy) -> np.ndarray:
    """A_*: the study's eigenvalues, each moved a little, in a random basis."""
    rng, d = _rng(study, 0), len(study.eigenvalues)
    values = np.array(study.eigenvalues) + study.spread * rng.uniform(-1, 1, d)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]
    matrix = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2


def splits(study: CriticalPointsStudy) -> list[CriticalPoints]:
    """The critical points of a student with p = 0, ..., k positive read-outs, the magnitudes in between 1/2 and 3/2."""
    magnitudes = _rng(study, 1).uniform(0.5, 1.5, study.k)
    signs = [np.where(np.arange(study.k) < p, 1.0, -1.0) for p in range(study.k + 1)]
    A = teacher_matrix(study)
    return [critical_points(A, readouts=sign * magnitudes) for sign in signs]


def compute(study: CriticalPointsStudy, progress: Progress | None = None) -> xr.Dataset:
    """Runs of every split of signs, as many as the drawn signs say, and the Hessian at all critical points of one."""
    values, vectors = np.linalg.eigh(teacher_matrix(study))
    teacher = Network(vectors.T, values, _SQUARE)
    drawn = np.bincount(_rng(study, 2).binomial(study.k, 0.5, study.students), minlength=study.k + 1)
    points = splits(study)
    loss, fitted, positive = [], [], []
    for p, count in tracked(list(enumerate(drawn)), progress):
        if count == 0:
            continue
        a = points[p].fit.readouts
        found = find_minima(teacher, starts=int(count), readouts=a, seed=study.seed)
        loss.append(np.where(found.is_minimum, found.loss, np.nan))
        matrices = np.einsum("nki,k,nkj->nij", found.weights, a, found.weights)
        fitted.append(np.linalg.eigvalsh(matrices)[:, ::-1])
        positive += [p] * int(count)
    mixed, problem = points[(study.k + 1) // 2], Problem(teacher, trainable=("W",))
    students = [Network(point.weights, mixed.fit.readouts, _SQUARE) for point in mixed]
    hessians = [np.linalg.eigvalsh(problem.hessian(student).dense()) for student in students]
    return xr.Dataset(
        {
            "loss": ("run", np.concatenate(loss)),
            "fitted": (("run", "place"), np.concatenate(fitted)),
            "positive": ("run", positive),
            "hessian": (("point", "parameter"), np.array(hessians)),
            "gradient": ("point", [float(np.linalg.norm(problem.gradient(s))) for s in students]),
            "level": (("split", "minimum"), _padded([[m.loss for m in p.minima()] for p in points])),
            "critical_loss": ("point", [point.loss for point in mixed]),
            "critical_index": ("point", [point.index for point in mixed]),
        },
        attrs={"d": len(study.eigenvalues), "k": study.k},
    )


def _padded(rows: list[list[float]]) -> np.ndarray:
    longest = max(map(len, rows))
    return np.array([row + [np.nan] * (longest - len(row)) for row in rows])


def measure(study: CriticalPointsStudy, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Ends against the minima predicted for the study's teacher, and the spectra of all critical points of one split."""
    points, loss, positive = splits(study), dataset["loss"].values, dataset["positive"].values
    minima = [p.minima() for p in points]
    gaps = [min(abs(m.loss - value) for m in minima[p]) for p, value in zip(positive, loss, strict=True)]
    ended = np.array(gaps) < SAME_LEVEL
    levels = [m.loss for split in minima for m in split]
    reached = sum(bool(np.any(np.abs(loss - level) < SAME_LEVEL)) for level in levels)
    spurious = [any(m.is_spurious for m in split) for split in minima]
    share = float(np.mean(loss > min(levels) + SAME_LEVEL))
    expected = float(np.mean(np.array(spurious)[_signs(study.k)]))
    mixed = points[(study.k + 1) // 2]
    closed = np.array([point.spectrum().eigenvalues for point in mixed])
    apart = np.abs(np.sort(closed, axis=1) - dataset["hessian"].values).max() / np.abs(closed).max()
    return {
        "critical-points.ends": Measured(1.0, float(np.mean(ended))),
        "critical-points.reached": Measured(len(levels), reached),
        "critical-points.frequency": Measured(expected, share, _error(expected, loss.size)),
        "critical-points.bias": Measured(0.0, _bias(dataset, points)),
        "critical-points.gradient": Measured(0.0, float(dataset["gradient"].max())),
        "critical-points.spectrum": Measured(0.0, float(apart)),
    }


def _signs(k: int) -> np.ndarray:
    """The number of positive read-outs in each of the 2^k equally likely choices of signs."""
    return np.array([i.bit_count() for i in range(2**k)])


def _bias(dataset: xr.Dataset, points: list[CriticalPoints]) -> float:
    """Largest distance of a trained student's eigenvalues from λ_i + τ, those outside the subset from 0."""
    worst = 0.0
    for fitted, p in zip(dataset["fitted"].values, dataset["positive"].values, strict=True):
        best = points[p].minima()[0]
        zeros = np.zeros(fitted.size - len(best.subset))
        wanted = np.sort(np.concatenate([best.eigenvalues, zeros]))[::-1]
        worst = max(worst, float(np.abs(fitted - wanted).max()))
    return worst


def _error(probability: float, trials: int) -> float:
    return float(np.sqrt(probability * (1 - probability) / trials))

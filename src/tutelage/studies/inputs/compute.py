"""Inputs that are not white: the law of a linear network's spectrum, and how long learning takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.dynamics import GradientDescent, NoisyTeacher, simulate, spectral_measure, time_to_loss
from tutelage.input_families import power_law
from tutelage.inputs import GaussianInputs
from tutelage.laws import LinearNetwork
from tutelage.laws.distance import mean_and_error
from tutelage.network import Network
from tutelage.population import Problem, hessian_at_optimum
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.studies.shared.law_over_data import log_slope, shown_cases, sup_distance
from tutelage.teachers import sample_teacher, sample_teachers

if TYPE_CHECKING:
    from tutelage.studies.inputs import ColouredInputs

CASES = ("power law", "spikes")


def variances(case: str, d: int) -> np.ndarray:
    """Eigenvalues of Σ with mean 1: l^(−1), or a quarter of them six times the others."""
    found = 1.0 / np.arange(1.0, d + 1) if case == "power law" else np.where(np.arange(d) < d // 4, 6.0, 1.0)
    return found / found.mean()


def eigenvalues(W: np.ndarray, a: np.ndarray, m: np.ndarray) -> np.ndarray:
    """The d non-zero eigenvalues before inputs of variances m: those of M^½ (|a|² + WᵀW) M^½."""
    root = np.sqrt(m)
    return np.linalg.eigvalsh(root[:, None] * (np.sum(a**2) * np.eye(m.size) + W.T @ W) * root)


def compute(study: ColouredInputs, progress: Progress | None = None) -> xr.Dataset:
    """Distances to the laws, moments over teachers, bounds of Ostrowski, and runs under five power laws."""
    shape = (len(CASES), len(study.sizes), study.repeats)
    distances, shown = np.empty(shape), {}
    for i, case in enumerate(tracked(CASES, progress)):
        for j, d in enumerate(study.sizes):
            k, m = round(study.ratio * d), variances(case, d)
            law = LinearNetwork(d, k, covariance=m, length=1.0)
            for r in range(study.repeats):
                teacher = sample_teacher("linear", d, k, study.seed, realization=r)
                values = eigenvalues(teacher.W, teacher.a / np.linalg.norm(teacher.a), m)
                distances[i, j, r] = sup_distance(values, law)
        shown[f"{case}, d = {d}, k = {k}"] = (values, law)
    return xr.Dataset(
        {
            **shown_cases(shown),
            "distance": (("law", "size", "repeat"), distances),
            "moment": (("teacher", "order"), _moments(study)),
            "ratio": (("exponent", "parameter"), _ratios(study)),
            **_runs(study),
        },
        coords={"law": list(CASES), "size": list(study.sizes), "exponent": list(study.exponents)},
    )


def _moments(study: ColouredInputs) -> np.ndarray:
    """Mean of λ and of λ² of each teacher, under the power law."""
    d, k = study.shape
    m = variances("power law", d)
    teachers = sample_teachers("linear", d, k, study.moments, study.seed)
    spectra = np.array([eigenvalues(t.W, t.a, m) for t in teachers])
    return np.stack([spectra.mean(axis=1), (spectra**2).mean(axis=1)], axis=1)


def _ratios(study: ColouredInputs) -> np.ndarray:
    """Eigenvalues of an erf network over those of the network W R before standard inputs, both in order."""
    d = study.shape[0]
    teacher = sample_teacher("erf", d, 3, study.seed)
    found = []
    for exponent in study.exponents:
        inputs = power_law(d, exponent)
        root = np.sqrt(_diagonal(inputs))
        moved = Network(teacher.W * root, teacher.a, teacher.activation)
        pair = (Problem(teacher, inputs).hessian(teacher), hessian_at_optimum(moved))
        values, white = (np.linalg.eigvalsh(operator.dense()) for operator in pair)
        found.append(values / white)
    return np.array(found)


def _diagonal(inputs: GaussianInputs) -> np.ndarray:
    return np.ones(0) if inputs.covariance is None else np.diag(inputs.covariance)


def _runs(study: ColouredInputs) -> dict[str, tuple]:
    """Steps of gradient descent at rate 1/λ_max to the target, predicted, and losses of runs around them."""
    d, k = study.shape
    start = NoisyTeacher(study.noise)
    steps, predicted, losses = [], [], []
    for i, exponent in enumerate(study.exponents):
        problem = Problem(sample_teacher("linear", d, k, study.seed), power_law(d, exponent))
        found = spectrum(problem)
        rule = GradientDescent(1.0 / float(found.values[-1]))
        measure = spectral_measure(found, start)
        target = study.target * 0.5 * study.noise**2 * float(found.trace())
        needed = round(time_to_loss(measure, target, rule) * float(found.values[-1]))
        at = np.unique(np.rint(np.geomspace(max(1, needed // 2), 2 * needed, 40))).astype(int)
        run = simulate(problem, start, rule, steps=at, runs=study.runs, seed=study.seed + i)
        runs = run.loss[None] if run.runs is None else run.runs
        grid = np.geomspace(0.6, 1.8, 40) * needed
        each = np.array([np.interp(np.log(grid), np.log(at), np.log(one / target)) for one in runs])
        steps.append(grid)
        predicted.append(needed)
        losses.append(each)
    axes = ("exponent", "run", "grid")
    return {
        "steps": (("exponent", "grid"), np.array(steps)),
        "predicted_steps": (("exponent",), np.array(predicted)),
        "log_loss": (axes, np.array(losses)),
        "condition": (("exponent",), float(d) ** np.array(study.exponents)),
    }


def needed_steps(dataset: xr.Dataset, runs: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Where the mean loss of some runs meets the target, for every exponent."""
    mean = np.log(np.exp(dataset["log_loss"].values[:, runs]).mean(axis=1))
    return np.array(
        [
            np.exp(np.interp(0.0, -row, np.log(grid)))
            for row, grid in zip(mean, dataset["steps"].values, strict=True)
        ]
    )


def _growth(condition: np.ndarray, steps: np.ndarray) -> float:
    return float(np.polyfit(np.log(condition), np.log(steps), 1)[0])


def measured_growth(dataset: xr.Dataset) -> tuple[float, float]:
    """Slope of log steps against log condition, and its standard error by leaving out one run at a time."""
    condition, n = dataset["condition"].values, dataset.sizes["run"]
    left_out = np.array([_growth(condition, needed_steps(dataset, np.arange(n) != r)) for r in range(n)])
    return _growth(condition, needed_steps(dataset)), float(left_out.std() * np.sqrt(n - 1))


def measure(study: ColouredInputs, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Distances and their rate, the exact moments, the bounds, and the steps."""
    distance, (d, k) = dataset["distance"].values, study.shape
    m = variances("power law", d)
    t_1, t_2 = m.mean(), (m**2).mean()
    second = t_2 * (1 + 2 / k + 2 * k / d + (k**2 + k) / d**2) + k / d * t_1**2
    growth = measured_growth(dataset)
    predicted = _growth(dataset["condition"].values, dataset["predicted_steps"].values)
    claims = {
        f"inputs.{kind}.{word}": numbers
        for word, values in zip(("power", "spikes"), distance, strict=True)
        for kind, numbers in (
            ("law", Measured(0.0, *mean_and_error(values[-1]))),
            ("rate", Measured(-1.0, *log_slope(study.sizes, values))),
        )
    }
    return claims | {
        "inputs.mean": Measured(t_1 * (1 + k / d), *mean_and_error(dataset["moment"].values[:, 0])),
        "inputs.second": Measured(second, *mean_and_error(dataset["moment"].values[:, 1])),
        "inputs.bounds": Measured(0, _violations(study, dataset)),
        "inputs.steps": Measured(predicted, *growth),
        "inputs.growth": Measured(1.0, *growth),
    }


def _violations(study: ColouredInputs, dataset: xr.Dataset) -> int:
    """Ratios outside [min(1, s_min), max(1, s_max)]."""
    ends = [_diagonal(power_law(study.shape[0], exponent)) for exponent in study.exponents]
    low, high = (np.array([one([*s, 1.0]) for s in ends])[:, None] for one in (min, max))
    ratio = dataset["ratio"].values
    return int((ratio < low * (1 - 1e-6)).sum() + (ratio > high * (1 + 1e-6)).sum())

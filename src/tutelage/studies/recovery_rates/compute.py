"""Convergence of the population flow: 1/t² with its constant, exponential with its rate, and runs on finite data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, silent
from tutelage.inputs import GaussianInputs
from tutelage.quadratic import (
    exponential_rate,
    matrix_descent,
    matrix_flow,
    matrix_of,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
)
from tutelage.quadratic.losses import empirical_energy, population_energy
from tutelage.quadratic.rates import late_decay, late_time_constant
from tutelage.quadratic.thresholds import effective_parameters_frozen
from tutelage.studies.claim import Measured

if TYPE_CHECKING:
    from tutelage.studies.recovery_rates import RecoveryRates


def compute(study: RecoveryRates, progress: Progress | None = None) -> xr.Dataset:
    """Population flows of both kinds, and runs on finite data."""
    report = progress or silent
    steps = len(study.algebraic) + len(study.exponential) + 2
    times = np.concatenate([[0.0], np.geomspace(0.1, study.last_time, 60)])
    power = []
    for i, (d, m_star, m) in enumerate(study.algebraic):
        teacher = sample_quadratic_teacher(d, m_star, study.seed)
        power.append(matrix_flow(teacher, matrix_of(sample_start(m, d, study.seed)), times, rtol=1e-8).loss)
        report((i + 1) / steps)
    scaled = np.linspace(0.0, 300.0, 121)
    decay = []
    for i, (d, m_star) in enumerate(study.exponential):
        teacher = sample_quadratic_teacher(d, m_star, study.seed)
        start = matrix_of(sample_start(d + 2, d, study.seed))
        run = matrix_flow(teacher, start, scaled / exponential_rate(teacher), rtol=1e-8, atol=1e-150)
        decay.append(run.loss)
        report((len(study.algebraic) + i + 1) / steps)
    finite = _finite_data(study)
    report(1.0)
    return xr.Dataset(
        {
            "algebraic": (("case", "time"), np.array(power)),
            "level": ("case", [late_time_constant(*case) for case in study.algebraic]),
            "exponential": (("full_case", "scaled_time"), np.array(decay)),
        },
        coords={
            "time": times,
            "scaled_time": scaled,
            "case": [f"d={d}, m*={r}, m={m}" for d, r, m in study.algebraic],
            "full_case": [f"d={d}, m*={r}" for d, r in study.exponential],
        },
    ).merge(finite)


def _finite_data(study: RecoveryRates) -> xr.Dataset:
    """Descent on many samples beside the population flow, and the flow on N_eff samples."""
    teacher = sample_quadratic_teacher(study.d, study.width, study.seed)
    start = matrix_of(sample_start(2 * study.d, study.d, study.seed))
    many = GaussianInputs().sample(study.large_n, study.d, study.seed)
    sampled = matrix_descent(teacher, start, np.arange(0.0, 10.5, 0.5), 0.05, many)
    flow = matrix_flow(teacher, start, sampled.times)
    X = sample_inputs(effective_parameters_frozen(study.d, study.width), study.d, study.seed)
    late = np.concatenate([[0.0], np.geomspace(0.1, 1000.0, 40)])
    few = matrix_flow(teacher, start, late, X, rtol=1e-8)
    return xr.Dataset(
        {
            "sampled": ("mark", sampled.population),
            "flow": ("mark", flow.population),
            "few_loss": ("late", few.loss / empirical_energy(teacher.matrix, X)),
            "few_error": ("late", few.population / population_energy(teacher.matrix)),
        },
        coords={"mark": sampled.times, "late": late},
    )


def measure(study: RecoveryRates, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Constants, exponents and rates at the end of the runs."""
    late = [late_decay(dataset.time.values, loss) for loss in dataset.algebraic.values]
    constants = [late_time_constant(d, r, m) for d, r, m in study.algebraic]
    deviations = [abs(found.constant / c - 1) for found, c in zip(late, constants, strict=True)]
    exponent = max((found.exponent for found in late), key=lambda e: abs(e - 2))
    narrow = next(i for i, (d, _, m) in enumerate(study.algebraic) if m < d)
    # In units of the predicted rate, time is `scaled_time`: the rate read off must be 1.
    rates = [late_decay(dataset.scaled_time.values, loss).rate for loss in dataset.exponential.values]
    apart = np.mean(np.abs(np.log(dataset.sampled.values / dataset.flow.values)))
    return {
        "recovery-rates.constant": Measured(0.0, max(deviations)),
        "recovery-rates.exponent": Measured(2.0, exponent),
        "recovery-rates.narrow": Measured(constants[narrow], late[narrow].constant),
        "recovery-rates.exponential": Measured(0.0, max(abs(rate - 1) for rate in rates)),
        "recovery-rates.samples": Measured(0.0, float(apart)),
        "recovery-rates.fit": Measured(0.0, float(dataset.few_loss[-1])),
        "recovery-rates.generalise": Measured(1e-3, float(dataset.few_error[-1])),
    }

"""The Hessian of a finite sample against the population's: rank, edges, and the 1/√n between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.empirical import Problem
from tutelage.inputs import GaussianInputs
from tutelage.laws.distance import mean_and_error
from tutelage.population import hessian_at_optimum
from tutelage.rank.formulas import quadratic_count
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.sampled_hessian import SampledHessian

SLOPE_FROM = 120
"""The error's slope is fitted over n from here on."""


def compute(study: SampledHessian, progress: Progress | None = None) -> xr.Dataset:
    """Sampled Hessians for growing samples beside the exact one."""
    teacher = sample_teacher(f"quadratic:alpha={study.alpha!r}", d=study.d, k=study.k, seed=study.seed)
    exact = hessian_at_optimum(teacher).dense()
    values = np.empty((len(study.samples), study.repeats, teacher.n_params))
    errors, ranks = np.empty(values.shape[:2]), np.empty(values.shape[:2], dtype=int)
    for i, n in enumerate(tracked(study.samples, progress)):
        for r in range(study.repeats):
            X = GaussianInputs().sample(n, study.d, [study.seed, n, r])
            hessian = Problem.from_teacher(teacher, X).hessian(teacher)
            sampled, ranks[i, r] = hessian.dense(), np.linalg.matrix_rank(hessian.factor_rows())
            values[i, r] = np.linalg.eigvalsh(sampled)[::-1]
            errors[i, r] = np.linalg.norm(sampled - exact) / np.linalg.norm(exact)
    return xr.Dataset(
        {
            "eigenvalues": (("n", "repeat", "index"), values),
            "error": (("n", "repeat"), errors),
            "rank": (("n", "repeat"), ranks),
            "exact": (("index",), np.linalg.eigvalsh(exact)[::-1]),
        },
        coords={"n": list(study.samples)},
        attrs={"n_eff": int(quadratic_count(study.d, study.k))},
    )


def measure(study: SampledHessian, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Rank, edges and error of the sampled Hessians."""
    values, exact = dataset["eigenvalues"].values, dataset["exact"].values
    n, n_eff = np.array(study.samples), int(quadratic_count(study.d, study.k))
    late = n >= SLOPE_FROM
    slope = np.polyfit(np.log(n[late]), np.log(dataset["error"].values.mean(axis=1)[late]), 1)[0]
    smallest = values[:, :, n_eff - 1]
    critical = smallest[np.argmin(np.abs(n - n_eff))]
    return {
        "sampled.rank": Measured(
            1.0, float(np.mean(dataset["rank"].values == np.minimum(n, n_eff)[:, None]))
        ),
        "sampled.slope": Measured(-0.5, float(slope)),
        "sampled.largest": Measured(float(exact[0]), *mean_and_error(values[-1, :, 0])),
        "sampled.smallest": Measured(1.0, *mean_and_error(smallest[-1] / exact[n_eff - 1])),
        "sampled.below": Measured(0.0, *mean_and_error(critical / exact[n_eff - 1])),
    }

"""Fig. 1: the setup, drawn, with what makes it work: copied weights are an exact optimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.setup import Setup


def compute(study: Setup, progress: Progress | None = None) -> xr.Dataset:
    """Loss, gradient and Hessian at the teacher, at shuffled neurons and nearby."""
    rows = []
    for activation in tracked(study.activations, progress):
        teacher = sample_teacher(activation, d=study.d, k=study.k, seed=study.seed)
        problem, order = Problem(teacher), np.roll(np.arange(study.k), 1)
        delta = 1e-4 * np.random.default_rng(study.seed).standard_normal(teacher.n_params)
        hessian = problem.hessian(teacher)
        rows.append(
            (
                problem.loss(teacher),
                float(np.max(np.abs(problem.gradient(teacher)))),
                problem.loss(Network(teacher.W[order], teacher.a[order], activation)),
                problem.loss(teacher.with_theta(teacher.theta + delta)),
                float(delta @ hessian.matvec(delta) / 2),
                hessian.n_params,
            )
        )
    names = ("loss", "gradient", "permuted", "near", "quadratic_form", "n_params")
    data = {
        name: (("activation",), list(column))
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    return xr.Dataset(
        data, coords={"activation": list(study.activations)}, attrs={"d": study.d, "k": study.k}
    )


def measure(study: Setup, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """What vanishes at the optimum, and the loss near it over its quadratic form."""
    ratio = dataset["near"].values / dataset["quadratic_form"].values
    return {
        "fig1.optimum": Measured(0.0, float(max(dataset["loss"].max(), dataset["gradient"].max()))),
        "fig1.permutation": Measured(0.0, float(dataset["permuted"].max())),
        "fig1.curvature": Measured(1.0, float(ratio[np.argmax(np.abs(ratio - 1))])),
        "fig1.parameters": Measured(study.k * (study.d + 1), int(dataset["n_params"].max())),
    }

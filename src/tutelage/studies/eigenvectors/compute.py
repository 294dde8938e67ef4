"""Appendix A.3: eigenvectors of the linear network's Hessian in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress
from tutelage.population import hessian_at_optimum
from tutelage.spectra import linear_eigensystem
from tutelage.studies.claim import Measured
from tutelage.teachers import sample_teacher

if TYPE_CHECKING:
    from tutelage.studies.eigenvectors import Eigenvectors


def compute(study: Eigenvectors, progress: Progress | None = None) -> xr.Dataset:
    """Dense Hessians and the closed eigenvectors, at every shape."""
    data: dict[str, tuple] = {}
    for i, (d, k) in enumerate(study.sizes):
        teacher = sample_teacher("linear", d=d, k=k, seed=study.seed)
        system = linear_eigensystem(teacher.W, teacher.a)
        vectors, values = system.vectors(), system.spectrum().eigenvalues
        data[f"hessian_{i}"] = ((f"p_{i}", f"q_{i}"), hessian_at_optimum(teacher).dense())
        data[f"vectors_{i}"] = ((f"p_{i}", f"rank_{i}"), vectors[:, ::-1])
        data[f"values_{i}"] = ((f"rank_{i}",), values[::-1])
    return xr.Dataset(data, attrs={"sizes": [list(size) for size in study.sizes]})


def measure(study: Eigenvectors, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Residuals, orthogonality and number of the closed eigenvectors."""
    residual, orthogonal, count = [], [], []
    for i, (d, _) in enumerate(study.sizes):
        H, V, values = (dataset[f"{name}_{i}"].values for name in ("hessian", "vectors", "values"))
        residual.append(np.max(np.linalg.norm(H @ V - V * values, axis=0)) / values[0])
        orthogonal.append(np.max(np.abs(V.T @ V - np.eye(values.size))))
        count.append(abs(int((values > 1e-10 * values[0]).sum()) - d))
    return {
        "a3.residual": Measured(0.0, float(max(residual))),
        "a3.orthogonal": Measured(0.0, float(max(orthogonal))),
        "a3.count": Measured(0, max(count)),
    }

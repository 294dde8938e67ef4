"""Fig. 6: the hidden-layer block of the linear network's Hessian, one eigenvalue |a|² many times over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress
from tutelage.laws import ChiSquare
from tutelage.laws.distance import KOLMOGOROV_MEDIAN, bootstrap, kolmogorov, mean_and_error
from tutelage.network import Network
from tutelage.population import hessian_at_optimum
from tutelage.studies.claim import Measured
from tutelage.studies.shared.teachers import common, teacher_weights

if TYPE_CHECKING:
    from tutelage.studies.hidden_block import HiddenBlock


def compute(study: HiddenBlock, progress: Progress | None = None) -> xr.Dataset:
    """The length of many read-outs, and dense blocks of a few teachers."""
    W, a = teacher_weights(study.d, study.k, study.teachers, study.seed, progress=progress)
    blocks = np.array(
        [
            np.linalg.eigvalsh(hessian_at_optimum(Network(W[i], a[i], "linear")).blocks()["W", "W"])
            for i in range(study.dense_teachers)
        ]
    )
    readout = np.sum(a**2, axis=1)
    x = np.linspace(1e-3, readout.max() * 1.05, 300)
    return xr.Dataset(
        {
            "readout": (("teacher",), readout),
            "dense": (("dense_teacher", "parameter"), blocks),
            "grid": (("x",), x),
            "law_pdf": (("x",), ChiSquare(study.k, 1 / study.k).pdf(x)),
        },
        attrs={"d": study.d, "k": study.k},
    )


def measure(study: HiddenBlock, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Multiplicities of the blocks, and the lengths against their law."""
    readout, dense = dataset["readout"].values, dataset["dense"].values
    wanted = readout[: len(dense), None]
    counts = np.isclose(dense, wanted, rtol=1e-10, atol=0).sum(axis=1)
    zeros = (np.abs(dense) < 1e-10 * wanted).sum(axis=1)
    law = ChiSquare(study.k, 1 / study.k)
    return {
        "fig6.multiplicity": Measured(study.d, common(counts)),
        "fig6.zeros": Measured(study.d * (study.k - 1), common(zeros)),
        "fig6.law": Measured(KOLMOGOROV_MEDIAN, kolmogorov(readout, law.cdf)),
        "fig6.mean": Measured(1.0, *mean_and_error(readout)),
        "fig6.variance": Measured(2 / study.k, float(readout.var()), bootstrap(readout, np.var)),
    }

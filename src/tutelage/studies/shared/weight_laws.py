"""Linear teachers whose weights follow other laws: their eigenvalues, and how far two laws are apart."""

from __future__ import annotations

import numpy as np
import xarray as xr

from tutelage.base.progress import Progress, tracked
from tutelage.laws import LinearNetwork, linear_eigenvalues
from tutelage.laws.readout_norm import linear_network_of
from tutelage.studies.shared.teachers import teacher_weights

KURTOSIS = {"normal": 3.0, "uniform": 1.8, "rademacher": 1.0, "laplace": 6.0}


def word(law: str) -> str:
    """The name of a law without its parameters."""
    return law.partition(":")[0]


def weights_dataset(
    d: int,
    k: int,
    laws: tuple[str, ...],
    teachers: int,
    seed: int,
    points: int,
    progress: Progress | None,
) -> xr.Dataset:
    """Eigenvalues for every law, and the limit law of normal weights on a grid."""
    limit = LinearNetwork(d, k)
    x = np.linspace(1e-3, float(limit.ppf(0.9999)) * 1.1, points)
    curves = {"grid": x, "limit_pdf": limit.pdf(x), "limit_cdf": limit.cdf(x)}
    values = {
        f"eigenvalues_{word(law)}": linear_eigenvalues(*teacher_weights(d, k, teachers, seed, law))
        for law in tracked(laws, progress)
    }
    return xr.Dataset(
        {name: ("x", curve) for name, curve in curves.items()}
        | {name: (("teacher", "index"), rows) for name, rows in values.items()},
        attrs={"d": d, "k": k, "laws": [word(law) for law in laws]},
    )


def law_distance(d: int, k: int, weights: str) -> float:
    """sup|F_weights − F_normal| of the two limit laws, their |a|² of variance (κ₄ − 1)/k and 2/k."""
    normal, other = LinearNetwork(d, k), linear_network_of(d, k, weights)
    x = np.linspace(0.0, float(normal.ppf(1 - 1e-6)), 2000)
    return float(np.max(np.abs(other.cdf(x) - normal.cdf(x))))

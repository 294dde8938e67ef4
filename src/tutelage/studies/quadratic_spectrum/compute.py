"""Fig. 4: spectra of quadratic networks against their size d = k = N."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.sparse.linalg import LinearOperator

from tutelage.base.progress import Progress, portion
from tutelage.laws import QuadraticGroups, QuadraticNetwork, largest_eigenvalue
from tutelage.laws.distance import distance, mean_and_error
from tutelage.network import Network
from tutelage.population.function_space import quadratic_gram
from tutelage.rank import hessian_rank
from tutelage.studies.claim import Measured
from tutelage.studies.shared.sinking import exponent, group_means
from tutelage.studies.shared.teachers import hessian_eigenvalues
from tutelage.teachers import sample_teacher, sample_teachers

if TYPE_CHECKING:
    from tutelage.studies.quadratic_spectrum import QuadraticSpectrum


def compute(study: QuadraticSpectrum, progress: Progress | None = None) -> xr.Dataset:
    """Exact spectra over sizes, exact ranks, and the bulk's mean on Hessians for Lanczos."""
    pairs = tuple((n, n) for n in study.sizes)
    values, networks = hessian_eigenvalues(
        f"quadratic:alpha={study.alpha!r}", pairs, study.teachers, study.seed, portion(progress, 0.0, 0.5)
    )
    last = networks[-1]

    def predicted_mean(network: Network) -> float:
        return float(QuadraticGroups(network.W, network.a, study.alpha).bulk.mean())

    _, measured, predicted = group_means(
        f"quadratic:alpha={study.alpha!r}", study.large_sizes, study.large_teachers, study.seed,
        lambda n: (2 * n, n * (n + 3) // 2 - 2 * n), predicted_mean, portion(progress, 0.5, 1.0),
        functools.partial(_in_function_space, study.alpha),
    )  # fmt: skip
    limit = [sample_teacher("linear", d=n, k=n, seed=study.seed) for n in study.limit_sizes]
    law = QuadraticNetwork(study.alpha, study.sizes[-1], study.sizes[-1]).bulk
    grid = np.geomspace(*law.ppf([1e-4, 1 - 1e-5]), 150)
    return xr.Dataset(
        {
            "grid": (("x",), grid),
            "law_pdf": (("x",), law.pdf(grid)),
            "eigenvalues": (("size", "teacher", "index"), values),
            "zeros": (("size", "teacher"), [[_zeros(n) for n in row] for row in networks]),
            "W": (("teacher", "neuron", "input"), [n.W for n in last]),
            "a": (("teacher", "neuron"), [n.a for n in last]),
            "bulk_mean": (("large_size", "large_teacher"), measured),
            "predicted_mean": (("large_size", "large_teacher"), predicted),
            "limit_mean": (("limit_size",), [predicted_mean(n) / float(n.a @ n.a) for n in limit]),
        },
        coords={
            "size": list(study.sizes),
            "large_size": list(study.large_sizes),
            "limit_size": list(study.limit_sizes),
        },
        attrs={"alpha": study.alpha},
    )


def _in_function_space(alpha: float, network: Network) -> LinearOperator:
    size, product = quadratic_gram(network.W, network.a, 1.0, alpha)
    return LinearOperator((size, size), matvec=product, dtype=np.float64)


def measure(study: QuadraticSpectrum, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Zeros, outlier, gap and bulk against their predictions."""
    values, sizes = dataset["eigenvalues"].values, np.array(study.sizes)
    largest = values[:, :, 0]
    means, errors = largest.mean(axis=1), largest.std(axis=1, ddof=1) / np.sqrt(largest.shape[1])
    triangular = (sizes * (sizes - 1) // 2)[:, None]
    top = int(sizes[-1])
    slope, error = _weighted_slope(sizes, means, errors)
    predicted = predicted_bulks(dataset, study.alpha)
    ratio = bulk_means(study.sizes, values)[-1] / predicted.mean(axis=1)
    distances = [
        _distance(row[2 * top : top * (top + 3) // 2], p)
        for row, p in zip(values[-1], predicted, strict=True)
    ]
    return {
        "fig4.zeros": Measured(1.0, float(np.mean(dataset["zeros"].values == triangular))),
        "fig4.growth": Measured(
            study.alpha**2, slope, error, _weighted_slope(sizes, _outliers(study), errors)[0]
        ),
        "fig4.level": Measured(study.alpha**2 * (top + 10) + 1, *mean_and_error(largest[-1])),
        "fig4.single": Measured(1.0, _share_alone(values[sizes >= 16], sizes[sizes >= 16])),
        "fig4.pairs": Measured(0.0, *mean_and_error(np.array(distances))),
        "fig4.bulk": Measured(1.0, *mean_and_error(ratio)),
        "fig4.sinks": exponent(
            -1.0,
            np.array(study.large_sizes),
            dataset["bulk_mean"].values,
            dataset["predicted_mean"].values,
        ),
    }


def _outliers(study: QuadraticSpectrum) -> np.ndarray:
    """Mean of the largest eigenvalue that its law predicts for the weights of each teacher, by size."""
    name = f"quadratic:alpha={study.alpha!r}"
    teachers = [sample_teachers(name, n, n, study.teachers, study.seed) for n in study.sizes]
    return np.array([np.mean([largest_eigenvalue(t.W, t.a, t.activation) for t in row]) for row in teachers])


def predicted_bulks(dataset: xr.Dataset, alpha: float) -> np.ndarray:
    """The bulk from the weights of the largest networks, descending, shape (teacher, index)."""
    weights = zip(dataset["W"].values, dataset["a"].values, strict=True)
    return np.array([QuadraticGroups(W, a, alpha).bulk for W, a in weights])


def _distance(bulk: np.ndarray, predicted: np.ndarray) -> float:
    """sup|F − F₀| of two sets of eigenvalues."""
    ascending = predicted[::-1]
    return distance(bulk, lambda x: np.searchsorted(ascending, x, side="right") / ascending.size)


def _zeros(network: Network) -> int:
    """P minus the exact rank of the Hessian at these weights."""
    return network.n_params - hessian_rank(network, floating=False).rank


def _weighted_slope(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line with known standard errors, and its own."""
    weights = 1 / errors**2
    centre = weights @ x / weights.sum()
    spread = weights @ (x - centre) ** 2
    return float(weights @ ((x - centre) * y) / spread), float(1 / np.sqrt(spread))


def _share_alone(values: np.ndarray, sizes: np.ndarray) -> float:
    """Share of spectra whose largest ratio of neighbours, among the first 2N, follows the first eigenvalue."""
    alone = [
        np.argmax(row[:, : 2 * n] / row[:, 1 : 2 * n + 1], axis=1) == 0
        for n, row in zip(sizes, values, strict=True)
    ]
    return float(np.mean(alone))


def bulk_means(sizes: Sequence[int] | np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of the eigenvalues after the first 2N and before the zeros, shape (size, teacher)."""
    return np.array(
        [row[:, 2 * n : n * (n + 3) // 2].mean(axis=1) for n, row in zip(sizes, values, strict=True)]
    )

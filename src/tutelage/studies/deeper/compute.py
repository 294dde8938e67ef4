"""What more layers do to the Hessian: effective parameters counted exactly, and the spectrum at the optimum."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from tutelage.architecture import Architecture
from tutelage.base.progress import Progress, tracked
from tutelage.deep_network import DeepNetwork
from tutelage.laws import DeepLinear
from tutelage.laws.distance import mean_and_error
from tutelage.population.deep import deep_hessian
from tutelage.rank import effective_parameters, formulas
from tutelage.spectra import spectrum
from tutelage.studies.claim import Measured
from tutelage.studies.shared.law_over_data import log_slope

if TYPE_CHECKING:
    from tutelage.studies.deeper import DeeperNetworks

FAMILIES = ("linear", "quadratic", "erf")
BATCHES = 20
STEP = 1e-5


def sample_deep(widths: tuple[int, ...], activation: str, seed: list[int]) -> DeepNetwork:
    """Gaussian layers of variance 1 over the previous size."""
    rng = np.random.default_rng(seed)
    return DeepNetwork(
        [rng.standard_normal((n, m)) / np.sqrt(m) for m, n in itertools.pairwise(widths)], activation
    )


def compute(study: DeeperNetworks, progress: Progress | None = None) -> xr.Dataset:
    """Counts over a grid of widths, spectra at every depth, traces of many teachers, and one network sampled plainly."""
    shown, participation = {}, np.empty((len(study.activations), len(study.depths), study.teachers))
    for j, depth in enumerate(tracked(study.depths, progress)):
        for i, activation in enumerate(study.activations):
            for r in range(study.teachers):
                widths = (study.d, *[study.width] * depth, 1)
                found = spectrum(
                    deep_hessian(sample_deep(widths, activation, [study.seed, depth, r]), points=study.points)
                )
                participation[i, j, r] = (found.trace() / found.frobenius_norm()) ** 2 / found.n_params
            shown[f"{activation} {depth}"] = found.eigenvalues[::-1] / found.values[-1]
    size = max(values.size for values in shown.values())
    table = np.stack([np.pad(v, (0, size - v.size), constant_values=np.nan) for v in shown.values()])
    return xr.Dataset(
        {
            **_counts(study),
            "participation": (("activation", "depth", "teacher"), participation),
            "linear": (("depth",), linear_participation(study)),
            "eigenvalues": (("shown", "index"), table),
            "trace": (("teacher_of_trace",), _traces(study)),
            "copies": (("batch",), _copies(study)),
        },
        coords={
            "activation": list(study.activations),
            "depth": list(study.depths),
            "shown": list(shown),
            **{name: range(2, study.largest + 1) for name in ("d", "k1", "k2")},
        },
    )


def _counts(study: DeeperNetworks) -> dict[str, tuple]:
    """Exact generic ranks of three layers, all widths from 2 up."""
    sizes = range(2, study.largest + 1)
    found = {}
    for family in FAMILIES:
        ranks = [
            effective_parameters(Architecture((*widths, 1), family), primes=2, seed=study.seed).rank
            for widths in itertools.product(sizes, repeat=3)
        ]
        found[f"rank_{family}"] = (("d", "k1", "k2"), np.reshape(ranks, (len(sizes),) * 3))
    return found


def quadratic_three_layers(d: int, k1: int, k2: int) -> int:
    r"""The generic rank of u + αu² with two hidden layers: that of the first of k_2 outputs, then that of the last, never
    beyond the polynomials of degree 4."""
    first = formulas.several_quadratic_count(d, k1, k2)
    last = formulas.quadratic_count(k1, k2)
    return min(first - k1 * k2 + last, formulas.polynomial_bound(d, 4))


def _traces(study: DeeperNetworks) -> np.ndarray:
    """tr H of ReLU teachers of three layers times 4 over their number of units."""
    widths = (study.d, 2 * study.width, 2 * study.width, 1)
    found = [
        deep_hessian(sample_deep(widths, "relu", [study.seed, 0, r]), points=128).trace()
        for r in range(study.trace_teachers)
    ]
    return np.array(found) * 4 / sum(widths[:-1])


def _copies(study: DeeperNetworks) -> np.ndarray:
    """Of inputs in all d dimensions, differences of f alone: tr C outside the plane, over the predicted one, a batch each."""
    network = sample_deep((study.d, 2, 3, 1), "erf", [study.seed, 1])
    hessian = deep_hessian(network)
    rng = np.random.default_rng([study.seed, 2])
    found = np.empty(BATCHES)
    assert hessian.frame is not None, "two neurons and more inputs"
    for b in range(BATCHES):
        X = rng.standard_normal((study.samples // BATCHES, study.d))
        outside = ((X - X @ hessian.frame.T @ hessian.frame) ** 2).sum(axis=1)
        found[b] = np.mean((_slopes(network, X) ** 2).sum(axis=1) * outside)
    return found / (np.trace(hessian.repeated) * (study.d - len(hessian.frame)))


def _slopes(network: DeepNetwork, X: np.ndarray) -> np.ndarray:
    """δ (n, k_1), by differences of the network with a shift of its first neurons."""
    zeros = [np.zeros(len(W)) for W in network.weights]

    def output(shift: np.ndarray) -> np.ndarray:
        return DeepNetwork(network.weights, network.activation, [shift, *zeros[1:]])(X)[:, 0]

    steps = STEP * np.eye(zeros[0].size)
    return np.stack([(output(step) - output(-step)) / (2 * STEP) for step in steps], axis=1)


def measure(study: DeeperNetworks, dataset: xr.Dataset) -> Mapping[str, Measured]:
    """Counts against their formulas, means over teachers, and how the spectrum concentrates."""
    widths = list(itertools.product(range(2, study.largest + 1), repeat=3))
    shape = dataset["rank_linear"].shape
    formula = {
        "linear": [d for d, _, _ in widths],
        "quadratic": [quadratic_three_layers(*w) for w in widths],
        "erf": [d * k1 + k1 * k2 + k2 for d, k1, k2 in widths],
    }
    counts = {
        f"deeper.count.{family}": Measured(
            len(widths), int((dataset[f"rank_{family}"].values == np.reshape(formula[family], shape)).sum())
        )
        for family in FAMILIES
    }
    # The activation that concentrates the least.
    slope, error = max(log_slope(study.depths, values) for values in dataset["participation"].values)
    linear = np.polyfit(np.log(study.depths), np.log(dataset["linear"].values), 1)[0]
    return {
        **counts,
        "deeper.copies": Measured(1.0, *mean_and_error(dataset["copies"].values)),
        "deeper.trace": Measured(1.0, *mean_and_error(dataset["trace"].values)),
        "deeper.concentration": Measured(float(linear), slope, error),
    }


def linear_participation(study: DeeperNetworks) -> np.ndarray:
    """(tr H)²/tr H² over P of linear networks of these widths, in the limit of large ones (science D3), a depth each."""
    found = []
    for depth in study.depths:
        widths = (study.d, *[study.width] * depth)
        law = DeepLinear(widths)
        n_params = sum(m * n for m, n in itertools.pairwise((*widths, 1)))
        found.append(study.d / (1 + law.var() / law.mean() ** 2) / n_params)
    return np.array(found)

"""The density of a spectrum too large to solve: stochastic Lanczos quadrature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.measure import Measure
from tutelage.operators import SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra.lanczos import gauss_rule, tridiagonalize
from tutelage.spectra.result import Spectrum

DEFAULT_PROBES, DEFAULT_STEPS = 10, 64
"""Ten probes of 64 steps: a choice, not a measurement; raise both for a finer density."""


def spectral_density(
    source: Source, probes: int = DEFAULT_PROBES, steps: int = DEFAULT_STEPS, seed: int = 0
) -> Measure:
    r"""The eigenvalue measure of a network, operator or matrix, estimated from random starts (mass P).

    .. math:: \mathrm{tr}\,f(H) \approx \frac{P}{n_v}\sum_{l}\sum_i \omega_i^{(l)} f(\theta_i^{(l)})

    with the Gauss rule of ``steps`` Lanczos steps from each of ``probes`` Rademacher vectors: exact in expectation
    for polynomials of degree below 2·steps (Ubaru, Chen, Saad, SIAM J. Matrix Anal. 2017).
    """
    operator = hessian_of(source, who="spectral_density")
    n = operator.size
    probes = check.integer(probes, "spectral_density", "probes", maximum=10**6)
    seed = check.seed(seed, "spectral_density")
    steps = min(check.integer(steps, "spectral_density", "steps"), n)
    check.fits_in_memory(
        8.0 * n * (steps + 4), "spectral_density", f"{steps} Lanczos vectors of P = {n} parameters",
        f"{int(0.9 * check.available_bytes() / 8 / n)} vectors", "ask for fewer steps",
    )  # fmt: skip
    nodes, weights = zip(*(_probe(operator.matvec, n, steps, seed, i) for i in range(probes)), strict=True)
    return Measure(np.concatenate(nodes), np.concatenate(weights) * n / probes, mass=float(n))


def _probe(
    matvec: Callable[[np.ndarray], np.ndarray], n: int, steps: int, seed: int, index: int
) -> tuple[np.ndarray, np.ndarray]:
    signs = np.random.default_rng([seed, index]).integers(0, 2, size=n) * 2.0 - 1.0
    diagonal, off_diagonal, _ = tridiagonalize(matvec, signs, steps)
    return gauss_rule(diagonal, off_diagonal)


def density_spectrum(
    operator: SymmetricOperator, probes: int = DEFAULT_PROBES, steps: int = DEFAULT_STEPS, seed: int = 0
) -> Spectrum:
    """The density as a spectrum: nodes with whole multiplicities, their cumulated weights rounded so that they sum to P.

    An error bar is the distance to the farther neighbouring node: what the density resolves, not a bound.
    """
    measure = spectral_density(operator, probes, steps, seed)
    counted = np.diff(np.rint(np.cumsum(measure.weights)), prepend=0.0).astype(np.int64)
    counted[-1] += operator.size - counted.sum()
    spacing = np.diff(measure.points)
    resolution = np.maximum(np.append(spacing, 0.0), np.append(0.0, spacing))
    keep = counted > 0
    return Spectrum(measure.points[keep], counted[keep], operator.size, "slq", resolution[keep])


__all__ = ["density_spectrum", "spectral_density"]

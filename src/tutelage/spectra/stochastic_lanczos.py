"""The density of a spectrum too large to solve: stochastic Lanczos quadrature."""

from __future__ import annotations

import numpy as np

from tutelage.base import check
from tutelage.base.estimate import Draws, Rule, pooled
from tutelage.measure import Measure
from tutelage.operators import SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra.lanczos import gauss_rule, tridiagonalize
from tutelage.spectra.result import Spectrum

DEFAULT_PROBES, DEFAULT_STEPS = 10, 64
"""Ten probes of 64 steps: a choice, not a measurement; raise both for a finer density."""

_BASES_BYTES = 4e8
"""Memory for the bases of probes that keep step: eight of 64 steps at 100 000 parameters."""


def spectral_density(
    source: Source, probes: int = DEFAULT_PROBES, steps: int = DEFAULT_STEPS, seed: int = 0
) -> Measure:
    r"""The eigenvalue measure of a network, operator or matrix, estimated from random starts (mass P).

    .. math:: \mathrm{tr}\,f(H) \approx \frac{P}{n_v}\sum_{l}\sum_i \omega_i^{(l)} f(\theta_i^{(l)})

    with the Gauss rule of ``steps`` Lanczos steps from each of ``probes`` Rademacher vectors: exact in expectation
    for polynomials of degree below 2·steps (Ubaru, Chen, Saad, SIAM J. Matrix Anal. 2017). It costs probes × steps
    products. Its numbers carry their errors: ``moment(n)`` and ``estimate(statistic)`` give an :class:`Estimate`,
    ``integrate`` a standard error, ``cdf_band`` a band around ``cdf``, which is straight between the nodes: they are no
    eigenvalues, and steps at them would be twice as far from the truth. Of a semidefinite operator no mass lies below zero.

    Examples
    --------
    >>> import numpy as np
    >>> spectral_density(np.diag([1.0, 2.0, 5.0])).moment(1)
    8 ± 0 (n = 10)
    """
    operator = hessian_of(source, who="spectral_density")
    n = operator.size
    probes = check.integer(probes, "spectral_density", "probes", maximum=10**6)
    seed = check.seed(seed, "spectral_density")
    steps = min(check.integer(steps, "spectral_density", "steps"), n)
    one = 8.0 * n * (steps + 4)
    check.fits_in_memory(
        one, "spectral_density", f"{steps} Lanczos vectors of P = {n} parameters",
        f"{int(0.9 * check.available_bytes() / 8 / n)} vectors", "ask for fewer steps",
    )  # fmt: skip
    room = max(1, int(min(_BASES_BYTES, 0.5 * check.available_bytes()) / one))
    size = min(room, operator.columns_at_once)
    found = [_rules(operator, range(b, min(b + size, probes)), steps, seed) for b in range(0, probes, size)]
    rules, coarse = (tuple(rule for group in found for rule in group[part]) for part in (0, 1))
    return Measure(*pooled(rules), mass=float(n), draws=Draws(rules, coarse))


def _rules(
    operator: SymmetricOperator, probes: range, steps: int, seed: int
) -> tuple[list[Rule], list[Rule]]:
    """The Gauss rules of some probes, of all their steps and of half of them, in the mass of P."""
    n = operator.size
    signs = [np.random.default_rng([seed, i]).integers(0, 2, size=n) * 2.0 - 1.0 for i in probes]
    fine, coarse = [], []
    for diagonal, off_diagonal, _ in tridiagonalize(operator.matmat, np.stack(signs, axis=1), steps):
        fine.append(_rule(operator, diagonal, off_diagonal))
        # Where the Krylov space ended by itself the rule is exact, and half of its steps would say nothing of it.
        ended = diagonal.size < steps or diagonal.size == n
        coarse.append(
            fine[-1] if ended else _rule(operator, diagonal[: -(-diagonal.size // 2)], off_diagonal)
        )
    return fine, coarse


def _rule(operator: SymmetricOperator, diagonal: np.ndarray, off_diagonal: np.ndarray) -> Rule:
    nodes, weights = gauss_rule(diagonal, off_diagonal[: diagonal.size - 1])
    # Nodes lie inside the spectrum, up to rounding.
    return np.maximum(nodes, 0.0) if operator.semidefinite else nodes, weights * operator.size


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

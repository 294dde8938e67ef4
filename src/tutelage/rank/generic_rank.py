"""effective_parameters: the exact generic rank of an architecture, over random prime fields."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tutelage.activations import Activation
from tutelage.activations.truth import require_true_facts
from tutelage.architecture import Architecture
from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.network import Network
from tutelage.rank.backprop import Layers, derivative, jacobian
from tutelage.rank.certificate import Certificate
from tutelage.rank.elimination import rank_mod
from tutelage.rank.formulas import Count, closed_count, polynomial_bound, reachable_powers, upper_bound
from tutelage.rank.modular import PrimeField, random_primes
from tutelage.rank.probability import failure_probability
from tutelage.rank.result import RankResult
from tutelage.rank.series import Jets, centred, orders
from tutelage.rank.values import vanishing_at_zero

_WHO = "effective_parameters"
# Rows beyond the upper bound: the failure probability is that of the field already with none; five cost
# nothing.
SPARE_POINTS = 5
# d = 1, k = 24 needs order 95; a larger default only matters for wide networks of one input.
_DEFAULT_ORDER = 200


def effective_parameters(
    architecture: Architecture | Network,
    *,
    primes: int = 2,
    seed: int = 0,
    max_order: int = _DEFAULT_ORDER,
    method: str = "auto",
) -> RankResult:
    r"""N_eff: the rank of the Hessian at a generic optimum, the dimension of the set of reachable functions.

    Weights and points are drawn in a prime field; the rank of :math:`\partial f(x_s)/\partial\theta` there
    never exceeds the generic rank r, and misses it for two layers of degree n with probability at most 2 n r
    / p plus that of a bad prime. Polynomial activations of any depth, with or without biases, several
    outputs; analytic ones by truncated rational series, as a certified lower bound; kinked ones in floating
    point.

    Parameters
    ----------
    architecture : Architecture or Network
        A network stands for its architecture; its weights are not used (``hessian_rank`` does).
    primes : int
        Random primes in [2^30, 2^31), as many as are needed: one that reaches the upper bound is a proof.
    seed : int
    max_order : int
        Largest Taylor order tried for analytic activations.
    method : {"auto", "exact", "numerical"}
        "auto" is exact except for kinked activations.

    Raises
    ------
    InputError
        Irrational Taylor coefficients (the message offers ``method="numerical"``), sizes that do not fit.

    Notes
    -----
    [C25] (14) and appendix B; [K19] for the dimension as a generic Jacobian rank. Science 5.7.

    Examples
    --------
    >>> effective_parameters(Architecture((6, 6, 1), "quadratic", biases=True)).rank
    28
    """
    if isinstance(architecture, Network):
        architecture = Architecture.of(architecture)
    if not isinstance(architecture, Architecture):
        raise InputError(
            f"{_WHO}: expected an Architecture or a Network, got {type(architecture).__name__}; "
            "write Architecture((d, k, 1), activation)"
        )
    primes = check.integer(primes, _WHO, "primes", maximum=1000)
    seed = check.seed(seed, _WHO)
    max_order = check.integer(max_order, _WHO, "max_order")
    method = check.choice(method, _WHO, "method", ("auto", "exact", "numerical"))
    for activation in architecture.activations:
        require_true_facts(activation)
    if method == "numerical" or (method == "auto" and any(s.kinks for s in architecture.activations)):
        from tutelage.rank.numerical import numerical_rank

        return numerical_rank(architecture, seed)
    require_rational(architecture.activations, _WHO)
    _require_constants(architecture)
    return _exact(architecture, random_primes(primes, seed), seed, max_order)


def require_rational(activations: tuple[Activation, ...], who: str) -> None:
    """Raise unless every activation has rational Taylor coefficients."""
    for activation in activations:
        if activation.taylor(1) is None:
            raise NotAvailableError(
                f"{who}: expected rational Taylor coefficients for exact arithmetic, {activation.spec!r} "
                f"has {'a kink' if activation.kinks else 'irrational or undeclared ones'}; "
                "pass method='numerical' for the floating-point rank"
            )


def _require_constants(architecture: Architecture) -> None:
    """A series known up to its constant (normal_cdf) is enough where a bias or nothing follows."""
    for activation, bias in zip(architecture.activations[:-1], architecture.biases[1:-1], strict=True):
        vanishes = vanishing_at_zero(activation)[0]
        if not bias and (activation.taylor(0) or (0,))[0] == 0 and not vanishes:
            raise NotAvailableError(
                f"{_WHO}: expected a rational constant in the series of {activation.spec!r} before a layer without "
                "biases, its sigma(0) is not rational relative to the rest; add biases or pass method='numerical'"
            )


def check_memory(n_points: int, n_params: int, who: str) -> None:
    """Refuse a Jacobian that does not fit; six copies live at once (benchmarks/rank_exact.py)."""
    free = check.available_bytes()
    largest = int(math.sqrt(max(free, 1) / 48))
    check.fits_in_memory(
        48.0 * n_points * n_params, who, f"a Jacobian of {n_points} x {n_params} (P = {n_params})",
        f"about P = {largest}", "use a smaller architecture or the closed formulas in tutelage.rank.formulas",
    )  # fmt: skip


def _exact(architecture: Architecture, primes: tuple[int, ...], seed: int, max_order: int) -> RankResult:
    ceiling, formula = upper_bound(architecture), closed_count(architecture)
    n_points = ceiling.value + SPARE_POINTS
    check_memory(n_points, architecture.n_params, _WHO)
    if formula is not None and formula.theorem and formula.value < ceiling.value:
        ceiling = formula

    def rank_of(p: int, order: int | None) -> int:
        return generic_rank(architecture, p, seed, n_points, order)

    ranks: tuple[int, ...] = ()
    order: int | None = None
    if all(s.degree is not None for s in architecture.activations):
        ranks = ranks_modulo(primes, lambda p: rank_of(p, None), ceiling.value)
    else:
        stale = 0
        for trial in orders(architecture, ceiling.value, max_order):
            found = (rank_of(primes[0], trial),)
            stale = stale + 1 if ranks and found[0] <= ranks[0] else 0
            if not ranks or found[0] > ranks[0]:
                ranks, order = found, trial
            if ranks[0] == ceiling.value or stale == 4:
                break
        if order is None:
            raise NotAvailableError(
                f"{_WHO}: no order up to {max_order} offers {ceiling.value} monomials; raise max_order"
            )
        ranks = ranks_modulo(primes, lambda p: rank_of(p, order), ceiling.value, ranks)
    certificate = Certificate(
        "generic", architecture.widths, tuple(s.spec for s in architecture.activations), architecture.biases,
        primes[: len(ranks)], ranks, seed, n_points, order,
    )  # fmt: skip
    return _judge(architecture, certificate, ceiling, formula)


def ranks_modulo(
    primes: tuple[int, ...], rank_of: Callable[[int], int], ceiling: int, ranks: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """The rank modulo each prime after the known ones, until one reaches the ceiling: that is a proof, more add nothing."""
    for p in primes[len(ranks) :]:
        if ranks and ranks[-1] == ceiling:
            break
        ranks = (*ranks, rank_of(p))
    return ranks


def _judge(
    architecture: Architecture, certificate: Certificate, ceiling: Count, formula: Count | None
) -> RankResult:
    rank = certificate.lower_bound
    notes: list[str] = []
    probability = 0.0
    if rank == ceiling.value:
        status = "proven"
    elif certificate.order is not None:
        status = "certified lower bound"
        notes.append(f"Taylor order {certificate.order}: the rank may be larger; raise max_order")
        if formula is not None and formula.value > rank:
            notes.append(f"{formula.name} gives {formula.value}")
    else:
        status = "probabilistic"
        probability = failure_probability(architecture, rank, certificate.primes, certificate.ranks)
        if formula is not None and formula.value == rank:
            notes.append(f"the observed count {formula.name} gives the same number")
    return RankResult(
        rank, architecture.n_params, "generic", status, Count(rank, "exact rank over prime fields"), ceiling,
        formula, paper_bound(architecture), probability, certificate, None, tuple(notes),
    )  # fmt: skip


def paper_bound(architecture: Architecture) -> int | None:
    """[C25] section 4.2: min(P, C(d+n, n) - 1) for scalar outputs, plus one where constants are reached."""
    degrees = [s.degree for s in architecture.activations]
    if architecture.widths[-1] != 1 or any(n is None for n in degrees):
        return None
    n = max(1, math.prod(n for n in degrees if n is not None))
    constant = 0 in reachable_powers(architecture)
    return min(architecture.n_params, polynomial_bound(architecture.widths[0], n) + constant)


def residues(field: PrimeField, activation: Activation, order: int) -> list[float]:
    """Taylor coefficients up to ``order`` modulo p."""
    taylor = activation.taylor(order)
    assert taylor is not None
    return [field.fraction(c) for c in taylor]


def draw_points(
    architecture: Architecture, field: PrimeField, seed: int, n_points: int
) -> tuple[np.ndarray, np.ndarray]:
    """The points (S, d) and output combinations (S, o) of a certificate."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(field.p, 1)))
    points, outputs = field.random(rng, (n_points, architecture.widths[0])), architecture.widths[-1]
    return points, np.ones((n_points, 1)) if outputs == 1 else field.random(rng, (n_points, outputs))


def draw_layers(architecture: Architecture, field: PrimeField, seed: int) -> Layers:
    """The weights of a generic certificate."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(field.p, 0)))
    return Layers.random(field, architecture, rng)


def needs_jets(architecture: Architecture, order: int | None) -> bool:
    """Whether truncation must follow the order in x; two layers without hidden bias need not."""
    return order is not None and (len(architecture.widths) > 3 or architecture.biases[0])


def generic_rank(architecture: Architecture, p: int, seed: int, n_points: int, order: int | None) -> int:
    """Rank of the Jacobian at a random point of the field, with Taylor polynomials if ``order`` is given."""
    field = PrimeField(p)
    layers = draw_layers(architecture, field, seed)
    points, cotangents = draw_points(architecture, field, seed, n_points)
    return rank_mod(field, assemble(architecture, field, layers, points, cotangents, order))


def assemble(
    architecture: Architecture,
    field: PrimeField,
    layers: Layers,
    points: np.ndarray,
    cotangents: np.ndarray,
    order: int | None,
) -> np.ndarray:
    """The (S, P) Jacobian modulo p; series are summed over the orders of t."""
    if not needs_jets(architecture, order):
        polynomials = [
            residues(field, s, s.degree if order is None else order) for s in architecture.activations
        ]
        slopes = [derivative(field, c) for c in polynomials]
        return jacobian(field, layers, polynomials, slopes, points, cotangents)
    assert order is not None
    algebra = Jets(field, order)
    series = [residues(field, s, order + 1) for s in architecture.activations]
    slopes = [derivative(field, c) for c in series]
    layers = centred(field, layers, [c[0] for c in series])
    stacked = jacobian(algebra, layers, series, slopes, algebra.ray(points), cotangents)
    total = np.zeros(stacked.shape[1:])
    for term in stacked:
        total = field.reduce(total + term)
    return total

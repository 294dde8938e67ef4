"""hessian_rank: the rank of the Hessian at given weights, bounded exactly from both sides."""

from __future__ import annotations

import functools

import numpy as np
import scipy.linalg

from tutelage.activations.truth import require_true_facts
from tutelage.architecture import Architecture
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.numerical_rank import NumericalRank, count_above
from tutelage.network import Network
from tutelage.rank.backprop import Layers
from tutelage.rank.ceilings import analytic_count, kinked_count, polynomial_ceiling
from tutelage.rank.certificate import Certificate
from tutelage.rank.elimination import rank_mod
from tutelage.rank.expansion import expansion_rank, proof_seconds
from tutelage.rank.formal import formal_count
from tutelage.rank.formulas import Count, closed_count, upper_bound
from tutelage.rank.generic_rank import (
    SPARE_POINTS,
    assemble,
    check_memory,
    draw_points,
    paper_bound,
    ranks_modulo,
)
from tutelage.rank.modular import PrimeField, random_primes
from tutelage.rank.neurons import arrange
from tutelage.rank.probability import failure_probability
from tutelage.rank.reduced import is_plain
from tutelage.rank.result import RankResult, Status
from tutelage.rank.series import orders
from tutelage.rank.values import two_slopes

_WHO = "hessian_rank"
# Beyond this the dense Hessian beside the exact rank would take longer than the rank itself.
_FLOATING_PARAMETERS = 2500


def hessian_rank(
    network: Network,
    *,
    primes: int = 2,
    seed: int = 0,
    max_order: int = 200,
    proof_limit: float = 3.0,
    floating: bool = True,
) -> RankResult:
    """The rank of the population Hessian at this network, the student equal to the teacher.

    float64 weights are rationals m 2^e, so their residues modulo p are exact and a rank modulo p is a
    certified lower bound. A deficiency is proven by exact relations between the tangent functions (parallel,
    silent and zero neurons, the rank of W, a generic theorem), or by the integer expansion in monomials when
    it is cheap enough; otherwise it is reported with its failure probability.

    Parameters
    ----------
    network : Network
    primes : int
        Random primes in [2^30, 2^31), as many as are needed: one that reaches an upper bound is a proof.
    seed : int
    max_order : int
        Largest Taylor order tried for analytic activations.
    proof_limit : float
        Seconds the exact integer expansion may be estimated to take.
    floating : bool
        Whether to count eigenvalues of the dense Hessian beside it (P <= 2500).

    Raises
    ------
    InputError
        Not a network; a declared fact that is false; an activation that declares neither rational Taylor coefficients
        nor independence, without ``floating`` (the message says what is left).
    NoHessianError
        A zero neuron under a kinked activation.

    Notes
    -----
    science 5; [F96] for the irreducibility of erf and tanh networks.

    Examples
    --------
    >>> hessian_rank(Network([[1.0, 2.0], [1.0, 2.0]], [1.0, 3.0], "erf")).rank
    3
    """
    if not isinstance(network, Network):
        raise InputError(
            f"{_WHO}: expected a Network, got {type(network).__name__}; for the generic rank of an architecture "
            "use effective_parameters"
        )
    primes = check.integer(primes, _WHO, "primes", maximum=1000)
    floating = check.flag(floating, _WHO, "floating")
    seed = check.seed(seed, _WHO)
    max_order = check.integer(max_order, _WHO, "max_order")
    proof_limit = check.number(proof_limit, _WHO, "proof_limit", minimum=0.0)
    activation = network.activation
    require_true_facts(activation)
    slopes = two_slopes(activation)
    if not is_plain(network):
        return _any_network(
            network, slopes, random_primes(primes, seed), seed, max_order, proof_limit, floating
        )
    arrangement = arrange(network)
    # Before the eigenvalues: a zero neuron under a kink has no Hessian to count.
    kinks = None if slopes is None else kinked_count(network, slopes, arrangement)
    beside = _floating(network) if floating and network.n_params <= _FLOATING_PARAMETERS else None
    if kinks is not None:
        return _closed(network, kinks, None, beside)
    if activation.kinks:
        return _numerical(network, beside, f"kinks of {activation.spec!r} have no exact count")
    if activation.degree is not None:
        return _polynomial(
            network, polynomial_ceiling(activation, arrangement, network.d, network.k), random_primes(primes,
            seed), seed, proof_limit, beside,
        )  # fmt: skip
    count = analytic_count(activation, arrangement, network.d)
    if activation.taylor(1) is None:
        if count is None:
            return _numerical(
                network, beside, f"{activation.spec!r} declares no rational Taylor coefficients"
            )
        return _closed(network, count, None, beside)
    ceiling = count or Count(network.n_params, "P")
    return _series(network, ceiling, count is not None, random_primes(primes, seed), seed, max_order, beside)


def _any_network(
    network: Network, slopes: tuple[float, float] | None, primes: tuple[int, ...], seed: int, max_order: int,
    proof_limit: float, floating: bool,
) -> RankResult:  # fmt: skip
    """With biases or several outputs."""
    activation = network.activation
    count = formal_count(network, slopes)
    beside = _floating(network) if floating and network.n_params <= _FLOATING_PARAMETERS else None
    if activation.degree is not None:
        return _polynomial(network, _generic_ceiling(network), primes, seed, proof_limit, beside)
    if count is None:
        return _numerical(network, beside, f"neurons of {activation.spec!r} with biases have no exact count")
    if network.b is None and activation.taylor(1) is not None:
        # Without hidden biases the series proves what the theorem says.
        return _series(network, count, True, primes, seed, max_order, beside)
    return _closed(network, count, None, beside)


def _generic_ceiling(network: Network) -> Count:
    """No weights have more than generic ones (rank is lower semicontinuous)."""
    architecture = Architecture.of(network)
    bounds, formula = [upper_bound(architecture)], closed_count(architecture)
    if formula is not None and formula.theorem:
        bounds.append(formula)
    return min(bounds, key=lambda bound: bound.value)


def _polynomial(
    network: Network,
    ceiling: Count,
    primes: tuple[int, ...],
    seed: int,
    proof_limit: float,
    beside: NumericalRank | None,
) -> RankResult:
    check_memory(ceiling.value + SPARE_POINTS, network.n_params, _WHO)
    n_points = ceiling.value + SPARE_POINTS
    rank_of = functools.partial(rank_here, network, seed=seed, n_points=n_points, order=None)
    ranks = ranks_modulo(primes, rank_of, ceiling.value)
    certificate = _certificate(network, primes, ranks, seed, n_points, None)
    rank, probability, notes = certificate.lower_bound, 0.0, []
    status: Status = "proven"
    if rank < ceiling.value:
        taylor = network.activation.taylor(network.activation.degree or 0) or ()
        powers = {p for p, c in enumerate(taylor) if c}
        if proof_seconds(network, powers, rank) <= proof_limit:
            rank = expansion_rank(network, powers)
            ceiling = Count(rank, "integer expansion in monomials (FLINT)")
        else:
            status = "probabilistic"
            # 53-bit mantissas and the spread of exponents enter every entry of the Jacobian once per factor.
            bits = float(np.ptp(np.frexp(network.theta)[1]) + 53)
            probability = failure_probability(Architecture.of(network), rank, primes, ranks, bits)
            notes.append(f"raise proof_limit above {proof_seconds(network, powers, rank):.0f} s for a proof")
    return _result(network, rank, status, certificate, ceiling, beside, probability, notes)


def _series(
    network: Network,
    ceiling: Count,
    is_theorem: bool,
    primes: tuple[int, ...],
    seed: int,
    max_order: int,
    beside: NumericalRank | None,
) -> RankResult:
    check_memory(ceiling.value + SPARE_POINTS, network.n_params, _WHO)
    n_points = ceiling.value + SPARE_POINTS
    found, order, stale = 0, None, 0
    for trial in orders(Architecture.of(network), ceiling.value, max_order):
        rank = rank_here(network, primes[0], seed, n_points, trial)
        stale = 0 if rank > found else stale + 1
        if rank > found:
            found, order = rank, trial
        if found == ceiling.value or stale == 4:
            break
    certificate = None
    if order is not None:
        rank_of = functools.partial(rank_here, network, seed=seed, n_points=n_points, order=order)
        ranks = ranks_modulo(primes, rank_of, ceiling.value, (found,))
        certificate = _certificate(network, primes, ranks, seed, n_points, order)
        found = max(ranks)
    if is_theorem or found == ceiling.value:
        notes = [] if found == ceiling.value else [f"the series reached {found}; the theorem gives the rank"]
        return _result(network, ceiling.value, "proven", certificate, ceiling, beside, 0.0, notes)
    notes = ["the rank may be larger: raise max_order"]
    return _result(network, found, "certified lower bound", certificate, ceiling, beside, 0.0, notes)


def rank_here(network: Network, p: int, seed: int, n_points: int, order: int | None) -> int:
    """The rank modulo p of the Jacobian of the given weights at random points."""
    field = PrimeField(p)
    architecture = Architecture.of(network)
    layers = Layers(
        (field.from_float(network.W), field.from_float(np.atleast_2d(network.a))),
        tuple(
            None if bias is None else field.from_float(bias.reshape(-1)) for bias in (network.b, network.c)
        ),
    )
    points, cotangents = draw_points(architecture, field, seed, n_points)
    return rank_mod(field, assemble(architecture, field, layers, points, cotangents, order))


def _certificate(
    network: Network,
    primes: tuple[int, ...],
    ranks: tuple[int, ...],
    seed: int,
    n_points: int,
    order: int | None,
) -> Certificate:
    architecture = Architecture.of(network)
    return Certificate(
        "here", architecture.widths, (network.activation.spec,), architecture.biases, primes[: len(ranks)], ranks,
        seed, n_points, order, tuple(float(v).hex() for v in network.theta),
    )  # fmt: skip


def _result(
    network: Network,
    rank: int,
    status: Status,
    certificate: Certificate | None,
    ceiling: Count,
    beside: NumericalRank | None,
    probability: float,
    notes: list[str],
) -> RankResult:
    architecture = Architecture.of(network)
    certified = Count(certificate.lower_bound if certificate else 0, "exact rank over prime fields")
    if status == "proven" and certified.value < rank:
        certified = ceiling
    if beside is not None and beside.rank != rank:
        notes.append(
            f"floating point counts {beside.rank} (gap {beside.gap:.1e}): weights special only up to rounding, or "
            "eigenvalues below the tolerance"
        )
    return RankResult(
        rank, network.n_params, "here", status, certified, ceiling, closed_count(architecture),
        paper_bound(architecture), probability, certificate, beside, tuple(notes),
    )  # fmt: skip


def _closed(
    network: Network, count: Count, certificate: Certificate | None, beside: NumericalRank | None
) -> RankResult:
    return _result(network, count.value, "proven", certificate, count, beside, 0.0, [])


def _numerical(network: Network, beside: NumericalRank | None, why: str) -> RankResult:
    if beside is None:
        raise InputError(
            f"{_WHO}: {why}, and the floating-point rank was not asked for or P = {network.n_params} > "
            f"{_FLOATING_PARAMETERS}; pass floating=True or a smaller network"
        )
    return RankResult(
        beside.rank, network.n_params, "here", "numerical", Count(0, "nothing certified"),
        Count(network.n_params, "P"), None, None, float("nan"), None, beside, (why,),
    )  # fmt: skip


def _floating(network: Network) -> NumericalRank:
    """Eigenvalues of the dense Hessian above P * eps * largest, and the gap."""
    from tutelage.population import hessian_at_optimum

    values = scipy.linalg.eigvalsh(hessian_at_optimum(network).dense())
    return count_above(values, network.n_params * np.finfo(np.float64).eps, "eigenvalues of the Hessian")

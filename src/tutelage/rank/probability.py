"""The chance that a rank modulo random primes at random points falls short of the rank over Q."""

from __future__ import annotations

import math

from tutelage.architecture import Architecture
from tutelage.rank.modular import PRIMES_IN_RANGE


def failure_probability(
    architecture: Architecture,
    rank: int,
    primes: tuple[int, ...],
    ranks: tuple[int, ...],
    weight_bits: float | None = None,
) -> float:
    r"""A bound on the chance that the rank exceeds ``rank``; ``weight_bits`` for given weights, as integers.

    A non-zero minor of size r + 1 is a polynomial of degree at most (r + 1)(D - 1), D the degree of e.f in
    all variables. It is non-zero at some integer point with entries up to its degree; Hadamard's bound on its
    value there limits the primes that kill it. For a good prime Schwartz and Zippel give degree / p. Primes
    and points are independent, so the probabilities of the primes that found ``rank`` or less multiply.
    """
    size = rank + 1
    degree, log_magnitude, denominator_bits = 1, 0.0, 0.0
    total_degree = size * _degree(architecture)
    bound = max(math.log2(max(total_degree, 2)), weight_bits or 0.0)
    for activation, n_in, bias in zip(
        architecture.activations, architecture.widths[:-2], architecture.biases[:-1], strict=True
    ):
        pre = math.log2(n_in + bias) + bound + max(log_magnitude if degree > 1 else bound, 0.0)
        taylor = [c for c in activation.taylor(activation.degree or 0) or () if c]
        n = activation.degree or 0
        largest = math.log2(max(abs(c) for c in taylor)) + math.log2(len(taylor))
        log_magnitude, degree = largest + n * max(pre, 0.0), degree + n
        denominator_bits = denominator_bits * max(n, 1) + math.log2(
            math.lcm(*(c.denominator for c in taylor))
        )
    entry = math.log2(max(_degree(architecture), 1)) + bound * 2 + max(log_magnitude, 0.0) + denominator_bits
    entry += math.log2(architecture.widths[-2] * architecture.widths[-1])
    minor_bits = size * (max(entry, 1.0) + 0.5 * math.log2(size))
    chance = 1.0
    for p, found in zip(primes, ranks, strict=True):
        if found <= rank:
            chance *= min(1.0, minor_bits / 30 / PRIMES_IN_RANGE + total_degree / p)
    return chance


def _degree(architecture: Architecture) -> int:
    """Degree of e.f in weights, inputs and e together, an upper bound."""
    degree = 1
    for activation in architecture.activations:
        degree = (degree + 1) * max(activation.degree or 0, 1)
    return degree + 2

"""The coefficient Jacobian of a two-layer polynomial network: exact over the integers, small sizes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

import flint
import numpy as np

from tutelage.network import Network
from tutelage.rank.neurons import fraction_rank, integer_row

T = TypeVar("T", int, Fraction)

# FLINT ranks integer matrices of P rows, M columns, rank r and b-bit entries in about 2.4e-8 P M r b seconds
# (measured: 60 x 84 at 180 bits 1.2 s, 150 x 165 at 180 bits 16 s).
_SECONDS_PER_UNIT = 2.4e-8


def proof_seconds(network: Network, powers: set[int], rank: int) -> float:
    """Estimated time of :func:`expansion_rank`."""
    columns = sum(math.comb(network.d + p - 1, p) for p in powers)
    bits = 60 * max(powers)
    return _SECONDS_PER_UNIT * columns * network.n_params * max(rank, 1) * bits


def expansion_rank(network: Network, powers: set[int]) -> int:
    r"""The exact rank of the tangent functions expanded in monomials.

    Dividing rows by a_i and powers of two and columns by multinomial coefficients leaves, with integer rows
    V_i,

    .. math:: \partial_{w_{ij}}: m_j V_i^{m - e_j}\ (a_i\ne0),\qquad \partial_{a_i}: V_i^m,
       \qquad |m| \in \mathrm{powers}.

    With biases or several outputs in rational arithmetic, all degrees that a bias reaches.
    """
    if network.n_outputs > 1 or len(network.layers) > 2:
        return _rational_rank(network, max(powers, default=0))
    rows = integer_rows(np.asarray(network.W))
    exponents = [m for p in sorted(powers) for m in monomials(network.d, p)]
    entries: list[int] = []
    n_rows = 0
    for row, a in zip(rows, np.asarray(network.a), strict=True):
        table = [[v**q for q in range(max(powers) + 1)] for v in row]
        if a:
            for j in range(network.d):
                entries += [_slope(table, m, j) for m in exponents]
            n_rows += network.d
        entries += [math.prod(table[i][q] for i, q in enumerate(m) if q) for m in exponents]
        n_rows += 1
    return flint.fmpz_mat(n_rows, len(exponents), entries).rank()


def _rational_rank(network: Network, degree: int) -> int:
    r"""The same of :math:`\alpha!` times the coefficients of :math:`x^\alpha`, which are
    :math:`w^\alpha\sigma^{(|\alpha|)}(b)` of a neuron; its derivatives are exact too.
    """
    A, d = np.atleast_2d(network.a), network.d
    exponents = [m for p in range(degree + 1) for m in monomials(d, p)]
    taylor = network.activation.taylor(degree) or ()
    rows: list[list[Fraction]] = []

    def add(row: list[Fraction], read_outs: Sequence[Fraction]) -> None:
        rows.append([a * x for a in read_outs for x in row])

    units = [[Fraction(int(o == n)) for n in range(len(A))] for o in range(len(A))]
    for i in range(network.k):
        w, a = list(map(_fraction, network.W[i])), list(map(_fraction, A[:, i]))
        b = Fraction(0) if network.b is None else _fraction(network.b[i])
        orders = [_derivative_at(taylor, s, b) for s in range(degree + 2)]
        table = [[v**q for q in range(degree + 1)] for v in w]
        for j in range(d):
            add([_slope(table, m, j) * orders[sum(m)] for m in exponents], a)
        powers = [math.prod(table[n][q] for n, q in enumerate(m) if q) for m in exponents]
        if network.b is not None:
            add([x * orders[sum(m) + 1] for x, m in zip(powers, exponents, strict=True)], a)
        for unit in units:
            add([x * orders[sum(m)] for x, m in zip(powers, exponents, strict=True)], unit)
    for unit in units if network.c is not None else ():
        add([Fraction(int(not any(m))) for m in exponents], unit)
    return fraction_rank(rows)


def _fraction(x: float) -> Fraction:
    return Fraction(float(x))


def _derivative_at(taylor: Sequence[Fraction], s: int, b: Fraction) -> Fraction:
    """σ^(s)(b) of a polynomial."""
    return sum(
        (c * math.perm(p, s) * b ** (p - s) for p, c in enumerate(taylor) if c and p >= s), Fraction(0)
    )


def integer_rows(W: np.ndarray) -> list[list[int]]:
    """Integers proportional to W, one common power of two for all rows."""
    flat, _ = integer_row(W.ravel())
    return [flat[i * W.shape[1] : (i + 1) * W.shape[1]] for i in range(W.shape[0])]


def monomials(d: int, p: int) -> Iterator[tuple[int, ...]]:
    """Exponents of degree p in d variables."""
    for chosen in itertools.combinations_with_replacement(range(d), p):
        exponents = [0] * d
        for i in chosen:
            exponents[i] += 1
        yield tuple(exponents)


def _slope(table: Sequence[Sequence[T]], m: tuple[int, ...], j: int) -> T | int:
    if not m[j]:
        return 0
    return m[j] * math.prod(table[i][q - (i == j)] for i, q in enumerate(m) if q - (i == j))

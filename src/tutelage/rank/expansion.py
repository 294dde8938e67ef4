"""The coefficient Jacobian of a two-layer polynomial network: exact over the integers, small sizes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import flint
import numpy as np

from tutelage.network import Network
from tutelage.rank.neurons import integer_row

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
    """
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


def _slope(table: list[list[int]], m: tuple[int, ...], j: int) -> int:
    if not m[j]:
        return 0
    return m[j] * math.prod(table[i][q - (i == j)] for i, q in enumerate(m) if q - (i == j))

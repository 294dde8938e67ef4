"""Neurons as exact rational vectors: which are zero, parallel, equal or opposite."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np

from tutelage.network import Network


@dataclasses.dataclass(frozen=True)
class Neuron:
    """Row ``index`` equals ``scale`` times the primitive integer vector of its line; active when a_i != 0."""

    index: int
    scale: Fraction
    active: bool


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """The neurons of a network by line through the origin; all statements about floats are exact.

    Attributes
    ----------
    lines : dict
        Primitive integer direction (first non-zero entry positive) to the neurons on it.
    zeros : tuple of Neuron
        Neurons with w = 0.
    rank : int
        Rank of W over the rationals.
    active_rank : int
        Rank of the rows with a_i != 0.
    """

    lines: dict[tuple[int, ...], tuple[Neuron, ...]]
    zeros: tuple[Neuron, ...]
    rank: int
    active_rank: int

    @property
    def neurons(self) -> list[Neuron]:
        """All neurons with w != 0, line by line."""
        return [neuron for line in self.lines.values() for neuron in line]

    def active_part(self) -> Arrangement:
        """The same without the silent neurons."""
        lines = {v: tuple(n for n in line if n.active) for v, line in self.lines.items()}
        zeros = tuple(n for n in self.zeros if n.active)
        return Arrangement(
            {v: line for v, line in lines.items() if line}, zeros, self.active_rank, self.active_rank
        )

    @property
    def active_lines(self) -> int:
        """Lines with an active neuron."""
        return sum(any(n.active for n in line) for line in self.lines.values())


def arrange(network: Network) -> Arrangement:
    """Group the rows of W by exact direction."""
    lines: dict[tuple[int, ...], list[Neuron]] = {}
    zeros: list[Neuron] = []
    directions: dict[int, tuple[int, ...]] = {}
    for index, (row, a) in enumerate(zip(np.asarray(network.W), np.asarray(network.a), strict=True)):
        integers, exponent = integer_row(row)
        divisor = math.gcd(*integers)
        if not divisor:
            zeros.append(Neuron(index, Fraction(0), bool(a)))
            continue
        sign = 1 if next(n for n in integers if n) > 0 else -1
        direction = tuple(sign * n // divisor for n in integers)
        scale = Fraction(sign * divisor) * Fraction(2) ** exponent
        lines.setdefault(direction, []).append(Neuron(index, scale, bool(a)))
        directions[index] = direction
    active = {direction for direction, line in lines.items() if any(n.active for n in line)}
    frozen = {direction: tuple(line) for direction, line in lines.items()}
    return Arrangement(frozen, tuple(zeros), integer_rank(list(lines)), integer_rank(list(active)))


def integer_row(row: np.ndarray) -> tuple[list[int], int]:
    """Integers n and an exponent e with row = n 2^e exactly."""
    mantissa, exponents = np.frexp(np.asarray(row, dtype=np.float64))
    used = exponents[mantissa != 0]
    shift = int(used.min()) - 53 if used.size else 0
    return [
        int(m * 2.0**53) << int(e) - 53 - shift if m else 0 for m, e in zip(mantissa, exponents, strict=True)
    ], shift


def integer_rank(rows: Sequence[Sequence[int]]) -> int:
    """Rank over Q: modulo a prime first, which is exact when it is full, then by FLINT over the integers."""
    if not rows:
        return 0
    m, n = len(rows), len(rows[0])
    entries = [entry for row in rows for entry in row]
    p = 2**61 - 1
    modular = flint.nmod_mat(m, n, [entry % p for entry in entries], p).rank()
    return modular if modular == min(m, n) else flint.fmpz_mat(m, n, entries).rank()


def fraction_rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """Rank of a small rational matrix; each row is cleared of its denominators."""
    cleared = []
    for row in rows:
        factor = math.lcm(*(entry.denominator for entry in row)) if row else 1
        cleared.append([int(entry * factor) for entry in row])
    return integer_rank(cleared) if cleared and cleared[0] else 0

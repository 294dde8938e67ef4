r"""Arithmetic over a prime field with float64 matrix products: exact, vectorised, overflow-safe for p < 2^31.

Residues are balanced, :math:`|r| \le p/2 + 1 \le 2^{30} + 1`, and stored in float64. One factor of every
product is split in two limbs, :math:`b = b_1 2^{16} + b_0`, :math:`|b_0| \le 2^{15}`, so a sum of 120
products stays below :math:`2^{52}`, where float64 is exact and a reduction modulo p cannot round. Sums are
cut there. BLAS makes this an order of magnitude faster than integer products.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np

from tutelage.base.errors import InputError

PRIME_LIMIT = 2**31
# Primes are drawn at random from [2^30, 2^31): pi(2^31) - pi(2^30), the number a failure probability divides
# by.
PRIMES_IN_RANGE = 105_097_565 - 54_400_028
_LIMB = 65536.0
# 120 * 2^30 * 2^15 + 2^46 + 2^30 < 2^52
_CHUNK = 120


@dataclasses.dataclass(frozen=True)
class PrimeField:
    """The integers modulo an odd prime ``p < 2**31``; arrays are float64 with balanced residues."""

    p: int

    def __post_init__(self) -> None:
        if not 2 < self.p < PRIME_LIMIT or not flint.fmpz(self.p).is_prime():
            raise InputError(
                f"PrimeField: expected an odd prime below 2^31, got {self.p}; take one from random_primes"
            )

    def reduce(self, x: np.ndarray) -> np.ndarray:
        """Balanced residues of integers stored in float64, exact for ``|x| < 2**52``."""
        quotient = np.rint(x * (1.0 / self.p))
        quotient *= -float(self.p)
        quotient += x
        return quotient

    def multiply(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Elementwise product, with broadcasting."""
        high, low = _limbs(np.asarray(y))
        product = self.reduce(x * high)
        product *= _LIMB
        product += x * low
        return self.reduce(product)

    def matmul(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Matrix product (m, n) (n, l) -> (m, l)."""
        total = np.zeros((x.shape[0], y.shape[1]))
        for start in range(0, x.shape[1], _CHUNK):
            left = x[:, start : start + _CHUNK]
            high, low = _limbs(y[start : start + _CHUNK])
            part = self.reduce(left @ high)
            part *= _LIMB
            part += left @ low
            part += total
            total = self.reduce(part)
        return total

    def linear(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """``x @ weights.T`` over the last axis of x, any number of leading axes."""
        flat = x.reshape(-1, x.shape[-1])
        return self.matmul(flat, weights.T).reshape(*x.shape[:-1], weights.shape[0])

    def polynomial(self, coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
        """Horner's scheme; coefficients are residues, constant first."""
        value = np.full(x.shape, coefficients[-1])
        for c in coefficients[-2::-1]:
            value = self.reduce(self.multiply(value, x) + c)
        return value

    def constant(self, x: np.ndarray) -> np.ndarray:
        """A constant as an element of the algebra (here itself)."""
        return x

    def inverse(self, x: float) -> float:
        """1/x for a non-zero residue."""
        return self.balanced(pow(int(x), -1, self.p))

    def balanced(self, n: int) -> float:
        """The balanced residue of an integer of any size."""
        n %= self.p
        return float(n - self.p if n > self.p // 2 else n)

    def fraction(self, value: Fraction) -> float:
        """The residue of a rational whose denominator p does not divide."""
        if value.denominator % self.p == 0:
            raise InputError(f"PrimeField({self.p}): p divides the denominator of {value}; use another prime")
        return self.balanced(value.numerator * pow(value.denominator, -1, self.p))

    def from_float(self, values: np.ndarray) -> np.ndarray:
        """Exact residues of float64 numbers: each is a rational m 2^e, and 2 is invertible."""
        mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
        integers = (mantissa * 2.0**53).astype(np.int64) % self.p
        kinds, where = np.unique(exponent, return_inverse=True)
        powers = np.array([self.balanced(pow(2, int(e) - 53, self.p)) for e in kinds])
        return self.multiply(self.reduce(integers.astype(np.float64)), powers[where.reshape(exponent.shape)])

    def random(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Independent uniform residues."""
        return self.reduce(rng.integers(0, self.p, size=shape).astype(np.float64))


def _limbs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    high = np.rint(x * (1.0 / _LIMB))
    return high, x - high * _LIMB


@functools.lru_cache(maxsize=64)
def random_primes(count: int, seed: int, minimum: int = 0) -> tuple[int, ...]:
    """Distinct primes drawn uniformly from [2^30, 2^31): a probability needs chance in the prime too."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(7,)))
    found: list[int] = []
    while len(found) < count:
        candidate = int(rng.integers(2**30, 2**31))
        if candidate > minimum and flint.fmpz(candidate).is_prime() and candidate not in found:
            found.append(candidate)
    return tuple(found)

"""Polynomial activations: linear, quadratic, and any degree."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any, ClassVar

from tutelage.activations.base import Elementary, Parity
from tutelage.activations.pairs import PairMoments
from tutelage.base import check
from tutelage.base.errors import InputError


class PolynomialFamily(Elementary):
    r""":math:`\sigma(u) = \sum_p c_p u^p`: every table is a finite sum, exact in any arithmetic.

    .. math:: k_{pq} = \sum_n \frac{q_{uv}^n}{n!}\,E[\sigma^{(p+n)}(u)]\,E[\sigma^{(q+n)}(v)]

    (Mehler's formula: the one-variable means are Isserlis moments at the two variances.)
    """

    coefficients: Any
    """Coefficients of the powers, constant first: a tuple of floats."""

    @property
    def degree(self) -> int:
        return max((p for p, c in enumerate(self.coefficients) if c), default=0)

    @property
    def parity(self) -> Parity:
        powers = {p % 2 for p, c in enumerate(self.coefficients) if c}
        if len(powers) != 1:
            return None
        return "odd" if powers == {1} else "even"

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        padded = (*self.coefficients, *(0.0 for _ in range(order + 1)))
        return tuple(Fraction(c) for c in padded[: order + 1])

    def __call__(self, u: Any) -> Any:
        value = 0.0 * u
        for c in reversed(self.coefficients):
            value = value * u + c
        return value

    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        return _mehler(self._means(m_u, q_uu), self._means(m_v, q_vv), q_uv, 0, 0)

    def tables(self, q_uu: Any, q_uv: Any, q_vv: Any, xp: Any, determinant: Any = None) -> PairMoments:
        first, second = self._means(0, q_uu), self._means(0, q_vv)
        return PairMoments(
            *(_mehler(first, second, q_uv, int(name[1]), int(name[2])) for name in PairMoments._fields)
        )

    def _means(self, m: Any, q: Any) -> list[Any]:
        """E[sigma^(n)(m + sqrt(q) g)] for n = 0 ... degree, g standard normal."""
        powers = [_moment(p, m, q) for p in range(self.degree + 1)]
        return [
            sum(
                (self.coefficients[p] * (math.perm(p, n) * powers[p - n]) for p in range(n, self.degree + 1)),
                start=0.0,
            )
            for n in range(self.degree + 1)
        ]


def _moment(power: int, m: Any, q: Any) -> Any:
    """E[(m + sqrt(q) g)^power], g standard normal; m may be the number 0."""
    terms = range(power // 2 + 1) if not (isinstance(m, int) and m == 0) else [power // 2] * (power % 2 == 0)
    total = 0
    for r in terms:
        pairings = math.comb(power, 2 * r) * math.factorial(2 * r) // (2**r * math.factorial(r))
        total = total + pairings * q**r * m ** (power - 2 * r)
    return total


def _mehler(first: list[Any], second: list[Any], q_uv: Any, p: int, q: int) -> Any:
    """sum_n q_uv^n / n! first[p + n] second[q + n], by Horner."""
    total = 0.0 * q_uv
    for n in reversed(range(max(0, len(first) - max(p, q)))):
        total = total * q_uv / (n + 1) + first[p + n] * second[q + n]
    return total


@dataclasses.dataclass(frozen=True)
class Linear(PolynomialFamily):
    r""":math:`\sigma(u) = u`, :math:`\kappa = q_{uv} + m_u m_v`."""

    name: ClassVar[str] = "linear"

    @property
    def coefficients(self) -> tuple[float, ...]:
        return (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Quadratic(PolynomialFamily):
    r""":math:`\sigma(u) = u + \alpha u^2`.

    At zero mean :math:`\kappa = q_{uv} + \alpha^2(q_{uu}q_{vv} + 2q_{uv}^2)` ([C25] 11-13).
    """

    alpha: float = 1.0
    name: ClassVar[str] = "quadratic"

    def __post_init__(self) -> None:
        check.number(self.alpha, "Quadratic", "alpha")

    @property
    def coefficients(self) -> tuple[float, ...]:
        return (0.0, 1.0, float(self.alpha))


@dataclasses.dataclass(frozen=True)
class Polynomial(PolynomialFamily):
    r""":math:`\sigma(u) = \sum_p c_p u^p`, coefficients constant first."""

    coefficients: tuple[float, ...]
    name: ClassVar[str] = "polynomial"

    def __post_init__(self) -> None:
        values = check.float_array(self.coefficients, "Polynomial", "coefficients", ndim=1)
        if not values.any():
            raise InputError(
                "Polynomial: expected a non-zero coefficient, got all zeros; give at least one power"
            )
        object.__setattr__(self, "coefficients", tuple(float(c) for c in values))

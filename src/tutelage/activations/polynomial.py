"""Polynomial activations: linear, quadratic, and any degree."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from jax import Array

from tutelage.activations.arithmetic import Namespace
from tutelage.activations.closed_form import Elementary
from tutelage.activations.facts import Reflection
from tutelage.activations.half_planes import Table
from tutelage.activations.pair_geometry import MeanMoments, PairMoments
from tutelage.base import check
from tutelage.base.rows import lengths


class PolynomialFamily(Elementary):
    r""":math:`\sigma(u) = \sum_p c_p u^p`: every table is a finite sum, exact in any arithmetic.

    .. math:: k_{pq} = \sum_n \frac{q_{uv}^n}{n!}\,E[\sigma^{(p+n)}(u)]\,E[\sigma^{(q+n)}(v)]

    (Mehler's formula: the one-variable means are Isserlis moments at the two variances.)
    """

    coefficients: tuple[float, ...]
    """Coefficients of the powers, constant first."""

    longest = 1e150
    of_covariances = True

    @property
    def reflection(self) -> Reflection | None:
        """Where all powers but the lowest are odd, or even."""
        c0, c1, *higher = (*self.coefficients, 0.0, 0.0)
        even, odd = any(higher[0::2]), any(higher[1::2])
        if (c1 or odd) and not even:
            return Reflection(-1, constant=2 * c0)
        return None if odd else Reflection(1, linear=-2 * c1)

    @property
    def homogeneity(self) -> int | None:
        powers = [p for p, c in enumerate(self.coefficients) if c]
        return None if len(powers) > 1 else sum(powers)

    def __call__(self, u: Array) -> Array:
        value = 0.0 * u
        for c in reversed(self.coefficients):
            value = value * u + c
        return value

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        return _mehler(self._means(m_u, q_uu), self._means(m_v, q_vv), q_uv, 0, 0)

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        first, second = self._means(0, q_uu), self._means(0, q_vv)
        return PairMoments(
            *(_mehler(first, second, q_uv, int(name[1]), int(name[2])) for name in PairMoments._fields)
        )

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        first, second = self._means(m_u, q_uu), self._means(m_v, q_vv)
        return lambda p, q: _mehler(first, second, q_uv, p, q)

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array | float]:
        means = self._means(m, q)
        return lambda p: means[p] if p < len(means) else 0.0

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """The same sums with every coefficient and every correlation positive."""
        q_uu, q_uv, q_vv = _sizes(W, Z)
        positive = Polynomial(tuple(abs(c) for c in self.coefficients))
        return PairMoments(*(0.0 * q_uv + t for t in positive.tables(q_uu, q_uv, q_vv, np)))

    def mean_terms(
        self, tables: MeanMoments, W: np.ndarray, Z: np.ndarray, means: tuple[np.ndarray, np.ndarray]
    ) -> MeanMoments:
        """With every mean positive too."""
        q_uu, q_uv, q_vv = _sizes(W, Z)
        positive = Polynomial(tuple(abs(c) for c in self.coefficients))
        m_u, m_v = np.abs(means[0])[..., :, None], np.abs(means[1])[..., None, :]
        table = positive.mean_tables(m_u, m_v, q_uu, q_uv, q_vv, np)
        return MeanMoments(*(0.0 * q_uv + table(int(n[1]), int(n[2])) for n in MeanMoments._fields))

    def _means(self, m: Array | int, q: Array) -> list[Array | float]:
        """E[sigma^(n)(m + sqrt(q) g)] for n = 0 ... degree, g standard normal."""
        c = self.coefficients[: (self.degree or 0) + 1]
        powers = [_moment(p, m, q) for p in range(len(c))]
        return [
            sum((c[p] * (math.perm(p, n) * powers[p - n]) for p in range(n, len(c))), start=0.0)
            for n in range(len(c))
        ]


def _sizes(W: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """q_uu, |q_uv| and q_vv of all pairs of rows."""
    rows = np.swapaxes(Z, -1, -2)
    return lengths(W) ** 2, np.abs(W @ rows), np.swapaxes(lengths(Z), -1, -2) ** 2


def _moment(power: int, m: Array | int, q: Array) -> Array | int:
    """E[(m + sqrt(q) g)^power], g standard normal; m may be the number 0."""
    terms = range(power // 2 + 1) if not (isinstance(m, int) and m == 0) else [power // 2] * (power % 2 == 0)
    total = 0
    for r in terms:
        pairings = math.comb(power, 2 * r) * math.factorial(2 * r) // (2**r * math.factorial(r))
        total = total + pairings * q**r * m ** (power - 2 * r)
    return total


def _mehler(first: list[Array | float], second: list[Array | float], q_uv: Array, p: int, q: int) -> Array:
    """sum_n q_uv^n / n! first[p + n] second[q + n], by Horner."""
    total = 0.0 * q_uv
    for n in reversed(range(max(0, len(first) - max(p, q)))):
        total = total * q_uv / (n + 1) + first[p + n] * second[q + n]
    return total


@dataclasses.dataclass(frozen=True)
class Linear(PolynomialFamily):
    r""":math:`\sigma(u) = u`, :math:`\kappa = q_{uv} + m_u m_v`."""

    name = "linear"
    coefficients = (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Quadratic(PolynomialFamily):
    r""":math:`\sigma(u) = u + \alpha u^2`.

    At zero mean :math:`\kappa = q_{uv} + \alpha^2(q_{uu}q_{vv} + 2q_{uv}^2)` ([C25] 11-13).
    """

    alpha: float = 1.0
    name = "quadratic"

    def __post_init__(self) -> None:
        check.number(self.alpha, "Quadratic", "alpha")

    @property
    def coefficients(self) -> tuple[float, ...]:
        return (0.0, 1.0, float(self.alpha))


@dataclasses.dataclass(frozen=True)
class Polynomial(PolynomialFamily):
    r""":math:`\sigma(u) = \sum_p c_p u^p`, coefficients constant first."""

    coefficients: tuple[float, ...] = dataclasses.field()
    name = "polynomial"

    def __post_init__(self) -> None:
        values = check.float_array(self.coefficients, "Polynomial", "coefficients", ndim=1)
        object.__setattr__(self, "coefficients", tuple(float(c) for c in values))

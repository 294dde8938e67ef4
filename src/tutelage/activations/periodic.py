"""Sine and cosine."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction

import jax.numpy as jnp
from jax import Array

from tutelage.activations.arithmetic import Namespace
from tutelage.activations.base import Elementary
from tutelage.activations.facts import EVEN, ODD
from tutelage.activations.half_planes import Table
from tutelage.activations.pairs import PairMoments


@dataclasses.dataclass(frozen=True)
class Sin(Elementary):
    r""":math:`\sigma(u) = \sin u`, :math:`\kappa = e^{-(q_{uu}+q_{vv})/2}\sinh q_{uv}` at zero mean."""

    name = "sin"
    reflection = ODD
    independence = "linear"

    def __call__(self, u: Array) -> Array:
        return jnp.sin(u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        near, opposite = _exponentials(q_uu, q_uv, q_vv, jnp)
        return (near * jnp.cos(m_u - m_v) - opposite * jnp.cos(m_u + m_v)) / 2

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        odd, even = (near - opposite) / 2, (near + opposite) / 2
        return PairMoments(k00=odd, k11=even, k20=-odd, k02=-odd, k22=odd, k31=-even, k13=-even, k40=odd)

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        return lambda p, q: (
            (near * _turned(m_u - m_v, p - q, xp) - opposite * _turned(m_u + m_v, p + q, xp)) / 2
        )

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        return lambda p: xp.exp(-q / 2) * _turned(m, p - 1, xp)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return tuple(
            Fraction((-1) ** (p // 2), math.factorial(p)) if p % 2 else Fraction(0) for p in range(order + 1)
        )


@dataclasses.dataclass(frozen=True)
class Cos(Elementary):
    r""":math:`\sigma(u) = \cos u`, :math:`\kappa = e^{-(q_{uu}+q_{vv})/2}\cosh q_{uv}` at zero mean."""

    name = "cos"
    reflection = EVEN
    independence = "linear"

    def __call__(self, u: Array) -> Array:
        return jnp.cos(u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        near, opposite = _exponentials(q_uu, q_uv, q_vv, jnp)
        return (near * jnp.cos(m_u - m_v) + opposite * jnp.cos(m_u + m_v)) / 2

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        odd, even = (near - opposite) / 2, (near + opposite) / 2
        return PairMoments(k00=even, k11=odd, k20=-even, k02=-even, k22=even, k31=-odd, k13=-odd, k40=even)

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        return lambda p, q: (
            (near * _turned(m_u - m_v, p - q, xp) + opposite * _turned(m_u + m_v, p + q, xp)) / 2
        )

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        return lambda p: xp.exp(-q / 2) * _turned(m, p, xp)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return tuple(
            Fraction(0) if p % 2 else Fraction((-1) ** (p // 2), math.factorial(p)) for p in range(order + 1)
        )


def _turned(m: Array, quarters: int, xp: Namespace) -> Array:
    """cos(m + quarters * pi / 2)."""
    value = xp.sin(m) if quarters % 2 else xp.cos(m)
    return -value if quarters % 4 in (1, 2) else value


def _exponentials(q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace) -> tuple[Array, Array]:
    """exp(-|w - z|^2 / 2) and exp(-|w + z|^2 / 2): sums of variances, which never overflow as sinh does."""
    half = (q_uu + q_vv) / 2
    return xp.exp(q_uv - half), xp.exp(-q_uv - half)

"""Sine and cosine."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import jax.numpy as jnp
from jax import Array

from tutelage.activations.arithmetic import JAX, Namespace
from tutelage.activations.closed_form import Elementary
from tutelage.activations.facts import EVEN, ODD
from tutelage.activations.half_planes import Table
from tutelage.activations.pair_geometry import MeanMoments, Pair, PairMoments, mean_moments


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
        return _sin_tables((near - opposite) / 2, (near + opposite) / 2)

    def closed(self, pair: Pair, xp: ModuleType) -> PairMoments:
        return _sin_tables(*_odd_and_even(pair, xp))

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        return _with_means(m_u, m_v, (near + opposite) / 2, (near - opposite) / 2, xp, quarters=-1)

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        odd, even = _odd_and_even(pair, jnp)
        return mean_moments(_with_means(*pair.means, even, odd, JAX, quarters=-1), pair, order)

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
        return _sin_tables((near + opposite) / 2, (near - opposite) / 2)

    def closed(self, pair: Pair, xp: ModuleType) -> PairMoments:
        return _sin_tables(*reversed(_odd_and_even(pair, xp)))

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        near, opposite = _exponentials(q_uu, q_uv, q_vv, xp)
        return _with_means(m_u, m_v, (near + opposite) / 2, (near - opposite) / 2, xp)

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        odd, even = _odd_and_even(pair, jnp)
        return mean_moments(_with_means(*pair.means, even, odd, JAX), pair, order)

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


def _with_means(m_u: Array, m_v: Array, even: Array, odd: Array, xp: Namespace, quarters: int = 0) -> Table:
    r"""k_pq of the cosine, or of the cosine turned: sums of products, where sums of angles would cancel at small means.

    :math:`E\cos u\cos v = C\cos m_u\cos m_v + S\sin m_u\sin m_v`, C and S the moments of cosines and sines without means.
    """

    def table(p: int, q: int) -> Array:
        p, q = p + quarters, q + quarters
        return even * _turned(m_u, p, xp) * _turned(m_v, q, xp) + odd * _turned(m_u, p - 1, xp) * _turned(
            m_v, q - 1, xp
        )

    return table


def _sin_tables(same: Array, slopes: Array) -> PairMoments:
    r"""All tables of sine, and of cosine: both have :math:`\sigma'' = -\sigma`, so that two means are all there are."""
    return PairMoments(
        k00=same, k11=slopes, k20=-same, k02=-same, k22=same, k31=-slopes, k13=-slopes, k40=same
    )


def _odd_and_even(pair: Pair, xp: ModuleType) -> tuple[Array, Array]:
    r""":math:`e^{-(q_{uu}+q_{vv})/2}` times sinh and cosh of q_uv, from the distance of the neurons.

    :math:`|w \mp z|^2 = (|w| - |z|)^2 + 2\det/(|w||z| + |q_{uv}|)`: the exponents of long neurons, differences of large
    numbers, keep their digits, and so does the difference of two exponentials near 1 that short neurons have.
    """
    sign = xp.where(pair.q_uv < 0, -1.0, 1.0)  # not jnp.sign, nor abs: both have the slope 0 at 0
    total, q = pair.q_uu + pair.q_vv, sign * pair.q_uv
    both = (pair.q_uu > 0) & (pair.q_vv > 0)
    product = xp.sqrt(xp.where(both, pair.q_uu, 1.0)) * xp.sqrt(xp.where(both, pair.q_vv, 1.0))
    # (|w| - |z|)^2 = (q_uu - q_vv)^2 / (|w| + |z|)^2
    apart = (pair.q_uu - pair.q_vv) ** 2 / (total + 2 * product) + 2 * pair.determinant / (product + q)
    near = xp.exp(-xp.where(both, apart, total) / 2)
    opposite = xp.expm1(-2 * q)
    return -sign * near * opposite / 2, near * (2 + opposite) / 2


def _exponentials(q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace) -> tuple[Array, Array]:
    """exp(-|w - z|^2 / 2) and exp(-|w + z|^2 / 2): sums of variances, which never overflow as sinh does."""
    half = (q_uu + q_vv) / 2
    return xp.exp(q_uv - half), xp.exp(-q_uv - half)

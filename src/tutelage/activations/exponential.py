"""The exponential and the Gaussian bump."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.arithmetic import Namespace
from tutelage.activations.closed_form import Elementary
from tutelage.activations.erf import NormalCdf
from tutelage.activations.facts import EVEN
from tutelage.activations.half_planes import Table
from tutelage.activations.pair_geometry import MeanMoments, PairMoments
from tutelage.base.rows import lengths


@dataclasses.dataclass(frozen=True)
class Exp(Elementary):
    r""":math:`\sigma(u) = e^u`; every table is :math:`e^{(q_{uu}+q_{vv})/2 + q_{uv}}`."""

    name = "exp"
    translation = 1.0
    independence = "linear"

    def __call__(self, u: Array) -> Array:
        return jnp.exp(u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        return jnp.exp(m_u + m_v + (q_uu + q_vv) / 2 + q_uv)

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        k = xp.exp((q_uu + q_vv) / 2 + q_uv)
        return PairMoments(*(k for _ in PairMoments._fields))

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        k = xp.exp(m_u + m_v + (q_uu + q_vv) / 2 + q_uv)
        return lambda p, q: k

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        s = xp.exp(m + q / 2)
        return lambda p: s

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """The exponent is rounded relative to its size, and the exponential absolutely in its exponent."""
        exponents = 1 + (lengths(W) + np.swapaxes(lengths(Z), -1, -2)) ** 2 / 2
        return PairMoments(*(exponents * table for table in tables))

    def mean_terms(
        self, tables: MeanMoments, W: np.ndarray, Z: np.ndarray, means: tuple[np.ndarray, np.ndarray]
    ) -> MeanMoments:
        of_means = np.abs(means[0])[..., :, None] + np.abs(means[1])[..., None, :]
        exponents = 1 + (lengths(W) + np.swapaxes(lengths(Z), -1, -2)) ** 2 / 2 + of_means
        return MeanMoments(*(exponents * table for table in tables))

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(1, math.factorial(p)) for p in range(order + 1))


@dataclasses.dataclass(frozen=True)
class GaussianBump(Elementary):
    r""":math:`\sigma(u) = e^{-u^2/2}`, :math:`\kappa = D^{-1/2}` at zero mean.

    :math:`D = |I + C| = 1 + q_{uu} + q_{vv} + \det C`, C the covariance of (u, v).
    """

    name = "gaussian_bump"
    reflection = EVEN
    independence = "affine"

    def __call__(self, u: Array) -> Array:
        return jnp.exp(-u * u / 2)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        D = 1 + q_uu + q_vv + (q_uu * q_vv - q_uv**2)
        quadratic = (1 + q_vv) * m_u**2 - 2 * q_uv * m_u * m_v + (1 + q_uu) * m_v**2
        return jnp.exp(-quadratic / (2 * D)) / jnp.sqrt(D)

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        if determinant is None:
            determinant = q_uu * q_vv - q_uv * q_uv
        A, B, D = 1 + q_uu, 1 + q_vv, 1 + q_uu + q_vv + determinant
        k00 = 1 / xp.sqrt(D)
        first = k00 / D
        second = first / D
        return PairMoments(
            k00=k00,
            k11=q_uv * first,
            k20=-B * first,
            k02=-A * first,
            k22=first + 3 * q_uv * q_uv * second,
            k31=-3 * q_uv * B * second,
            k13=-3 * q_uv * A * second,
            k40=3 * B * B * second,
        )

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        r"""The bump is :math:`\sqrt{2\pi}\,\Phi'` (science 9)."""
        table = NormalCdf().mean_tables(m_u, m_v, q_uu, q_uv, q_vv, xp, determinant)
        return lambda p, q: 2 * xp.pi * table(p + 1, q + 1)

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        mean = NormalCdf().mean_table(m, q, xp)
        return lambda p: xp.sqrt(2 * xp.pi) * mean(p + 1)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        def even(p: int) -> Fraction:
            return Fraction((-1) ** (p // 2), 2 ** (p // 2) * math.factorial(p // 2))

        return tuple(Fraction(0) if p % 2 else even(p) for p in range(order + 1))

"""The error function erf(scale u) ([C25] section 5) and the normal distribution function, its affine image."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import erf, ndtr

from tutelage.activations.arithmetic import Namespace
from tutelage.activations.bivariate import covariance_of_signs
from tutelage.activations.closed_form import Elementary
from tutelage.activations.facts import ODD, Reflection
from tutelage.activations.half_planes import Table, half_line, half_planes
from tutelage.activations.pair_geometry import PairMoments
from tutelage.base import check


@dataclasses.dataclass(frozen=True)
class NormalCdf(Elementary):
    r""":math:`\sigma(u) = \Phi(u)`, the standard normal distribution function.

    At zero mean :math:`\kappa = \tfrac14 + \tfrac1{2\pi}\arcsin\frac{q_{uv}}{\sqrt{(1+q_{uu})(1+q_{vv})}}`; with means it is
    a bivariate normal probability.
    """

    name = "normal_cdf"
    reflection = Reflection(-1, constant=1.0)
    independence = "affine"

    def __call__(self, u: Array) -> Array:
        return ndtr(u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        A, B, D = 1 + q_uu, 1 + q_vv, 1 + q_uu + q_vv + (q_uu * q_vv - q_uv**2)
        first, second = ndtr(m_u / jnp.sqrt(A)), ndtr(m_v / jnp.sqrt(B))
        return first * second + covariance_of_signs(m_u, m_v, A, q_uv, B, D) / 4

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        r"""Closed tables. With A = 1 + q_uu and B = 1 + q_vv, the determinant AB - q_uv^2 is a sum of positive
        terms, D = 1 + q_uu + q_vv + det, which keeps its digits for long nearly parallel neurons."""
        t = _with_arcsine(q_uu, q_uv, q_vv, xp, determinant)
        return t._replace(k00=t.k00 / (2 * xp.pi) + 0.25)

    def own_square(self, q: Array, refine: int = 1) -> Array:
        r"""Twice the slope of :math:`k_{11} = 1/(2\pi\sqrt{1 + 2q})`."""
        return -1 / (math.pi * (1 + 2 * q) ** 1.5)

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None, signs: bool = False,
    ) -> Table:  # fmt: skip
        r"""Those of the step function of u and an independent noise of variance 1 (science 9)."""
        if determinant is None:
            determinant = q_uu * q_vv - q_uv * q_uv
        A, B, D = 1 + q_uu, 1 + q_vv, 1 + q_uu + q_vv + determinant
        table = half_planes(m_u, m_v, A, q_uv, B, D, xp, signs)
        return lambda p, q: table(p + 1, q + 1)

    def mean_table(self, m: Array, q: Array, xp: Namespace, signs: bool = False) -> Callable[[int], Array]:
        mean = half_line(m, 1 + q, xp, signs)
        return lambda p: mean(p + 1)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        r"""Those of :math:`\sqrt{2\pi}(\Phi(u) - \tfrac12)`: the constant, no rational multiple of the rest, is left out."""
        return tuple(_odd_series(p) / 2 ** (p // 2) for p in range(order + 1))


def _with_arcsine(
    q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None
) -> PairMoments:
    r"""The tables of the normal distribution function, with the arcsine of its kernel in place of k_00: a function that takes
    1/4 from it would lose digits at small correlations."""
    if determinant is None:
        determinant = q_uu * q_vv - q_uv * q_uv
    A, B, D = 1 + q_uu, 1 + q_vv, 1 + q_uu + q_vv + determinant
    root = xp.sqrt(D)
    k11 = 1 / (2 * xp.pi * root)
    slope, fall = q_uv * k11, k11 / D
    k20 = -slope / A
    return PairMoments(
        k00=xp.atan2(q_uv, root),
        k11=k11,
        k20=k20,
        k02=-slope / B,
        k22=q_uv * fall,
        k31=-B * fall,
        k13=-A * fall,
        k40=-k20 * (2 / A + B / D),
    )


@dataclasses.dataclass(frozen=True)
class Erf(Elementary):
    r""":math:`\sigma(u) = \mathrm{erf}(s u)`; s = 1 as in [C25], s = 1/sqrt(2) for Saad and Solla.

    .. math:: \kappa = \frac{2}{\pi}\arcsin\frac{2 s^2 q_{uv}}{\sqrt{(1+2s^2q_{uu})(1+2s^2q_{vv})}}
    """

    scale: float = 1.0
    name = "erf"
    reflection = ODD
    independence = "affine"

    def __post_init__(self) -> None:
        check.number(self.scale, "Erf", "scale", above=0.0)

    @property
    def longest(self) -> float:
        return NormalCdf.longest / max(self.scale, 1.0)

    @property
    def erf_scale(self) -> float:
        return self.scale

    def __call__(self, u: Array) -> Array:
        return erf(self.scale * u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        m_u, m_v = (math.sqrt(2) * self.scale * m for m in (m_u, m_v))
        q_uu, q_uv, q_vv = map(self._double, (q_uu, q_uv, q_vv))
        A, B, D = 1 + q_uu, 1 + q_vv, 1 + q_uu + q_vv + (q_uu * q_vv - q_uv**2)
        first, second = erf(m_u / jnp.sqrt(2 * A)), erf(m_v / jnp.sqrt(2 * B))
        return first * second + covariance_of_signs(m_u, m_v, A, q_uv, B, D)

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        r"""Closed tables ([C25] 16-18; science 2.2), those of the normal CDF rescaled:
        :math:`\mathrm{erf}(su) = 2\Phi(\sqrt2 s u) - 1`."""
        if determinant is not None:
            determinant = self._double(self._double(determinant))
        t = _with_arcsine(*map(self._double, (q_uu, q_uv, q_vv)), xp, determinant)
        first, second = (lambda k: 4 * self._double(k)), (lambda k: 4 * self._double(self._double(k)))
        if self.scale == 1.0:  # the same numbers
            first, second = (lambda k: 8 * k), (lambda k: 16 * k)
        return PairMoments(
            2 * t.k00 / xp.pi,
            *map(first, (t.k11, t.k20, t.k02)),
            *map(second, (t.k22, t.k31, t.k13, t.k40)),
        )

    def own_square(self, q: Array, refine: int = 1) -> Array:
        return 4 * self._double(self._double(NormalCdf().own_square(self._double(q))))

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        r"""Those of the sign of :math:`\sqrt2su` and a noise of variance 1."""
        rate = xp.sqrt(2) * self.scale
        if determinant is not None:
            determinant = self._double(self._double(determinant))
        q = map(self._double, (q_uu, q_uv, q_vv))
        table = NormalCdf().mean_tables(rate * m_u, rate * m_v, *q, xp, determinant, signs=True)
        return lambda p, q: rate ** (p + q) * table(p, q)

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        rate = xp.sqrt(2) * self.scale
        mean = NormalCdf().mean_table(rate * m, self._double(q), xp, signs=True)
        return lambda p: rate**p * mean(p)

    def _double(self, q: Array) -> Array:
        """2 s^2 q, the scale multiplied in last: exact arithmetics then see the float s itself."""
        return 2 * q if self.scale == 1.0 else 2 * self.scale * (self.scale * q)

    def taylor(self, order: int) -> tuple[Fraction, ...]:
        r"""Those of :math:`\tfrac{\sqrt\pi}{2}\,\mathrm{erf}(s u)`."""
        s = Fraction(self.scale)
        return tuple(_odd_series(p) * s**p for p in range(order + 1))


def _odd_series(power: int) -> Fraction:
    """Coefficient of u^power in the integral of exp(-t^2) from 0 to u."""
    m = power // 2
    return Fraction((-1) ** m, math.factorial(m) * power) if power % 2 else Fraction(0)

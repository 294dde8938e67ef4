"""The Gaussian error linear unit u Phi(u), in closed form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

from jax import Array
from jax.scipy.special import ndtr

from tutelage.activations.arithmetic import Namespace
from tutelage.activations.closed_form import Elementary
from tutelage.activations.facts import Reflection
from tutelage.activations.half_planes import Table, half_line, half_planes
from tutelage.activations.pair_geometry import PairMoments
from tutelage.activations.positive_part import positive_part_dual


@dataclasses.dataclass(frozen=True)
class Gelu(Elementary):
    r""":math:`\sigma(u) = u\,\Phi(u)` (science 2.4).

    With :math:`D = (1+q_{uu})(1+q_{vv}) - q_{uv}^2` and :math:`\phi = 1/(2\pi\sqrt D)`, at zero mean

    .. math:: \kappa = q_{uv}\kappa_\Phi + \Bigl(q_{uu}q_{vv} + q_{uv}^2
        - \frac{q_{uu}q_{uv}^2}{1+q_{uu}} - \frac{q_{vv}q_{uv}^2}{1+q_{vv}}\Bigr)\phi
    """

    name = "gelu"
    reflection = Reflection(1, linear=-1.0)
    independence = "affine"

    def __call__(self, u: Array) -> Array:
        return u * ndtr(u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        return positive_part_dual(m_u, m_v, q_uu, q_uv, q_vv, noise=1.0)

    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        r"""Derivatives of :math:`\kappa = q\,\kappa_\Phi + g\phi` by hand, their large terms cancelled by
        :math:`AB = D + q^2`: with S = 1/A + 1/B what is left of k_11, k_22 and k_31 are sums of one sign."""
        q, a, b = q_uv, q_uu, q_vv
        det = a * b - q * q if determinant is None else determinant
        A, B, D = 1 + a, 1 + b, 1 + a + b + det
        S, phi = 1 / A + 1 / B, 1 / (2 * xp.pi * xp.sqrt(D))
        k_cdf = xp.atan2(q, xp.sqrt(D)) / (2 * xp.pi) + 0.25
        r = q * q / D

        def with_respect_to_u(A: Array, B: Array, b: Array) -> tuple[Array, ...]:
            e = det / A + 2 * (b + det) / (A * A) - r / A  # k_20 = phi e
            e_a = (b + 2 * b / A + r / A + B * r / D) / A - (det + 4 * (b + det) / A) / (A * A)
            k31 = -phi * q * (2 / (A * A) + 1 / A + B * S / D + 3 * B / (D * D))
            return phi * e, k31, phi * (2 * e_a - B * e / D)

        k20, k31, k40 = with_respect_to_u(A, B, b)
        k02, k13, _ = with_respect_to_u(B, A, a)
        return PairMoments(
            k00=q * k_cdf + phi * (det + q * q * S),
            k11=k_cdf + phi * q * (S + 1 / D),
            k20=k20,
            k02=k02,
            k22=phi * (1 + S + 1 / D + r * (S + 3 / D)),
            k31=k31,
            k13=k13,
            k40=k40,
        )

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table:  # fmt: skip
        r""":math:`u\Phi(u) = \tilde R - \tilde R''`, :math:`\tilde R` the mean positive part of u and a noise (science 9)."""
        det = q_uu * q_vv - q_uv * q_uv if determinant is None else determinant
        A, B = 1 + q_uu, 1 + q_vv
        table = half_planes(m_u, m_v, A, q_uv, B, 1 + q_uu + q_vv + det, xp)

        def value() -> Array:
            """k_00 without the differences, which lose the digits of small neurons (:func:`positive_part_dual`)."""
            both, at_u, at_v, density = table(1, 1), table(2, 1), table(1, 2), table(2, 2)
            return (
                (m_u * m_v + q_uv) * both
                + m_u * (q_vv * at_v + q_uv * at_u)
                + m_v * (q_uu * at_u + q_uv * at_v)
                - q_uv * (q_uu * m_u * at_u / A + q_vv * m_v * at_v / B)
                + (det + q_uv * q_uv * (1 / A + 1 / B)) * density
            )

        def moment(p: int, q: int) -> Array:
            if p == q == 0:
                return value()
            return table(p, q) - table(p + 2, q) - table(p, q + 2) + table(p + 2, q + 2)

        return moment

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array]:
        mean = half_line(m, 1 + q, xp)
        return lambda p: mean(p) - mean(p + 2)

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        r"""Zero at 0; :math:`u/2 + u^2/\sqrt{2\pi} + \dots` is irrational."""
        return None if order else (Fraction(0),)

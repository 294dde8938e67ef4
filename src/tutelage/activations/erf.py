"""The error function, erf(scale u) ([C25] section 5)."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any, ClassVar

import jax.numpy as jnp
from jax.scipy.special import erf

from tutelage import check
from tutelage.activations.base import Elementary, Parity
from tutelage.activations.pairs import PairMoments


@dataclasses.dataclass(frozen=True)
class Erf(Elementary):
    r""":math:`\sigma(u) = \mathrm{erf}(s u)`; s = 1 as in [C25], s = 1/sqrt(2) for Saad and Solla.

    .. math:: \kappa = \frac{2}{\pi}\arcsin\frac{2 s^2 q_{uv}}{\sqrt{(1+2s^2q_{uu})(1+2s^2q_{vv})}}
    """

    scale: float = 1.0
    name: ClassVar[str] = "erf"

    def __post_init__(self) -> None:
        check.number(self.scale, "Erf", "scale", above=0.0)

    def __call__(self, u: Any) -> Any:
        return erf(self.scale * u)

    def dual(self, m_u: Any, m_v: Any, q_uu: Any, q_uv: Any, q_vv: Any) -> Any:
        s2 = 2 * self.scale**2
        return 2 / jnp.pi * jnp.arcsin(s2 * q_uv / jnp.sqrt((1 + s2 * q_uu) * (1 + s2 * q_vv)))

    def tables(self, q_uu: Any, q_uv: Any, q_vv: Any, xp: Any, determinant: Any = None) -> PairMoments:
        r"""Closed tables ([C25] 16-18; SCIENCE.md section 2).

        With :math:`A = 1 + 2s^2q_{uu}`, :math:`B = 1 + 2s^2q_{vv}` the determinant of [C25] is
        :math:`D = AB - 4s^4q_{uv}^2 = 1 + 2s^2(q_{uu}+q_{vv}) + 4s^4\det`, a sum of positive terms.
        """
        if determinant is None:
            determinant = q_uu * q_vv - q_uv * q_uv
        s = self.scale  # multiplied into q, never squared alone: exact arithmetics then see the float s itself
        p_uu, p_uv, p_vv = (2 * s * (s * q) for q in (q_uu, q_uv, q_vv))
        A, B, D = 1 + p_uu, 1 + p_vv, 1 + p_uu + p_vv + 4 * s * (s * (s * (s * determinant)))
        root = xp.sqrt(D)
        k11 = 4 * s * (s / (xp.pi * root))
        scaled = 2 * s * (s * k11)
        return PairMoments(
            k00=2 * xp.atan2(p_uv, root) / xp.pi,
            k11=k11,
            k20=-p_uv * k11 / A,
            k02=-p_uv * k11 / B,
            k22=p_uv * scaled / D,
            k31=-B * scaled / D,
            k13=-A * scaled / D,
            k40=p_uv * scaled / A * (2 / A + B / D),
        )

    @property
    def parity(self) -> Parity:
        return "odd"

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        s = Fraction(self.scale)
        even, odd = Fraction(0), lambda m: Fraction((-1) ** m, math.factorial(m) * (2 * m + 1)) * s ** (2 * m + 1)
        return tuple(odd(p // 2) if p % 2 else even for p in range(order + 1))

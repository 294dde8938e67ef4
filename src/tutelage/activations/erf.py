"""The error function, erf(scale u) ([C25] section 5)."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any, ClassVar

import jax.numpy as jnp
from jax.scipy.special import erf

from tutelage import check
from tutelage.activations.base import Activation, Parity


@dataclasses.dataclass(frozen=True)
class Erf(Activation):
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

    @property
    def parity(self) -> Parity:
        return "odd"

    def taylor(self, order: int) -> tuple[Fraction, ...] | None:
        s = Fraction(self.scale)
        even, odd = Fraction(0), lambda m: Fraction((-1) ** m, math.factorial(m) * (2 * m + 1)) * s ** (2 * m + 1)
        return tuple(odd(p // 2) if p % 2 else even for p in range(order + 1))

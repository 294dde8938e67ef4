"""The few functions that elementary tables need, in float64 JAX and in the balls of python-flint."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, ndtr

from tutelage.activations.bivariate import correlated_signs, crossing

if TYPE_CHECKING:
    from flint import arb

Namespace = ModuleType | SimpleNamespace
"""Where tables find ``sqrt exp sin cos sinh cosh atan2 pi``; those with means also
``erf normal_cdf correlated_signs crossing``."""

JAX = SimpleNamespace(
    pi=jnp.pi, sqrt=jnp.sqrt, exp=jnp.exp, sin=jnp.sin, cos=jnp.cos, erf=erf, normal_cdf=ndtr,
    correlated_signs=correlated_signs, crossing=crossing,
)  # fmt: skip
"""The namespace of float64 arrays."""

COMPLEX = SimpleNamespace(
    pi=np.pi, sqrt=np.sqrt, exp=np.exp, sin=np.sin, cos=np.cos, sinh=np.sinh, cosh=np.cosh,
    atan2=lambda y, x: np.arctan(y / x),
)  # fmt: skip
"""The namespace of complex arrays near the positive reals."""


def arb_functions() -> SimpleNamespace:
    """The namespace ``xp`` of :class:`Elementary` tables in rigorous ball arithmetic (``flint.ctx.prec`` bits)."""
    from flint import acb, arb

    def signs(h: arb, k: arb, cosine: arb, sine: arb) -> arb:
        def of_angle(theta: acb, _: bool) -> acb:
            return (-(h * h - 2 * h * k * theta.sin() + k * k) / (2 * theta.cos() ** 2)).exp()

        h, k, cosine, sine = map(arb, (h, k, cosine, sine))
        if not abs(cosine) > sine:
            return 2 / arb.pi() * acb.integral(of_angle, 0, arb.atan2(cosine, sine)).real
        sign = 1 if cosine > 0 else -1
        k = sign * k
        apart = (h - k) * (h - k)  # a power of a ball around 0 is none

        def of_logarithm(y: acb, _: bool) -> acb:
            """The integrand of :func:`correlated_signs` in log t, where a layer at t = 0, however thin, is as wide as any."""
            t = (2 * y).exp()
            p = 1 + t
            return y.exp() / p * (-(apart * p / 4 + h * k * t) * p / (2 * t)).exp()

        end = sine / ((cosine * cosine + sine * sine).sqrt() + abs(cosine))
        return sign * 4 / arb.pi() * acb.integral(of_logarithm, end.log(), 0).real

    class Functions(SimpleNamespace):
        @property
        def pi(self) -> arb:
            return arb.pi()  # at the precision of the moment, not of the definition

    return Functions(
        sqrt=lambda x: arb(x).sqrt(),
        exp=lambda x: arb(x).exp(),
        sin=lambda x: arb(x).sin(),
        cos=lambda x: arb(x).cos(),
        sinh=lambda x: arb(x).sinh(),
        cosh=lambda x: arb(x).cosh(),
        atan2=lambda y, x: arb.atan2(arb(y), arb(x)),
        erf=lambda x: arb(x).erf(),
        normal_cdf=lambda x: (-arb(x) / arb(2).sqrt()).erfc() / 2,
        correlated_signs=signs,
        crossing=lambda h, other, cosine, sine: (other - cosine * h) / sine,
    )

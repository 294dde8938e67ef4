"""The bivariate normal distribution function with means, by quadrature in the correlation."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

# Tanh-sinh nodes on [0, 1] as distances from the end 1, so that a layer at that end, however thin, is resolved.
# Analytic integrands need a step of 1/12; the layer exp(-(h - k)^2 / (8 t^2)) at r = 1 needs 1/64 for 1e-15: 1/32 leaves
# 2e-11 where |h - k| is near 4e-5, 1/48 leaves 6e-14.
_STEP = 1 / 64
_T = _STEP * np.arange(-204, 205)
_S = np.pi / 2 * np.sinh(_T)
_FROM_END = 1 / (1 + np.exp(2 * _S))
_WEIGHTS = np.pi / 2 * np.cosh(_T) / (2 * np.cosh(_S) ** 2) * _STEP

FAR = 1e3
"""Standard deviations beyond which a Gaussian density is 0 in float64; a constant neuron stands there."""


def covariance_of_signs(
    m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, determinant: Array
) -> Array:
    r""":math:`\mathrm{Cov}(\mathrm{sign}\,u, \mathrm{sign}\,v)` for Gaussian (u, v) of these means and covariances.

    Exact at zero means. Then P(u > 0, v > 0) = Phi(h) Phi(k) + this / 4. ``determinant`` is passed because it must not
    be formed by cancellation; it may be 0.
    """
    return correlated_signs(m_u / jnp.sqrt(q_uu), m_v / jnp.sqrt(q_vv), q_uv, jnp.sqrt(determinant))


def correlated_signs(h: Array, k: Array, cosine: Array, sine: Array) -> Array:
    r"""The same of standard deviations h and k from the origin and a correlation, the cosine, up to a common factor.

    .. math:: \frac2\pi\int_0^{\arcsin r}\exp\Bigl(-\frac{h^2 - 2hk\sin\theta + k^2}{2\cos^2\theta}\Bigr)d\theta,
        \qquad h = \frac{m_u}{\sqrt{q_{uu}}},\; k = \frac{m_v}{\sqrt{q_{vv}}}

    (Plackett 1954; the substitution is Drezner and Wesolowsky's). In :math:`t = \tan\frac{\pi/2 - \theta}{2}` the integrand
    is :math:`\frac{2}{1 + t^2}\exp(-((h - k)^2(1 + t^2)/4 + hkt^2)(1 + t^2)/(2t^2))`: one exponential a node, no sines.
    """
    sign = jnp.where(cosine >= 0, 1.0, -1.0)
    k, cosine = k * sign, jnp.abs(cosine)
    # Whether r > 0 or not, the layer (if any) is now at the end r = 1.
    hypotenuse = jnp.hypot(cosine, sine)
    end = sine / (hypotenuse + cosine)
    length = (cosine + cosine * (cosine / (hypotenuse + sine))) / (hypotenuse + cosine)  # 1 - end
    t = (end[..., None] + length[..., None] * _FROM_END) ** 2
    apart, product = ((h - k) ** 2 / 4)[..., None], (h * k)[..., None]
    inverse = 1 / (t * (1 + t))
    exponent = (apart * (1 + t) + product * t) * (1 + t) ** 2 * inverse / 2
    total = jnp.sum(_WEIGHTS * t * inverse * jnp.exp(-exponent), axis=-1)
    return sign * 4 / jnp.pi * length * total


def crossing(h: Array, other: Array, cosine: Array, sine: Array) -> Array:
    r""":math:`x = (h' - \cos\varphi\,h)/\sin\varphi`, without the difference of nearly equal numbers near 0 and pi.

    Parallel lines cross infinitely far away, a line and itself nowhere in particular: 0.
    """
    side = jnp.where(cosine >= 0, 1.0, -1.0)
    apart = other - side * h
    ratio = jnp.where(sine > 0, apart / jnp.where(sine > 0, sine, 1.0), FAR * jnp.sign(apart))
    return jnp.clip(ratio + side * h * sine / (1 + jnp.abs(cosine)), -FAR, FAR)


def given(h: Array, other: Array, cosine: Array, sine: Array) -> Array:
    r""":math:`h' - \cos\varphi\,h`."""
    side = jnp.where(cosine >= 0, 1.0, -1.0)
    return other - side * h + side * h * sine**2 / (1 + jnp.abs(cosine))

"""The bivariate normal distribution function with means, by quadrature in the correlation."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

# Tanh-sinh nodes on [0, 1] as distances from the end 1, so that a layer at that end, however thin, is resolved.
# Analytic integrands need a step of 1/12; the layer exp(-(h - k)^2 / (2 theta^2)) at r = 1 needs 1/32 for 1e-13.
_STEP = 1 / 32
_T = _STEP * np.arange(-102, 103)
_S = np.pi / 2 * np.sinh(_T)
_FROM_END = 1 / (1 + np.exp(2 * _S))
_WEIGHTS = np.pi / 2 * np.cosh(_T) / (2 * np.cosh(_S) ** 2) * _STEP


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

    (Plackett 1954; the substitution is Drezner and Wesolowsky's.)
    """
    sign = jnp.where(cosine >= 0, 1.0, -1.0)
    k = k * sign
    # Whether r > 0 or not, the layer (if any) is now at the end r = 1.
    end = jnp.arctan2(sine, jnp.abs(cosine))  # pi/2 - arcsin |r|
    length = jnp.arctan2(jnp.abs(cosine), sine)
    theta = end[..., None] + length[..., None] * _FROM_END  # pi/2 - theta of the formula
    h, k = h[..., None], k[..., None]
    cosine = jnp.sin(theta)
    safe = jnp.where(cosine > 0, cosine, 1.0)
    exponent = (h - k) ** 2 / (2 * safe**2) + h * k / (1 + jnp.cos(theta))
    total = jnp.sum(_WEIGHTS * jnp.exp(-exponent), axis=-1)
    return sign * 2 / jnp.pi * length * total

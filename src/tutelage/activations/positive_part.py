"""The product of two noisy positive parts: one formula behind ReLU, its relatives and GELU, with means."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import ndtr

from tutelage.activations.bivariate import covariance_of_signs


def positive_part_dual(m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, noise: float) -> Array:
    r""":math:`E[u\,v\,G]`, :math:`G = P(u + \epsilon_1 > 0, v + \epsilon_2 > 0)`, noise of this variance.

    Noise 0 gives ReLU, noise 1 GELU (:math:`u\Phi(u) = E[u 1_{u+\epsilon>0}]`). By Stein's lemma in the means, with
    :math:`A = q_{uu} + t`, :math:`B = q_{vv} + t` and :math:`D = AB - q_{uv}^2`:

    .. math:: \kappa = (m_um_v + q_{uv})G + m_u(q_{vv}G_v + q_{uv}G_u) + m_v(q_{uu}G_u + q_{uv}G_v)
        + q_{uv}(q_{uu}G_{uu} + q_{vv}G_{vv}) + (q_{uu}q_{vv} + q_{uv}^2)G_{uv}
    """
    determinant = jnp.maximum(q_uu * q_vv - q_uv**2, 0.0)
    A, B, D = q_uu + noise, q_vv + noise, determinant + noise * (q_uu + q_vv) + noise**2
    safe_A, safe_B = jnp.where(A > 0, A, 1.0), jnp.where(B > 0, B, 1.0)
    safe_D = jnp.where(D > 0, D, 1.0)
    # A pre-activation of variance 0 and mean 0 has sign probability 1/2; it is multiplied by zero below.
    first, second = ndtr(m_u / jnp.sqrt(safe_A)), ndtr(m_v / jnp.sqrt(safe_B))
    G = first * second + covariance_of_signs(m_u, m_v, safe_A, q_uv, safe_B, D) / 4
    G_u = _slope(m_u, m_v, safe_A, q_uv, safe_D, D)
    G_v = _slope(m_v, m_u, safe_B, q_uv, safe_D, D)
    exponent = (m_u**2 * B - 2 * q_uv * m_u * m_v + m_v**2 * A) / (2 * safe_D)
    # The three second derivatives share the density G_uv; gathered, their coefficients leave no cancellation:
    # q_uu q_vv + q_uv^2 (1 - q_uu / A - q_vv / B) = det + noise q_uv^2 (1 / A + 1 / B).
    scaled_density = jnp.exp(-exponent) / (2 * jnp.pi * jnp.sqrt(safe_D))
    density = jnp.where(D > 0, scaled_density, 0.0)
    gathered = determinant + noise * q_uv**2 * (1 / safe_A + 1 / safe_B)
    return (
        (m_u * m_v + q_uv) * G
        + m_u * (q_vv * G_v + q_uv * G_u)
        + m_v * (q_uu * G_u + q_uv * G_v)
        - q_uv * (q_uu * m_u * G_u / safe_A + q_vv * m_v * G_v / safe_B)
        + gathered * density
    )


def positive_part_mean(m: Array, q: Array) -> Array:
    """E max(u, 0) for u of mean m and variance q."""
    safe = jnp.where(q > 0, q, 1.0)
    smooth = m * ndtr(m / jnp.sqrt(safe)) + jnp.sqrt(safe / (2 * jnp.pi)) * jnp.exp(-(m**2) / (2 * safe))
    return jnp.where(q > 0, smooth, jnp.maximum(m, 0.0))


def _slope(m: Array, other: Array, A: Array, q_uv: Array, safe_D: Array, D: Array) -> Array:
    """dG/dm: the density of one noisy variable at 0 times the probability of the other given it."""
    numerator = other - q_uv * m / A
    given = jnp.where(D > 0, ndtr(numerator * jnp.sqrt(A / safe_D)), (1 + jnp.sign(numerator)) / 2)
    return jnp.exp(-(m**2) / (2 * A)) / jnp.sqrt(2 * jnp.pi * A) * given

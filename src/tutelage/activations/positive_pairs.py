r"""Moments of the positive parts of a pair with means, without noise: ReLU and its relatives (science 9).

In units of the neurons' norms, :math:`h_u = m_u/|w|`, with the angle :math:`\varphi` between them and
:math:`x_u = (h_v - \cos\varphi\,h_u)/\sin\varphi`, the line u = 0 is crossed by v = 0 at distance :math:`|x_u|` from its foot:

.. math:: E[1_{u>0}1_{v>0}xx^T] = k_{11}I - h_uf_u\hat w\hat w^T - h_vf_v\hat v\hat v^T + g(\hat wn_w^T + \hat vn_v^T),\quad
    f_u = \varphi(h_u)\Phi(x_u),\; g = \frac{e^{-(h_u^2 + x_u^2)/2}}{2\pi}

(the boundary terms of the wedge). All are bounded; :math:`k_{22} = g/(|w||v|\sin\varphi)` alone is not, and only the last
term, which close pairs carry in their plane, contains it.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from tutelage.activations.arithmetic import JAX
from tutelage.activations.bivariate import FAR, correlated_signs, crossing, given
from tutelage.activations.half_planes import density, half_line
from tutelage.activations.pair_geometry import Pair


def positive_parts(pair: Pair, close: Array) -> Callable[[int, int], Array]:
    """(p, q) -> E[R^(p)(u) R^(q)(v)] for the tables of MeanMoments, without what is singular on ``close`` pairs."""
    (h_u, alpha), (h_v, beta) = _standard(pair.m_u, pair.q_uu), _standard(pair.m_v, pair.q_vv)
    cosine = jnp.cos(pair.angle)
    sine = jnp.sin(jnp.minimum(pair.angle, pair.supplement))
    normal = JAX.normal_cdf
    f_u = density(h_u, JAX) * normal(crossing(h_u, h_v, cosine, sine))
    f_v = density(h_v, JAX) * normal(crossing(h_v, h_u, cosine, sine))
    g = jnp.exp(-(h_u**2 + crossing(h_u, h_v, cosine, sine) ** 2) / 2) / (2 * jnp.pi)
    both = normal(h_u) * normal(h_v) + correlated_signs(h_u, h_v, cosine, sine) / 4
    silent_u, silent_v = pair.q_uu == 0, pair.q_vv == 0
    safe_alpha, safe_beta = jnp.where(silent_u, 1.0, alpha), jnp.where(silent_v, 1.0, beta)
    ratio_u = beta / safe_alpha
    far = jnp.where(close, 0.0, g / (safe_alpha * safe_beta * jnp.where(close, 1.0, sine)))
    # A constant neuron has no unit: its mean itself stands in place of norm times h.
    m_u, m_v = pair.means
    bend_u = jnp.where(silent_v, m_v, beta * given(h_u, h_v, cosine, sine))
    bend_v = jnp.where(silent_u, m_u, alpha * given(h_v, h_u, cosine, sine))
    k20 = (bend_u * f_u + beta * sine * g) / safe_alpha
    k30 = -(h_u * k20 + ratio_u * cosine * f_u) / safe_alpha
    k31 = -h_u * f_u / safe_alpha**2 - far * cosine * beta / safe_alpha
    tables = {
        (0, 0): m_u * m_v * both + alpha * beta * (cosine * both + sine * g) + m_u * beta * f_v + m_v * alpha * f_u,
        (1, 1): both, (2, 0): k20, (0, 2): (bend_v * f_v + alpha * sine * g) / safe_beta,
        (1, 0): m_v * both + beta * (f_v + cosine * f_u), (0, 1): m_u * both + alpha * (f_u + cosine * f_v),
        (2, 1): f_u / safe_alpha, (1, 2): f_v / safe_beta, (3, 0): k30, (2, 2): far, (3, 1): k31,
        (1, 3): -h_v * f_v / safe_beta**2 - far * cosine * alpha / safe_beta,
        (4, 0): -(h_u * k30 + k20 / safe_alpha + beta * cosine * k31) / safe_alpha,
    }  # fmt: skip
    return lambda p, q: tables[p, q]


def half_line_with_zeros(m: Array, q: Array) -> Callable[[int], Array]:
    """p -> E R^(p)(u), a constant u (variance 0) included."""
    silent = q == 0
    mean = half_line(m, jnp.where(silent, 1.0, q), JAX)

    def of_constant(p: int) -> Array:
        return jnp.maximum(m, 0.0) if p == 0 else jnp.where((m > 0) & (p == 1), 1.0, 0.0)

    return lambda p: jnp.where(silent, of_constant(p), mean(p))


def _standard(m: Array, q: Array) -> tuple[Array, Array]:
    """Mean in standard deviations, and standard deviation."""
    scale = jnp.sqrt(q)
    h = jnp.where(q > 0, m / jnp.where(q > 0, scale, 1.0), FAR * jnp.sign(m))
    return jnp.clip(h, -FAR, FAR), scale

r"""Positive parts of a pair with means: one recursion behind the normal CDF, erf, GELU and the Gaussian bump.

With :math:`R(u) = \max(u, 0)` and (u, v) of means m, variances A and B, covariance q and :math:`D = AB - q^2` (science 9):

.. math:: K_{pq} = E[R^{(p)}(u)R^{(q)}(v)],\quad K_{22} = \frac{e^{-m^TS^{-1}m/2}}{2\pi\sqrt D},\quad
    K_{21} = \frac{\varphi(h_u)}{\sqrt A}\Phi(x_u),\quad K_{11} = P(u > 0, v > 0),

:math:`h_u = m_u/\sqrt A` and :math:`x_u = (h_v - rh_u)/\sqrt{1 - r^2}`, r the correlation; all others by Stein's lemma. A
Gaussian noise of variance 1 inside (A = 1 + q_uu, B = 1 + q_vv) makes smooth functions of R and its derivatives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tutelage.activations.arithmetic import Namespace

Table = Callable[[int, int], Any]
"""k_pq of two orders."""


def density(h: Any, xp: Namespace) -> Any:
    """That of a standard normal variable at h."""
    return xp.exp(-h * h / 2) / xp.sqrt(2 * xp.pi)


def half_planes(
    m_u: Any, m_v: Any, A: Any, q: Any, B: Any, D: Any, xp: Namespace, signs: bool = False
) -> Table:
    """K_pq for p, q ≥ 0; with ``signs`` those of sign(u) = 2 R'(u) − 1 in place of R', for p, q ≥ 1.

    Sums of the first minus ones would cancel where means and correlations are small. D > 0.
    """
    root_A, root_B, root_D = xp.sqrt(A), xp.sqrt(B), xp.sqrt(D)
    h_u, h_v = m_u / root_A, m_v / root_B
    cosine, sine = q / (root_A * root_B), root_D / (root_A * root_B)
    x_u, x_v = xp.crossing(h_u, h_v, cosine, sine), xp.crossing(h_v, h_u, cosine, sine)
    # Of one step function: its mean, and its jump.
    step, jump = (lambda h: xp.erf(h / xp.sqrt(2)), 2) if signs else (xp.normal_cdf, 1)

    @functools.cache
    def table(p: int, q_order: int) -> Any:
        if p < q_order:
            return mirrored(p, q_order)
        if (p, q_order) == (1, 1):
            return step(h_u) * step(h_v) + xp.correlated_signs(h_u, h_v, q, root_D) * (jump * jump) / 4
        if (p, q_order) == (2, 1):
            return jump * density(h_u, xp) / root_A * step(x_u)
        if (p, q_order) == (2, 2):
            return jump * jump * xp.exp(-(h_u * h_u + x_u * x_u) / 2) / (2 * xp.pi * root_D)
        if q_order == 0:
            if p == 0:
                return m_u * table(1, 0) + A * table(2, 0) + q * table(1, 1)
            return m_v * table(p, 1) + B * table(p, 2) + q * table(p + 1, 1)
        if q_order == 1:
            return (along_u(p - 1, 1) - q * table(p - 1, 2)) / A
        return (B * along_u(p - 1, q_order) - q * along_v(p - 1, q_order)) / D

    def mirrored(p: int, q_order: int) -> Any:
        """The same with u and v exchanged."""
        if (p, q_order) == (1, 2):
            return jump * density(h_v, xp) / root_B * step(x_v)
        if p == 0:
            return m_u * table(1, q_order) + A * table(2, q_order) + q * table(1, q_order + 1)
        if p == 1:
            return (along_v(1, q_order - 1) - q * table(2, q_order - 1)) / B
        return (A * along_v(p, q_order - 1) - q * along_u(p, q_order - 1)) / D

    def along_u(p: int, q_order: int) -> Any:
        """A K_{p+1,q} + q K_{p,q+1}."""
        return -m_u * table(p, q_order) - (0 if p == 2 else (p - 2) * table(p - 1, q_order))

    def along_v(p: int, q_order: int) -> Any:
        """q K_{p+1,q} + B K_{p,q+1}."""
        return -m_v * table(p, q_order) - (0 if q_order == 2 else (q_order - 2) * table(p, q_order - 1))

    return table


def half_line(m: Any, A: Any, xp: Namespace, signs: bool = False) -> Callable[[int], Any]:
    """E R^(p)(u) of one variable for p ≥ 0; with ``signs`` as in :func:`half_planes`."""
    root = xp.sqrt(A)
    h = m / root

    @functools.cache
    def mean(p: int) -> Any:
        if p == 0:
            return m * mean(1) + A * mean(2)
        if p == 1:
            return xp.erf(h / xp.sqrt(2)) if signs else xp.normal_cdf(h)
        if p == 2:
            return (2 if signs else 1) * density(h, xp) / root
        return -(m * mean(p - 1) + (0 if p == 3 else (p - 3) * mean(p - 2))) / A

    return mean

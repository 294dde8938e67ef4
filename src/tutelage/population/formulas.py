r"""Population loss and gradient of any student and teacher, traceable under jit (call them in 64-bit mode).

With z_j over the rows of (W; W_*) and c = (a, −a_*) (SCIENCE.md section 1)

.. math:: \varepsilon = \tfrac12 c^T\kappa(Z, Z)\,c,\qquad
   \partial_{w_i}\varepsilon = a_i\sum_j c_j(k_{20} w_i + k_{11} z_j),\qquad \partial_{a_i}\varepsilon = \sum_j c_j k_{00}.

Near the optimum these sums cancel. The ``path`` forms do not: along the segment from teacher to student,
f − f_* is the integral of ∇f·δ, so that with Gauss-Legendre nodes s, weights p and θ_s = θ_* + s δ

.. math:: \varepsilon = \tfrac12\sum_{s,t} p_s p_t\,\delta^T E[\nabla f_{\theta_s}\nabla f_{\theta_t}^T]\,\delta,\qquad
   \nabla\varepsilon = \sum_s p_s E[\nabla f_{\theta}\nabla f_{\theta_s}^T]\,\delta .

Every term is of order |δ|². n nodes are exact for polynomial σ of degree ≤ 2n − 1.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.operators import PairTables, outer_product


def stack(W: Any, a: Any, W_star: Any, a_star: Any) -> tuple[Any, Any]:
    """Rows (W; W_*) and signed read-outs (a, −a_*)."""
    return jnp.concatenate([W, W_star]), jnp.concatenate([a, -a_star])


def loss(activation: Activation, W: Any, a: Any, W_star: Any, a_star: Any) -> Any:
    """½ E(f − f_*)², expanded; accurate to about 1e-16 of the terms it is a difference of."""
    Z, c = stack(W, a, W_star, a_star)
    return 0.5 * c @ moments.dual_matrix(activation, Z, Z) @ c


def gradient(activation: Activation, W: Any, a: Any, W_star: Any, a_star: Any) -> tuple[Any, Any]:
    """(∂ε/∂W (k, d), ∂ε/∂a (k,)), expanded ([C25] (1)-(2) in expectation)."""
    Z, c = stack(W, a, W_star, a_star)
    k00, k11, k20, _ = moments.first_moments(activation, W, Z)
    return a[:, None] * ((k20 @ c)[:, None] * W + (k11 * c) @ Z), k00 @ c


def pad(W: Any, a: Any, W_star: Any, a_star: Any) -> tuple[Any, Any, Any, Any]:
    """Give the narrower network silent copies of the wider one's last neurons (read-out 0): same functions, same widths."""
    k, k_star = W.shape[0], W_star.shape[0]
    if k > k_star:
        return W, a, jnp.concatenate([W_star, W[k_star:]]), jnp.concatenate([a_star, jnp.zeros(k - k_star)])
    if k_star > k:
        return jnp.concatenate([W, W_star[k:]]), jnp.concatenate([a, jnp.zeros(k_star - k)]), W_star, a_star
    return W, a, W_star, a_star


def cross_tables(activation: Activation, W: Any, Z: Any) -> PairTables:
    """Moments between two sets of neurons as the tables of ``outer_product``."""
    m = moments.pair_moments(activation, W, Z)
    return PairTables(m.k00, m.k11, m.k20, m.k02, m.k22, m.k31, m.k13)


def _segment(n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (1 + nodes) / 2, weights / 2


def path_loss(activation: Activation, W: Any, a: Any, W_star: Any, a_star: Any, n_nodes: int = 6) -> Any:
    """The loss without cancellation, for smooth activations; exact for polynomials of degree ≤ 2 n_nodes − 1."""
    W, a, W_star, a_star = pad(W, a, W_star, a_star)
    V, b = W - W_star, a - a_star
    nodes, weights = _segment(n_nodes)
    total = 0.0
    for p, s in enumerate(nodes):
        for q, t in enumerate(nodes[: p + 1]):
            left, right = (W_star + s * V, a_star + s * b), (W_star + t * V, a_star + t * b)
            out_W, out_a = outer_product(cross_tables(activation, left[0], right[0]), *left, *right, V, b)
            total += (1 if p == q else 2) * weights[p] * weights[q] * (jnp.sum(V * out_W) + b @ out_a)
    return 0.5 * total


def path_gradient(
    activation: Activation, W: Any, a: Any, W_star: Any, a_star: Any, n_nodes: int = 6
) -> tuple[Any, Any]:
    """The gradient without cancellation, for smooth activations; shapes of the student."""
    k = W.shape[0]
    W, a, W_star, a_star = pad(W, a, W_star, a_star)
    V, b = W - W_star, a - a_star
    total_W, total_a = jnp.zeros_like(W), jnp.zeros_like(a)
    for s, weight in zip(*_segment(n_nodes), strict=True):
        right = (W_star + s * V, a_star + s * b)
        out_W, out_a = outer_product(cross_tables(activation, W, right[0]), W, a, *right, V, b)
        total_W, total_a = total_W + weight * out_W, total_a + weight * out_a
    return total_W[:k], total_a[:k]

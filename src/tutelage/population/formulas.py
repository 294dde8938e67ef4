r"""Population loss and gradient of any student and teacher, traceable under jit (call them in 64-bit mode).

With z_j over the rows of (W; W_*) and c = (a, −a_*) (science 1.5)

.. math:: \varepsilon = \tfrac12 c^T\kappa(Z, Z)\,c,\qquad
   \partial_{w_i}\varepsilon = a_i\sum_j c_j(k_{20} w_i + k_{11} z_j),\qquad \partial_{a_i}\varepsilon = \sum_j c_j k_{00}.

Near the optimum these sums cancel. The ``path`` forms do not: along the segment from teacher to student,
f − f_* is the integral of ∇f·δ, so that with Gauss-Legendre nodes s, weights p and θ_s = θ_* + s δ

.. math:: \varepsilon = \tfrac12\sum_{s,t} p_s p_t\,\delta^T E[\nabla f_{\theta_s}\nabla f_{\theta_t}^T]\,\delta,\qquad
   \nabla\varepsilon = \sum_s p_s E[\nabla f_{\theta}\nabla f_{\theta_s}^T]\,\delta .

Every term is of order |δ|². n nodes are exact for polynomial σ of degree ≤ 2n − 1.
"""

from __future__ import annotations

from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.base.types import Array
from tutelage.population.pairs import outer_product

Rule: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Nodes and weights."""

_Layers: TypeAlias = tuple[Array, Array]
"""W and a."""


def stack(W: Array, a: Array, W_star: Array, a_star: Array) -> _Layers:
    """Rows (W; W_*) and signed read-outs (a, −a_*)."""
    return jnp.concatenate([W, W_star]), jnp.concatenate([a, -a_star])


def loss(activation: Activation, W: Array, a: Array, W_star: Array, a_star: Array) -> Array:
    """½ E(f − f_*)², expanded; accurate to about 1e-16 of the terms it is a difference of."""
    Z, c = stack(W, a, W_star, a_star)
    return 0.5 * c @ moments.dual_matrix(activation, Z, Z) @ c


def gradient(activation: Activation, W: Array, a: Array, W_star: Array, a_star: Array) -> _Layers:
    """(∂ε/∂W (k, d), ∂ε/∂a (k,)), expanded ([C25] (1)-(2) in expectation)."""
    Z, c = stack(W, a, W_star, a_star)
    k00, k11, k20, _ = moments.first_moments(activation, W, Z)
    return a[:, None] * ((k20 @ c)[:, None] * W + (k11 * c) @ Z), k00 @ c


def pad(W: Array, a: Array, W_star: Array, a_star: Array) -> tuple[Array, Array, Array, Array]:
    """Give the narrower network silent copies of the wider one's last neurons (read-out 0): same functions, same widths."""
    k, k_star = W.shape[0], W_star.shape[0]
    if k > k_star:
        return W, a, jnp.concatenate([W_star, W[k_star:]]), jnp.concatenate([a_star, jnp.zeros(k - k_star)])
    if k_star > k:
        return jnp.concatenate([W, W_star[k:]]), jnp.concatenate([a, jnp.zeros(k_star - k)]), W_star, a_star
    return W, a, W_star, a_star


def segment_rule(n_nodes: int, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes s and weights p on [0, 1]; filled up to ``length`` with nodes of weight 0."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    more = (length or n_nodes) - n_nodes
    return np.pad((1 + nodes) / 2, (0, more)), np.pad(weights / 2, (0, more))


def _segment(
    W: Array, a: Array, W_star: Array, a_star: Array, rule: Rule
) -> tuple[_Layers, _Layers, _Layers]:
    """Neurons of all θ_s as one wide network (n k neurons), and the step with the quadrature weights in it."""
    s, p = map(jnp.asarray, rule)
    V, b = W - W_star, a - a_star
    rows, read_outs = W_star + s[:, None, None] * V, a_star + s[:, None] * b
    flat = (-1, W.shape[1])
    wide = rows.reshape(flat), read_outs.reshape(-1)
    return (rows, read_outs), wide, ((p[:, None, None] * V).reshape(flat), (p[:, None] * b).reshape(-1))


def path_loss(activation: Activation, W: Array, a: Array, W_star: Array, a_star: Array, rule: Rule) -> Array:
    """The loss without cancellation, for smooth activations; ``rule`` is a ``segment_rule``.

    n nodes are exact for polynomials of degree ≤ 2 n − 1.
    """
    W, a, W_star, a_star = pad(W, a, W_star, a_star)
    nodes, wide, step = _segment(W, a, W_star, a_star, rule)
    k, n_nodes = W.shape[0], len(rule[0])

    def one_node(node: _Layers) -> _Layers:
        tables = moments.pair_moments(activation, node[0], wide[0])
        return outer_product(tables, *node, *wide, *step)

    out_W, out_a = jax.lax.map(one_node, nodes)  # one node at a time: tables (k, n k), never (n k, n k)
    step_W, step_a = step[0].reshape(n_nodes, k, -1), step[1].reshape(n_nodes, k)
    return 0.5 * (jnp.sum(step_W * out_W) + jnp.sum(step_a * out_a))


def path_gradient(
    activation: Activation, W: Array, a: Array, W_star: Array, a_star: Array, rule: Rule
) -> _Layers:
    """The gradient without cancellation, for smooth activations; shapes of the student."""
    k = W.shape[0]
    W, a, W_star, a_star = pad(W, a, W_star, a_star)
    _, wide, step = _segment(W, a, W_star, a_star, rule)
    tables = moments.pair_moments(activation, W, wide[0])
    out_W, out_a = outer_product(tables, W, a, *wide, *step)
    return out_W[:k], out_a[:k]

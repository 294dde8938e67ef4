r"""Sums over neuron pairs as matrix products: what every population formula is made of.

A pair (i, j) of neurons w_i, v_j carries the block

.. math:: G_{ij}\,(k_{11} I + k_{31} w w^T + k_{22}(w v^T + v w^T) + k_{13} v v^T),\qquad G = A^TC

(science 1.4; A and C the read-outs, science 19), so that applying all of them costs three matrix products, O(k² d), and
never (k d)². Biases add their rows (science 9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array
from tutelage.layout import Layout
from tutelage.moments import MeanMoments, PairMoments

Layers: TypeAlias = Mapping[str, Array]
"""W (k, d), a (k,) or (m, k), and b (k,) and c () or (m,) where the network has them."""

Own: TypeAlias = tuple[Array, Array, Array]
"""s_0, s_1, s_2 of the neurons, each (k,)."""


class PlaneBlocks(NamedTuple):
    """Blocks of close pairs, written in the unit vectors of their own plane (kinked activations only).

    Adds ``c[0] u uᵀ + c[1] v vᵀ + c[2] (u vᵀ + v uᵀ)`` to block (i, j); read-outs are in ``c``.
    Shapes: i, j (n,); u, v (n, d); c (n, 3).
    """

    i: np.ndarray
    j: np.ndarray
    u: np.ndarray
    v: np.ndarray
    c: np.ndarray

    def apply(self, V: Array) -> Array:
        """The sum of these blocks applied to V (k, d)."""
        x = V[self.j]
        along_u, along_v = jnp.sum(self.u * x, 1), jnp.sum(self.v * x, 1)
        c0, c1, c2 = self.c[:, 0], self.c[:, 1], self.c[:, 2]
        out = (c0 * along_u + c2 * along_v)[:, None] * self.u + (c1 * along_v + c2 * along_u)[
            :, None
        ] * self.v
        return jnp.zeros_like(V).at[self.i].add(out)


def outputs(read_out: Array) -> Array:
    """A read-out (k,) or (m, k) as (m, k)."""
    return read_out.reshape(-1, read_out.shape[-1])


def outer_product(
    tables: PairMoments | MeanMoments, left: Layers, right: Layers, vector: Layers,
    own: tuple[Own, Own] | None = None,
) -> dict[str, Array]:  # fmt: skip
    r"""Apply :math:`E[\nabla f_{left}\,\nabla f_{right}^T]` to a vector, by three matrix products.

    Parameters
    ----------
    tables : PairMoments of shape (k, l)
        With biases MeanMoments. k_40 and k_30 are not used.
    left, right : layers
        The networks on either side.
    vector : layers
        Of the shapes of ``right``.
    own : pair of (s_0, s_1, s_2), optional
        Of both networks, where they have an output bias.

    Returns
    -------
    layers
        Of the shapes of ``left``.
    """
    t, W, Z, V = tables, left["W"], right["W"], vector["W"]
    A, C, alpha = outputs(left["a"]), outputs(right["a"]), outputs(vector["a"])
    G, M = A.T @ C, A.T @ alpha
    S = W @ V.T  # S[i, j] = w_i . V_j
    s = S.diagonal() if left is right else (Z * V).sum(axis=1)  # z_j . V_j
    along_w = (G * t.k31 * S + M * t.k20).sum(axis=1) + (G * t.k22) @ s
    along_z = G * (t.k22 * S + t.k13 * s) + M * t.k11
    slopes = t.k11 * S + t.k02 * s
    out = {}
    if "b" in vector:
        beta = vector["b"]
        along_w, along_z = along_w + (G * t.k21) @ beta, along_z + G * t.k12 * beta
        out["b"] = (G * (t.k21 * S + t.k11 * beta) + M * t.k10).sum(axis=1) + (G * t.k12) @ s
        slopes = slopes + t.k01 * beta
    read_out = C @ slopes.T + alpha @ t.k00.T
    if own is not None:
        (s0, s1, s2), (z0, z1, z2) = own
        gamma = vector["c"].reshape(-1)
        pull, here = A.T @ gamma, z2 * s
        along_w = along_w + s2 * pull
        if "b" in vector:
            out["b"], here = out["b"] + s1 * pull, here + z1 * vector["b"]
        read_out = read_out + gamma[:, None] * s0
        out["c"] = (C @ here + alpha @ z0 + gamma).reshape(left["c"].shape)
    if left is right:  # the multiples of a neuron itself join those of the others
        out["W"] = (G * t.k11) @ V + (along_z + jnp.diag(along_w)) @ Z
    else:
        out["W"] = (G * t.k11) @ V + along_w[:, None] * W + along_z @ Z
    return out | {"a": read_out.reshape(left["a"].shape)}


def host_product(
    t: PairMoments, W: np.ndarray, a: np.ndarray, layout: Layout
) -> Callable[[np.ndarray], np.ndarray]:
    """``outer_product`` of a network of one output, without biases, with itself in NumPy: read-outs are multiplied into the
    tables once, and each multiple of the neuron itself joins those of the others."""
    frozen = {"W": np.zeros_like(W), "a": np.zeros_like(a)}
    g11, g31, g22, g13 = (np.outer(a, a) * table for table in (t.k11, t.k31, t.k22, t.k13))
    (a11, a20), (b11, b02) = (a[:, None] * t.k11, a[:, None] * t.k20), (a * t.k11, a * t.k02)

    def product(vector: np.ndarray) -> np.ndarray:
        layers = layout.split(vector, frozen)
        V, alpha = layers["W"], layers["a"]
        S = W @ V.T
        s = S.diagonal()
        along = g22 * S + g13 * s + a11 * alpha
        np.einsum("ii->i", along)[...] += np.einsum("ij,ij->i", g31, S) + g22 @ s + a20 @ alpha
        out = g11 @ V
        out += along @ W
        back = np.einsum("ij,ij->i", b11, S) + b02 @ s + t.k00 @ alpha
        return layout.flatten({"W": out, "a": back})

    return product

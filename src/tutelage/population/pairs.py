r"""Sums over neuron pairs as matrix products: what every population formula is made of.

A pair (i, j) of neurons w_i, v_j carries the block

.. math:: \alpha\alpha'\,(k_{11} I + k_{31} w w^T + k_{22}(w v^T + v w^T) + k_{13} v v^T)

(science 1.4), so that applying all of them costs three matrix products, O(k² d), and never (k d)².
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array
from tutelage.moments import PairMoments


class PlaneBlocks(NamedTuple):
    """Blocks of close pairs, written in the unit vectors of their own plane (kinked activations only).

    Adds ``c[0] u uᵀ + c[1] v vᵀ + c[2] (u vᵀ + v uᵀ)`` to block (i, j); factors a_i a_j are in ``c``.
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


def outer_product(
    tables: PairMoments, W: Array, a: Array, Z: Array, c: Array, V: Array, b: Array
) -> tuple[Array, Array]:
    r"""Apply :math:`E[\nabla f_{(W,a)}\,\nabla f_{(Z,c)}^T]` to (V, b), by three matrix products.

    Parameters
    ----------
    tables : PairMoments of shape (k, l)
        k_40 is not used.
    W, a : (k, d), (k,)
        The network on the left.
    Z, c : (l, d), (l,)
        The network on the right.
    V, b : (l, d), (l,)
        The vector.

    Returns
    -------
    out_W (k, d), out_a (k,)
    """
    t = tables
    S = W @ V.T  # S[i, j] = w_i . V_j
    s = jnp.sum(Z * V, axis=1)  # z_j . V_j
    cs = c * s
    along_w = (t.k31 * S) @ c + t.k22 @ cs + t.k20 @ b
    along_z = t.k22 * S * c + t.k13 * cs + t.k11 * b
    out_W = a[:, None] * ((t.k11 * c) @ V + along_w[:, None] * W + along_z @ Z)
    out_a = (t.k11 * S) @ c + t.k02 @ cs + t.k00 @ b
    return out_W, out_a

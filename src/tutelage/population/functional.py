r"""The functional part of the Hessian away from the optimum, :math:`E[(f-f_*)\nabla^2 f]` (science 1.5)."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array
from tutelage.population.pairs import PlaneBlocks


class FunctionalPart(NamedTuple):
    r"""Coefficients over pairs (neuron w_i, source z_j), a_i c_j or c_j already multiplied in.

    Block (w_i, w_i): ``identity_i I + square_i w_i w_iᵀ + Σ_j cross_ij (w_i z_jᵀ + z_j w_iᵀ) + Σ_j source_ij z_j z_jᵀ``
    plus ``plane``; block (w_i, a_i): ``own_i w_i + Σ_j mixed_ij z_j``. Shapes (k,), (k,), (k, l), (k, l), (k,), (k, l).
    """

    Z: np.ndarray
    identity: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    source: np.ndarray
    own: np.ndarray
    mixed: np.ndarray
    plane: PlaneBlocks | None

    def product(self, W: Array, V: Array, b: Array) -> tuple[Array, Array]:
        """Apply to (V, b), shapes (k, d), (k,)."""
        S = V @ self.Z.T
        s = jnp.sum(W * V, axis=1)
        along_w = self.square * s + jnp.sum(self.cross * S, 1) + self.own * b
        along_z = self.source * S + self.cross * s[:, None] + self.mixed * b[:, None]
        out_W = self.identity[:, None] * V + along_w[:, None] * W + along_z @ self.Z
        if self.plane is not None:
            out_W = out_W + self.plane.apply(V)
        return out_W, self.own * s + jnp.sum(self.mixed * S, 1)

    def diagonal_block(self, W: np.ndarray, i: int) -> np.ndarray:
        """The (d, d) block of neuron i."""
        w = W[i]
        rest = self.cross[i] @ self.Z
        block = self.identity[i] * np.eye(w.size) + self.square[i] * np.outer(w, w)
        block += np.outer(w, rest) + np.outer(rest, w) + (self.Z.T * self.source[i]) @ self.Z
        if self.plane is not None:
            for n in np.flatnonzero(np.asarray(self.plane.i) == i):
                block += plane_block(self.plane, int(n))
        return block

    def read_out_column(self, W: np.ndarray, i: int) -> np.ndarray:
        """The (d,) block (w_i, a_i)."""
        return self.own[i] * W[i] + self.mixed[i] @ self.Z

    def trace(self, W: np.ndarray) -> float:
        """Trace of the part; the read-out blocks lie off the diagonal."""
        total = W.shape[1] * np.sum(self.identity) + np.sum(self.square * np.sum(W * W, 1))
        total += 2 * np.sum(self.cross * (W @ self.Z.T)) + np.sum(self.source @ np.sum(self.Z * self.Z, 1))
        return float(total + (plane_trace(self.plane) if self.plane is not None else 0.0))


def plane_block(plane: PlaneBlocks, n: int) -> np.ndarray:
    """The n-th close pair as a (d, d) matrix."""
    u, v, c = plane.u[n], plane.v[n], plane.c[n]
    return c[0] * np.outer(u, u) + c[1] * np.outer(v, v) + c[2] * (np.outer(u, v) + np.outer(v, u))


def plane_trace(plane: PlaneBlocks) -> float:
    """Trace of the close pairs on the diagonal."""
    here = plane.i == plane.j
    uu, vv, uv = (np.sum(x * y, 1) for x, y in ((plane.u, plane.u), (plane.v, plane.v), (plane.u, plane.v)))
    return float(np.sum((plane.c[:, 0] * uu + plane.c[:, 1] * vv + 2 * plane.c[:, 2] * uv)[here]))

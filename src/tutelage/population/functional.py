r"""The functional part of the Hessian away from the optimum, :math:`E[(f-f_*)\cdot\nabla^2 f]` (science 1.5, 9, 19)."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array
from tutelage.population.pairs import Layers, PlaneBlocks, outputs


class FunctionalPart(NamedTuple):
    r"""Coefficients over pairs (neuron w_i, source z_j); the constant 1 is a source too, of weights 0.

    Block (w_i, w_i): ``identity_i I + square_i w_i w_iᵀ + Σ_j cross_ij (w_i z_jᵀ + z_j w_iᵀ) + Σ_j source_ij z_j z_jᵀ``
    plus ``plane``; block (w_i, A_oi): ``own_oi w_i + Σ_j C_oj k11_ij z_j``. With biases (w_i, b_i): ``third_i w_i + Σ_j
    bent_ij z_j``, (b_i, b_i): ``identity_i``, (b_i, A_oi): ``slope_oi``. Shapes (k,), (k, l), (m, k); C (m, l) are the
    read-outs of the sources, those of the teacher with a minus; ``biases`` (l,) are theirs, where any has one.
    """

    Z: np.ndarray
    C: np.ndarray
    k11: np.ndarray
    identity: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    source: np.ndarray
    own: np.ndarray
    plane: PlaneBlocks | None
    third: np.ndarray | None = None
    bent: np.ndarray | None = None
    slope: np.ndarray | None = None
    biases: np.ndarray | None = None

    def product(self, W: Array, vector: Layers) -> dict[str, Array]:
        """Apply to a vector of layers, the output bias apart, which it leaves at 0."""
        V, alpha = vector["W"], outputs(vector["a"])
        S = V @ self.Z.T
        s = jnp.sum(W * V, axis=1)
        along_w = self.square * s + jnp.sum(self.cross * S, 1) + jnp.sum(self.own * alpha, 0)
        along_z = self.source * S + self.cross * s[:, None] + self.k11 * (alpha.T @ self.C)
        read_out = self.own * s + self.C @ (self.k11 * S).T
        out = {}
        if self.third is not None and self.bent is not None and self.slope is not None:
            beta = vector["b"]
            along_w, along_z = along_w + self.third * beta, along_z + self.bent * beta[:, None]
            out["b"] = self.third * s + jnp.sum(self.bent * S, 1) + self.identity * beta
            out["b"] = out["b"] + jnp.sum(self.slope * alpha, 0)
            read_out = read_out + self.slope * beta
        out["W"] = self.identity[:, None] * V + along_w[:, None] * W + along_z @ self.Z
        if self.plane is not None:
            out["W"] = out["W"] + self.plane.apply(V)
        return out | {"a": read_out.reshape(vector["a"].shape)}

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

    def read_out_columns(self, W: np.ndarray) -> np.ndarray:
        """The blocks (w_i, A_oi), shape (k, d, m)."""
        own = self.own.T[:, None, :] * W[:, :, None]
        return own + np.einsum("ij,jd,oj->ido", self.k11, self.Z, self.C, optimize=True)

    def bias_columns(self, W: np.ndarray) -> np.ndarray:
        """The blocks (w_i, b_i), shape (k, d)."""
        assert self.third is not None and self.bent is not None, "of a network with biases"
        return self.third[:, None] * W + self.bent @ self.Z

    def trace(self, W: np.ndarray) -> float:
        """Trace of the blocks (w_i, w_i); the read-out blocks lie off the diagonal."""
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

"""Close pairs of neurons under a kinked activation: which they are and the frame of their plane."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.base import Activation
from tutelage.activations.pair_geometry import (
    Pair,
    PlaneTerms,
    few_pairs,
    filled,
    normal_component,
    pair_geometry,
    plain_geometry,
)
from tutelage.base.compiled import QUICK_COMPILATION
from tutelage.base.errors import NoHessianError
from tutelage.base.precision import pinned
from tutelage.base.types import ArrayLike

# The terms of the functional block are 1 / angle^2 times their sum: below this angle (or supplement) the cancellation
# costs more than two digits, and the block is written in its own plane.
CLOSE_ANGLE = 0.1


def is_close(pair: Pair, xp: ModuleType = jnp) -> Any:
    """Pairs whose blocks are carried by ``plane_terms``: nearly parallel or opposite, or with a zero neuron."""
    nonzero = (pair.q_uu > 0) & (pair.q_vv > 0)
    return (xp.minimum(pair.angle, pair.supplement) < CLOSE_ANGLE) | ~nonzero


class ClosePairs(NamedTuple):
    """Indices, angles, norms and orthonormal directions of close pairs, NumPy, length n."""

    i: np.ndarray
    j: np.ndarray
    angle: np.ndarray
    supplement: np.ndarray
    norm_u: np.ndarray
    norm_v: np.ndarray
    p: np.ndarray
    m: np.ndarray
    w: np.ndarray
    n: np.ndarray

    def terms(self, outer: np.ndarray, functional: np.ndarray) -> PlaneTerms:
        """Their blocks, given the coefficients (n, 3) of both parts."""
        return PlaneTerms(self.i, self.j, self.p, self.m, outer, self.w, self.n, functional)


def close_pairs(W: ArrayLike, Z: ArrayLike, with_parallel: bool = True) -> ClosePairs:
    """The close pairs of rows of W (k, d) and Z (l, d), without the exactly parallel and opposite ones if not wanted.

    Each pair costs several vectors of length d, and a neuron is parallel to itself.
    """
    W, Z = np.asarray(W, float), np.asarray(Z, float)
    angle, supplement, wanted = _angles_and_close(W, Z)
    if not with_parallel:
        wanted = wanted & (np.minimum(angle, supplement) > 0)
    # A neuron of zero weights, off the kinks, has no direction.
    wanted = wanted & np.any(W != 0, axis=1)[:, None] & np.any(Z != 0, axis=1)
    i, j = np.nonzero(wanted)
    residual = np.asarray(normal_component(W[i], Z[j], np))
    angle, supplement = angle[i, j], supplement[i, j]
    v, e = _unit(Z[j]), _unit(residual)
    # u = cos v + sin e exactly, so p, m and n need no difference of nearly equal vectors.
    sine, cosine = np.sin(np.minimum(angle, supplement))[:, None], np.cos(angle)[:, None]
    half_sine, half_cosine = np.sin(angle / 2)[:, None], np.sin(supplement / 2)[:, None]
    flat = sine > 0
    p = half_cosine * v + half_sine * e
    m = half_sine * v - half_cosine * e
    n = sine * v - cosine * e
    # Without a normal direction one of p, m is v itself and the other, with n, does not exist.
    p = np.where(flat | (cosine > 0), p, 0.0)
    m = np.where(flat | (cosine < 0), m, 0.0)
    n = np.where(flat, n, 0.0)
    norm_u, norm_v = np.linalg.norm(W[i], axis=1), np.linalg.norm(Z[j], axis=1)
    return ClosePairs(i, j, angle, supplement, norm_u, norm_v, p, m, _unit(W[i]), n)


def require_nonzero_rows(
    W: ArrayLike, who: str, activation: Activation, means: ArrayLike | None = None
) -> None:
    """A zero neuron under a kinked activation has no Hessian, unless a bias holds it off the kinks."""
    zero = ~np.any(np.asarray(W) != 0, axis=1)
    zero = np.flatnonzero(zero if means is None else zero & np.isin(np.asarray(means), activation.kinks))
    if zero.size:
        raise NoHessianError(
            f"{who}: expected non-zero neurons under the kinked activation {activation.spec!r} (a zero neuron has no "
            f"second derivative), got zero row {int(zero[0])} of the weights; remove that neuron or move it off 0"
        )


def _angles_and_close(W: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if few_pairs(W, Z):
        with np.errstate(all="ignore"):  # of determinants, which are not asked for
            pair = plain_geometry(W, Z)
        return pair.angle, pair.supplement, is_close(pair, np)
    with pinned():
        tables = _compiled(filled(W), filled(Z))
        angle, supplement, close = (np.asarray(table)[: len(W), : len(Z)] for table in tables)
    return angle, supplement, close


@functools.partial(jax.jit, compiler_options=QUICK_COMPILATION)
def _compiled(W: jax.Array, Z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    pair = pair_geometry(W, Z)
    return pair.angle, pair.supplement, is_close(pair)


def _unit(rows: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)

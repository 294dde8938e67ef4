"""Pairs of pre-activations: their covariances, Gram determinant and angle, accurate for nearly parallel neurons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Pair(NamedTuple):
    """Second moments of (u, v) = (w.x, z.x), elementwise arrays of one shape.

    ``determinant`` is q_uu q_vv - q_uv^2 and ``angle`` the angle between w and z in [0, pi], both computed from the
    vectors: formed from the three covariances they lose every digit at angles below 1e-8.
    """

    q_uu: Any
    q_uv: Any
    q_vv: Any
    determinant: Any
    angle: Any

    def swapped(self) -> Pair:
        """The pair (v, u)."""
        return Pair(self.q_vv, self.q_uv, self.q_uu, self.determinant, self.angle)


class PairMoments(NamedTuple):
    r"""Tables :math:`k_{pq} = E[\sigma^{(p)}(u)\,\sigma^{(q)}(v)]`, elementwise arrays of one shape."""

    k00: Any
    k11: Any
    k20: Any
    k02: Any
    k22: Any
    k31: Any
    k13: Any
    k40: Any


class PlaneTerms(NamedTuple):
    r"""Blocks of close pairs (i, j) under a kinked activation, NumPy arrays of length n.

    Outer part: :math:`E[\sigma'(u)\sigma'(v)\,xx^T] = k_{11}I + c_0\,pp^T + c_1\,mm^T + c_2(pm^T + mp^T)` with the unit vectors
    :math:`p \propto \hat u + \hat v`, :math:`m \propto \hat v - \hat u`.
    Functional part: :math:`E[\sigma''(u)\sigma(v)\,xx^T] = k_{20}I + f_0\,\hat w\hat w^T + f_1(\hat w n^T + n\hat w^T) + f_2\,nn^T` with
    :math:`\hat w = \hat u` and n the unit normal to it in the plane, towards :math:`\hat v`.
    A direction that is undefined (exactly parallel or opposite neurons) is the zero vector.
    """

    i: Any
    j: Any
    p: Any
    m: Any
    outer: Any
    w: Any
    n: Any
    functional: Any


def pair_geometry(W: Any, Z: Any) -> Pair:
    """All pairs of rows of W (k, d) and Z (l, d): arrays of shape (k, l)."""
    q_u, q_v = jnp.sum(W * W, axis=1), jnp.sum(Z * Z, axis=1)
    shape = (W.shape[0], Z.shape[0])
    sine_squared, angle = _sine_and_angle(W, Z)
    q_uu, q_vv = jnp.broadcast_to(q_u[:, None], shape), jnp.broadcast_to(q_v[None, :], shape)
    return Pair(q_uu, W @ Z.T, q_vv, q_uu * q_vv * sine_squared, angle)


def unit_rows(W: Any) -> tuple[Any, Any]:
    """Rows divided by their norms (zero rows stay zero), and the norms."""
    norms = jnp.sqrt(jnp.sum(W * W, axis=1))
    safe = jnp.where(norms > 0, norms, 1.0)
    return jnp.where(norms[:, None] > 0, W / safe[:, None], 0.0), norms


# Below this sine the matrix product no longer gives the angle to rounding (error 1e-16 / angle), and the pair is
# done from the difference of its unit vectors; above it one matrix product serves all pairs.
_SMALL_SINE_SQUARED = 0.02


@jax.custom_jvp
def _sine_and_angle(W: Any, Z: Any) -> tuple[Any, Any]:
    """sin(angle)^2 and angle of all pairs of rows; Kahan's 2 atan2(|u - v|, |u + v|) for nearly parallel ones."""
    U, _ = unit_rows(W)
    V, _ = unit_rows(Z)
    cosine = jnp.clip(U @ V.T, -1.0, 1.0)
    sine_squared = (1 - cosine) * (1 + cosine)
    angle = jnp.arctan2(jnp.sqrt(sine_squared), cosine)

    def kahan(i: Any, j: Any) -> Any:
        difference, total = U[i] - V[j], U[i] + V[j]
        return 2 * jnp.arctan2(_norms(difference), _norms(total))

    angle = on_selected(sine_squared < _SMALL_SINE_SQUARED, kahan, angle, chunk=max(1, 2**20 // W.shape[1]))
    # sin(pi - tiny) is as accurate as pi - angle allows: the supplement is folded before the sine is taken.
    return jnp.sin(jnp.minimum(angle, jnp.pi - angle)) ** 2, angle


@_sine_and_angle.defjvp
def _sine_and_angle_jvp(primals: Any, tangents: Any) -> Any:
    (W, Z), (dW, dZ) = primals, tangents
    sine_squared, angle = _sine_and_angle(W, Z)
    (U, norm_u), (V, norm_v) = unit_rows(W), unit_rows(Z)
    cosine = U @ V.T
    log_u = jnp.sum(U * dW, axis=1) / jnp.where(norm_u > 0, norm_u, 1.0)
    log_v = jnp.sum(V * dZ, axis=1) / jnp.where(norm_v > 0, norm_v, 1.0)
    scale = norm_u[:, None] * norm_v[None, :]
    d_cosine = (dW @ Z.T + W @ dZ.T) / jnp.where(scale > 0, scale, 1.0) - cosine * (log_u[:, None] + log_v[None, :])
    positive = sine_squared > 0
    # The angle has a cone point at 0 and pi: it has no derivative there and 0, the mean of the two sides, is given.
    d_angle = jnp.where(positive, -d_cosine / jnp.sqrt(jnp.where(positive, sine_squared, 1.0)), 0.0)
    return (sine_squared, angle), (-2 * cosine * d_cosine, d_angle)


def _norms(rows: Any) -> Any:
    return jnp.sqrt(jnp.sum(rows * rows, axis=-1))


def on_selected(mask: Any, function: Callable[[Any, Any], Any], values: Any, chunk: int) -> Any:
    """``values`` (k, l), replaced where ``mask`` holds by ``function(i, j)`` of index arrays, ``chunk`` pairs at a time.

    The number of selected pairs is known at run time only, so the loop has a data-dependent length: work and memory
    follow the pairs that need it and the whole stays traceable.
    """
    size = mask.size
    chunk = min(chunk, size)
    selected = jnp.flatnonzero(mask.reshape(-1), size=size, fill_value=size)
    n_selected = jnp.sum(mask)

    def body(state: Any) -> Any:
        start, flat = state
        index = jax.lax.dynamic_slice(selected, (start,), (chunk,))
        inside = jnp.minimum(index, size - 1)
        new = function(inside // mask.shape[1], inside % mask.shape[1])
        return start + chunk, flat.at[index].set(new, mode="drop")

    start = jnp.zeros((), n_selected.dtype)
    _, flat = jax.lax.while_loop(lambda state: state[0] < n_selected, body, (start, values.reshape(-1)))
    return flat.reshape(mask.shape)

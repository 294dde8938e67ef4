"""Tables with means from the dual kernel alone, by its derivatives in means and covariances (Price, Stein)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.pair_geometry import MeanMoments, Pair

if TYPE_CHECKING:
    from tutelage.activations.base import Activation

Dual = Callable[[Array, Array, Array, Array, Array], Array]


def derivatives_of_dual(dual: Dual, pair: Pair, order: int) -> MeanMoments:
    """``mean_moments`` of a function of which ``dual`` is known, smooth in its five arguments."""

    def kernel(x: Array) -> Array:
        return dual(x[0], x[1], x[2], x[3], x[4])

    def derivatives(x: Array) -> tuple[Array, ...]:
        return kernel(x), jax.grad(kernel)(x), jax.hessian(kernel)(x)

    arguments = (pair.m_u, pair.m_v, pair.q_uu, pair.q_uv, pair.q_vv)
    x = jnp.stack(jnp.broadcast_arrays(*map(jnp.asarray, arguments)), axis=-1)
    if order == 0:
        return MeanMoments(jnp.vectorize(kernel, signature="(n)->()")(x))
    k, g, h = jnp.vectorize(derivatives, signature="(n)->(),(n),(n,n)")(x)
    k10, k01, k20, k11, k02 = (f * g[..., i] for i, f in enumerate((1, 1, 2, 1, 2)))
    return MeanMoments(
        k00=k, k11=k11, k20=k20, k02=k02, k22=h[..., 3, 3], k31=2 * h[..., 2, 3], k13=2 * h[..., 4, 3],
        k40=4 * h[..., 2, 2], k10=k10, k01=k01, k21=h[..., 0, 3], k12=h[..., 1, 3], k30=2 * h[..., 0, 2],
    )  # fmt: skip


def means_from_dual(activation: Activation, m: Array, q: Array) -> tuple[Array, ...]:
    r"""s_0 ... s_4 of one variable: with an independent v, :math:`\kappa = s_0(u)\,s_0(v)`, of which s_0(v) is known."""
    at, size = _reference(activation)

    def mean(x: Array) -> Array:
        one, zero = jnp.ones_like(x[0]), jnp.zeros_like(x[0])
        return activation.dual(x[0], at * one, x[1], zero, one) / size

    def derivatives(x: Array) -> tuple[Array, ...]:
        return mean(x), jax.grad(mean)(x), jax.hessian(mean)(x)

    s, g, h = jnp.vectorize(derivatives, signature="(n)->(),(n),(n,n)")(jnp.stack([m, q], axis=-1))
    return s, g[..., 0], 2 * g[..., 1], 2 * h[..., 0, 1], 4 * h[..., 1, 1]


@functools.lru_cache(maxsize=256)
def _reference(activation: Activation) -> tuple[float, float]:
    """A mean m and E σ(v), v ~ N(m, 1), the largest of a few; its square is a value of ``dual``, its sign of a sum."""
    candidates = np.array([0.0, 1.0, -1.0, 2.5])
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    with jax.enable_x64(True), jax.ensure_compile_time_eval():
        sums = np.asarray(activation(jnp.asarray(candidates[:, None] + nodes))) @ weights
        at = candidates[int(np.argmax(np.abs(sums)))]
        square = activation.dual(*map(jnp.asarray, (at, at, 1.0, 0.0, 1.0)))
    return float(at), float(np.sign(sums[candidates == at][0]) * np.sqrt(square))

"""The trapezoidal rule in Gaussian variables: moments of a pair, and Hermite coefficients of a neuron."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.base.rows import lengths

Elementwise = Callable[[Array], Array]

# exp(-RANGE^2 / 2) = 4e-19: what lies beyond is below rounding, polynomial growth included.
RANGE = 9.2
# The rule errs by exp(y^2 / 2 - 2 pi y / h), y = strip / s, for a function of u = s t analytic in |Im u| < strip.
# This many e-folds: 36 for double precision and 10 for the fourth derivative, whose pole is of higher order.
E_FOLDS = 46.0
# Hermite functions fall as exp(-t^2 / 4) beyond their turning point.
HERMITE_RANGE = 13.0
_BLOCK = 1024
_ON_THE_LINE = 32
"""A node on the line, with its 128 Hermite functions, takes the time of this many in a plane."""


def step(scale: Array, strip: float, refine: int | Array = 1, extra: float = 0.0) -> Array:
    """Step in a standard normal variable t for a function of scale * t; ``extra`` is added bandwidth in t."""
    # At y = sqrt(2 E) the Gaussian itself limits the rule; a wider strip does not help.
    y = jnp.minimum(strip / jnp.maximum(scale, 1e-300), math.sqrt(2 * E_FOLDS))
    return jax.lax.stop_gradient(2 * math.pi / (E_FOLDS / y + y / 2 + extra) / refine)


def planned_nodes(rows: np.ndarray, strip: float, near: float) -> float:
    """How many nodes the tables of rows (k, d) with themselves take: in the planes of the pairs of correlation above
    ``near``, and on the line for the Hermite coefficients of every neuron."""
    norms = lengths(rows)
    unit = rows / np.where(norms > 0, norms, 1.0)
    cosine = np.clip(unit @ unit.T, -1.0, 1.0)
    longest = np.maximum(norms, norms.T)[np.abs(cosine) > near]
    cosine = cosine[np.abs(cosine) > near]
    sides = (_n_nodes(longest * np.sqrt((1 + sign * cosine) / 2), strip) for sign in (1, -1))
    return float(np.sum(np.prod(list(sides), axis=0)) + _ON_THE_LINE * np.sum(_n_nodes(norms, strip)))


def _n_nodes(scale: np.ndarray, strip: float) -> np.ndarray:
    y = np.minimum(strip / np.maximum(scale, 1e-300), math.sqrt(2 * E_FOLDS))
    return RANGE / math.pi * (E_FOLDS / y + y / 2) + 1


def derivatives(function: Elementwise, order: int, u: Array) -> list[Array]:
    """f(u), f'(u), ... f^(order)(u) of an elementwise function, from one nest of tangents."""

    def all_up_to(n: int, u: Array) -> list[Array]:
        if n == 0:
            return [function(u)]
        values, tangents = jax.jvp(lambda u: all_up_to(n - 1, u), (u,), (jnp.ones_like(u),))
        return [*values, tangents[-1]]

    return all_up_to(order, u)


def pair_expectations(
    function: Elementwise, orders: tuple[tuple[int, int], ...], means: tuple[Array, Array],
    scales: tuple[Array, Array], half_angle: tuple[Array, Array], strip: float, refine: int | Array = 1,
) -> tuple[Array, ...]:  # fmt: skip
    r"""E[f^(p)(u) f^(q)(v)] of one pair (scalars) for each (p, q) of ``orders``.

    In the frame of the plane, with (cos, sin) of half the angle between the neurons,

    .. math:: u = m_u + s_u(\cos\tfrac\varphi2\,P - \sin\tfrac\varphi2\,M),\quad
        v = m_v + s_v(\cos\tfrac\varphi2\,P + \sin\tfrac\varphi2\,M)

    with P and M independent standard normals: uniform in the angle, parallel and opposite neurons included. Nodes
    are summed in blocks, so memory does not grow with their number.
    """
    cosine, sine = half_angle
    largest = jnp.maximum(scales[0], scales[1])
    h_p, h_m = (step(largest * c, strip, refine) for c in half_angle)
    n_p, n_m = (jnp.ceil(RANGE / h).astype(int) for h in (h_p, h_m))
    n_nodes = (2 * n_p + 1) * (2 * n_m + 1)
    highest = max(max(pair) for pair in orders)

    def body(state: tuple[Array, tuple[Array, ...]]) -> tuple[Array, tuple[Array, ...]]:
        start, sums = state
        node = start + jnp.arange(_BLOCK)
        P = h_p * (node // (2 * n_m + 1) - n_p)
        M = h_m * (node % (2 * n_m + 1) - n_m)
        weight = jnp.where(node < n_nodes, h_p * h_m / (2 * math.pi) * jnp.exp(-(P * P + M * M) / 2), 0.0)
        u = means[0] + scales[0] * (cosine * P - sine * M)
        v = means[1] + scales[1] * (cosine * P + sine * M)
        values = derivatives(function, highest, jnp.stack([u, v]))
        new = [jnp.sum(jnp.where(weight > 0, weight * values[p][0] * values[q][1], 0.0)) for p, q in orders]
        return start + _BLOCK, tuple(s + x for s, x in zip(sums, new, strict=True))

    zero = (cosine + scales[0] + means[0]) * 0.0
    start = jnp.zeros((), n_nodes.dtype)
    return jax.lax.while_loop(lambda s: s[0] < n_nodes, body, (start, (zero,) * len(orders)))[1]


def own_square(slope: Elementwise, scales: Array, strip: float, refine: int | Array = 1) -> Array:
    r""":math:`E[f'(st)^2(t^2 - 1)]/s^2` of each scale s (k,), t standard normal and f' = ``slope``."""
    h = step(jnp.max(scales), strip, refine)
    n_half = jnp.ceil(RANGE / h).astype(int)

    def body(state: tuple[Array, Array]) -> tuple[Array, Array]:
        start, total = state
        t = h * (start + jnp.arange(_BLOCK) - n_half)
        weight = jnp.where(t <= h * n_half, h / math.sqrt(2 * math.pi) * jnp.exp(-t * t / 2), 0.0)
        return start + _BLOCK, total + (slope(scales[:, None] * t) ** 2) @ (weight * (t * t - 1))

    start = jnp.zeros((), n_half.dtype)
    total = jax.lax.while_loop(lambda s: s[0] <= 2 * n_half, body, (start, jnp.zeros_like(scales)))[1]
    return jnp.where(scales > 0, total / jnp.where(scales > 0, scales, 1.0) ** 2, 0.0)


def hermite_coefficients(
    function: Elementwise, orders: int, scales: Array, n: int, strip: float, refine: int | Array = 1
) -> Array:
    r"""c_m^(p) = E[f^(p)(s t) h_m(t)] for m < n, p < orders and each scale s (k,): shape (orders, k, n).

    h_m are the normalised Hermite polynomials, t standard normal.
    """
    h = step(jnp.max(scales), strip, refine, extra=math.sqrt(n) + 8.0)
    n_half = jnp.ceil(HERMITE_RANGE / h).astype(int)
    block = 128

    def body(state: tuple[Array, Array]) -> tuple[Array, Array]:
        start, total = state
        node = start + jnp.arange(block)
        t = h * (node - n_half)
        root = jnp.where(node <= 2 * n_half, jnp.exp(-t * t / 4) / (2 * math.pi) ** 0.25, 0.0)
        basis = h * root[:, None] * _hermite_functions(t, root, n)
        u = scales[:, None] * t[None, :]
        values = jnp.stack(derivatives(function, orders - 1, u))
        values = jnp.where(root > 0, values, 0.0)
        return start + block, total + values @ basis

    total = jnp.zeros((orders, scales.shape[0], n), scales.dtype)
    start = jnp.zeros((), n_half.dtype)
    return jax.lax.while_loop(lambda s: s[0] <= 2 * n_half, body, (start, total))[1]


def _hermite_functions(t: Array, root: Array, n: int) -> Array:
    """h_m(t) times ``root`` for m < n, shape (len(t), n), by the three-term recurrence."""

    def body(state: tuple[Array, Array], m: Array) -> tuple[tuple[Array, Array], Array]:
        previous, current = state
        following = (t * current - jnp.sqrt(m) * previous) / jnp.sqrt(m + 1)
        return (current, following), current

    return jax.lax.scan(body, (jnp.zeros_like(t), root), jnp.arange(n, dtype=t.dtype))[1].T

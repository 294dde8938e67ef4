"""Moments of a pair under a function with declared kinks: Gauss-Legendre panels that end at every kink."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.gaussian_rule import RANGE, Elementwise, derivatives

NODES, WEIGHTS = (x / 2 for x in np.polynomial.legendre.leggauss(20))
NODES = NODES + 0.5  # on [0, 1]
# 20 nodes reach 1e-17 where the nearest pole is 1.14 half-lengths away, and on a Gaussian at length 2.5.
LONGEST, PER_STRIP = 2.5, 1.75
_SMALLEST = 1e-100  # a standard deviation whose square's inverse is still a number


def jumps(function: Elementwise, kinks: tuple[float, ...]) -> list[Array]:
    """The jump of the first derivative at each kink."""
    steps = [1e-15 * max(1.0, abs(c)) for c in kinks]
    sides = [
        derivatives(function, 1, jnp.asarray([c - h, c + h]))[1] for c, h in zip(kinks, steps, strict=True)
    ]
    return [side[1] - side[0] for side in sides]


def kinked_expectations(
    function: Elementwise, kinks: tuple[float, ...], scales: tuple[Array, Array], angle: Array,
    supplement: Array, strip: float, refine: int | Array = 1, means: tuple[Array, Array] | None = None,
) -> dict[str, Array]:  # fmt: skip
    r"""Expectations of one pair (scalars), each finite at angle 0 and pi except k22, whose delta-delta part
    :math:`J^2/(2\pi s_us_v\sin\varphi)` diverges.

    Keys k00 k11 k20 k02 k22; ``u31`` :math:`= E[(u - m_u)\sigma''(u)\sigma'(v)]` and ``v13``; ``c0 c1 c2`` and ``f0 f1 f2``,
    the plane coefficients of :class:`PlaneTerms`. With means also k10 k01, ``p`` and ``m``, those of
    :math:`E[\sigma'(u)\sigma'(v)x]`, and ``g`` :math:`= E[\sigma''(u)\sigma(v)\,\hat w\cdot x]`. The second derivative of
    the function has a delta of the jump's height at each kink: those parts are lines through the plane, integrated given
    the other variable.
    """
    cosine, sine = jnp.cos(angle), jnp.sin(jnp.minimum(angle, supplement))
    s_u, s_v = (jnp.maximum(s, _SMALLEST) for s in scales)
    scales = (s_u, s_v)
    m_u, m_v = (0.0, 0.0) if means is None else means
    biased = means is not None
    result = smooth_part(function, kinks, (m_u, m_v), scales, angle, supplement, strip, refine, biased)
    heights = jumps(function, kinks)
    for c, J in zip(kinks, heights, strict=True):
        at = _within(c - m_u, s_u)
        given_u = _line(function, kinks, at, scales, cosine, sine, strip, refine, m_v)
        x = at / s_u
        weight = J * jnp.exp(-x * x / 2) / (math.sqrt(2 * math.pi) * s_u)
        result["k20"] += weight * given_u["0"]
        result["u31"] += weight * at * given_u["1"]
        result["k22"] += weight * given_u["2"]
        result["f0"] += weight * (x * x - 1) * given_u["0"]
        result["f1"] += weight * x * given_u["y"]
        result["f2"] += weight * given_u["yy"]
        if biased:
            result["g"] += weight * x * given_u["0"]
    for c, J in zip(kinks, heights, strict=True):
        at = _within(c - m_v, s_v)
        given_v = _line(function, kinks, at, (s_v, s_u), cosine, sine, strip, refine, m_u)
        x = at / s_v
        weight = J * jnp.exp(-x * x / 2) / (math.sqrt(2 * math.pi) * s_v)
        result["k02"] += weight * given_v["0"]
        result["v13"] += weight * at * given_v["1"]
        result["k22"] += weight * given_v["2"]
    for c, J in zip(kinks, heights, strict=True):
        for e, K in zip(kinks, heights, strict=True):
            x, y = _within(c - m_u, s_u) / s_u, _within(e - m_v, s_v) / s_v
            quadratic = (x * x - 2 * cosine * x * y + y * y) / (2 * sine * sine)
            result["k22"] += J * K * jnp.exp(-quadratic) / (2 * math.pi * s_u * s_v * sine)
    return result


def _within(at: Array | float, scale: Array) -> Array:
    """A kink's distance from the mean, cut where its density is 0 in float64: constant neurons have it at infinity."""
    return jnp.clip(at, -1e3 * scale, 1e3 * scale)


def _panels(length: Array, refine: int | Array) -> Array:
    return jnp.ceil(2 * RANGE / length).astype(int) * refine


def _length(scale: Array, strip: float) -> Array:
    return jnp.minimum(LONGEST, PER_STRIP * strip / jnp.maximum(scale, 1e-300))


def _panel(edges: Array, index: Array, per_piece: Array) -> tuple[Array, Array]:
    """Nodes and weights of one panel: each piece between sorted edges (..., n) is cut into equal panels."""
    piece, part = index // per_piece, index % per_piece
    low, high = jnp.take(edges, piece, axis=-1), jnp.take(edges, piece + 1, axis=-1)
    width = (high - low) / per_piece
    return (low + width * part)[..., None] + width[..., None] * NODES, width[..., None] * WEIGHTS


def _edges(breaks: Array) -> Array:
    """Sorted edges in [-RANGE, RANGE]; a break that does not exist (nan) is put at the end."""
    breaks = jnp.clip(jnp.where(jnp.isnan(breaks), RANGE, breaks), -RANGE, RANGE)
    ends = jnp.broadcast_to(jnp.asarray([-RANGE, RANGE]), (*breaks.shape[:-1], 2))
    return jnp.sort(jnp.concatenate([breaks, ends], axis=-1), axis=-1)


def _density(x: Array) -> Array:
    return jnp.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def smooth_part(
    function: Elementwise, kinks: tuple[float, ...], means: tuple[Array | float, Array | float],
    scales: tuple[Array, Array], angle: Array, supplement: Array, strip: float, refine: int | Array,
    biased: bool = False,
) -> dict[str, Array]:  # fmt: skip
    """The parts without deltas: the plane is cut along both families of kink lines.

    The inner variable X is the one along which both pre-activations vary more (P for acute, M for obtuse angles), so
    the breaks x(Y) move at slope at most 1 and the outer integrand is analytic between their crossings.
    """
    c, s = jnp.sin(supplement / 2), jnp.sin(angle / 2)
    acute = c >= s
    a_u, a_v = jnp.where(acute, c, -s), jnp.where(acute, c, s)
    b_u, b_v = jnp.where(acute, -s, c), jnp.where(acute, s, c)
    at = jnp.asarray(kinks)
    start_u, start_v = (at - means[0]) / (scales[0] * a_u), (at - means[1]) / (scales[1] * a_v)
    slope_u, slope_v = b_u / a_u, b_v / a_v
    crossings = (start_u[:, None] - start_v[None, :]).reshape(-1) / (slope_u - slope_v)
    outer_edges = _edges(crossings)
    largest = jnp.maximum(*scales)
    n_inner, n_outer = (
        _panels(_length(largest * jnp.abs(b), strip), refine) for b in (jnp.maximum(c, s), jnp.minimum(c, s))
    )

    def values(X: Array, Y: Array) -> dict[str, Array]:
        u = means[0] + scales[0] * (a_u * X + b_u * Y)
        v = means[1] + scales[1] * (a_v * X + b_v * Y)
        (f, g), (f1, g1), (f2, g2) = derivatives(function, 2, jnp.stack([u, v]))
        P, M = jnp.where(acute, X, Y), jnp.where(acute, Y, X)
        along, normal = c * P - s * M, s * P + c * M
        more = {"k10": f1 * g, "k01": f * g1, "p": f1 * g1 * P, "m": f1 * g1 * M, "g": f2 * g * along}
        return (more if biased else {}) | {
            "k00": f * g, "k11": f1 * g1, "k20": f2 * g, "k02": f * g2, "k22": f2 * g2,
            "u31": u * f2 * g1, "v13": v * f1 * g2,
            "c0": f1 * g1 * (P * P - 1), "c1": f1 * g1 * (M * M - 1), "c2": f1 * g1 * P * M,
            "f0": f2 * g * (along**2 - 1), "f1": f2 * g * along * normal, "f2": f2 * g * (normal**2 - 1),
        }  # fmt: skip

    def outer(index: Array, total: dict[str, Array]) -> dict[str, Array]:
        Y, w_outer = _panel(outer_edges, index, n_outer)
        breaks = jnp.concatenate([start_u - slope_u * Y[:, None], start_v - slope_v * Y[:, None]], axis=1)
        edges = _edges(breaks)

        def inner(index: Array, total: dict[str, Array]) -> dict[str, Array]:
            X, w_inner = _panel(edges, index, n_inner)
            weight = (w_outer * _density(Y))[:, None] * w_inner * _density(X)
            return {key: total[key] + jnp.sum(weight * x) for key, x in values(X, Y[:, None]).items()}

        return jax.lax.fori_loop(0, n_inner * (2 * len(kinks) + 1), inner, total)

    zero = 0.0 * (angle + largest)
    keys = "k00 k11 k20 k02 k22 u31 v13 c0 c1 c2 f0 f1 f2" + (" k10 k01 p m g" if biased else "")
    start = {key: zero for key in keys.split()}
    return jax.lax.fori_loop(0, n_outer * (len(kinks) ** 2 + 1), outer, start)


def _line(
    function: Elementwise, kinks: tuple[float, ...], at: float | Array, scales: tuple[Array, Array],
    cosine: Array, sine: Array, strip: float, refine: int | Array, shift: float | Array = 0.0,
) -> dict[str, Array]:  # fmt: skip
    """Given u = ``at`` above its mean: E of f, f y, f (y^2 - 1), f', f'' at v = m_v + s_v (cos at / s_u + sin y)."""
    mean, spread = scales[1] * cosine * at / scales[0] + shift, scales[1] * sine
    edges = _edges((jnp.asarray(kinks) - mean) / spread)
    n = _panels(_length(spread, strip), refine)

    def body(index: Array, total: dict[str, Array]) -> dict[str, Array]:
        y, weight = _panel(edges, index, n)
        weight = weight * _density(y)
        f, f1, f2 = derivatives(function, 2, mean + spread * y)
        parts = {"0": f, "y": f * y, "yy": f * (y * y - 1), "1": f1, "2": f2}
        return {key: total[key] + jnp.sum(weight * x) for key, x in parts.items()}

    zero = 0.0 * (mean + spread)
    return jax.lax.fori_loop(0, n * (len(kinks) + 1), body, {key: zero for key in ("0", "y", "yy", "1", "2")})


def kinked_means(
    function: Elementwise, kinks: tuple[float, ...], mean: Array, scale: Array, strip: float
) -> tuple[Array, ...]:
    r"""s_0 ... s_4 of one variable (scalars): what the kinks add are Hermite polynomials at them."""
    scale = jnp.maximum(scale, _SMALLEST)
    edges = _edges((jnp.asarray(kinks) - mean) / scale)
    n = _panels(_length(scale, strip), 1)

    def body(index: Array, total: Array) -> Array:
        t, weight = _panel(edges, index, n)
        f, f1, f2 = derivatives(function, 2, mean + scale * t)
        parts = jnp.stack([f, f1, f2, f2 * t, f2 * (t * t - 1)])
        return total + jnp.sum(weight * _density(t) * parts, axis=-1)

    start = jnp.zeros(5) + 0.0 * (mean + scale)
    s0, s1, s2, s3, s4 = jax.lax.fori_loop(0, n * (len(kinks) + 1), body, start)
    for c, J in zip(kinks, jumps(function, kinks), strict=True):
        x = _within(c - mean, scale) / scale
        weight = J * _density(x) / scale
        s2, s3, s4 = s2 + weight, s3 + weight * x, s4 + weight * (x * x - 1)
    return s0, s1, s2, s3 / scale, s4 / scale**2

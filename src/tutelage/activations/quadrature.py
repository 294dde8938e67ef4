"""Smooth activations whose moments come from quadrature, with the error measured by halving the step."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.base import Activation
from tutelage.activations.gaussian_rule import (
    derivatives,
    hermite_coefficients,
    own_square,
    pair_expectations,
    planned_nodes,
)  # fmt: skip
from tutelage.activations.pair_geometry import (
    TABLES_UP_TO,
    MeanMoments,
    Means,
    Pair,
    PairMoments,
    filled,
    on_selected,
    pair_geometry,
)
from tutelage.activations.rounding import of_sums
from tutelage.base import check
from tutelage.base.compiled import COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import pinned
from tutelage.base.rows import lengths, row_coordinates
from tutelage.base.types import ArrayLike

_ORDERS_UP_TO = {0: 1, 1: 4, 2: 8}
# Mehler's series sum rho^m c_m c_m is cut at 1e-17 and holds this many terms; pairs of larger correlation than
# exp(-39 / 128) = 0.74 are done by the two-dimensional rule.
_N_TERMS = 128
_DIGITS = 39.0
_NEAR = math.exp(-_DIGITS / _N_TERMS)
_MOST_NODES = 5e7
"""About a minute on one core, the check by half of the step included."""


class QuadratureActivation(Activation):
    r"""A smooth :math:`\sigma` whose moments come from the trapezoidal rule in the Gaussian variable.

    The rule converges geometrically for a function analytic in a strip :math:`|\mathrm{Im}\,u| < b`: the step follows from
    ``strip`` (b) and the row norms, 1e-12 or better in the tables. Pairs of small correlation share one-dimensional
    Hermite coefficients (Mehler's series); the others are integrated in their plane.
    """

    strip: float
    """Half-width of the strip around the real axis where the function is analytic."""

    quick_pairs = True

    def moments(self, pair: Pair, order: int = 2) -> PairMoments:
        return self.refined_moments(pair, order, 1)

    def refined_moments(self, pair: Pair, order: int, refine: int | Array) -> PairMoments:
        """``moments`` with every step divided by ``refine``."""
        return _moments(self, pair, order, refine)

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        return self.refined_mean_moments(pair, order, 1)

    def refined_mean_moments(self, pair: Pair, order: int, refine: int | Array) -> MeanMoments:
        """``mean_moments`` with every step divided by ``refine``."""
        names = TABLES_UP_TO[order]
        m_u, m_v = pair.means
        means = (m_u[:, 0], m_v[0, :])
        return MeanMoments(**dict(zip(names, _tables(self, pair, names, refine, means), strict=True)))

    def neuron_means(self, m: Array, q: Array) -> tuple[Array, ...]:
        return tuple(hermite_coefficients(self, 5, jnp.sqrt(q), 1, self.strip, 1, m)[:, :, 0])

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        return _expectation(self, 0, 0, m_u, m_v, q_uu, q_uv, q_vv)

    def own_square(self, q: Array, refine: int = 1) -> Array | None:
        def slope(u: Array) -> Array:
            return derivatives(self, 1, u)[1]

        return own_square(slope, jnp.sqrt(q), self.strip, refine)

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """Themselves: what is lost in the sums of a quadrature shows when its step is halved."""
        return of_sums(tables)

    def quadrature_error(self, W: ArrayLike, Z: ArrayLike | None = None, means: Means = None) -> float:
        """Largest change of any table, relative to the largest entry of that table, when every step is halved.

        Parameters
        ----------
        W, Z : array_like, shape (k, d) and (l, d)
            Rows are neurons; Z is W when absent.
        means : (array, array), optional
            Means of both.
        """
        W = check.float_array(W, "quadrature_error", "W", ndim=2)
        if Z is None and W.shape[1] > W.shape[0]:
            W = row_coordinates(W)  # the tables depend on the Gram matrix alone
        Z = W if Z is None else check.float_array(Z, "quadrature_error", "Z", ndim=2)
        self.require_rows(np.concatenate([W, Z]), "quadrature_error")
        pairs = self._both(W, Z, means)
        return float(max(np.abs(a - b).max() / max(np.abs(b).max(), np.finfo(float).tiny) for a, b in pairs))

    def require_rows(self, rows: np.ndarray, who: str) -> None:
        super().require_rows(rows, who)
        near = -1.0 if self.kinks else _NEAR  # with kinks every pair is integrated in its plane
        if (nodes := planned_nodes(rows, self.strip, near)) > _MOST_NODES:
            raise InputError(
                f"{who}: expected neurons whose quadrature ends within a minute, at most {_MOST_NODES:g} nodes, got "
                f"norms up to {lengths(rows).max():.3g} under {self.spec!r}, which take {nodes:.1e}; rescale the "
                "weights, or use an activation in closed form (erf in place of tanh, gelu in place of silu)"
            )

    def table_errors(self, W: np.ndarray, Z: np.ndarray, means: Means = None) -> PairMoments | MeanMoments:
        """What halving the step changes."""
        kind = PairMoments if means is None else MeanMoments
        return kind(*(np.abs(a - b) for a, b in self._both(W, Z, means)))

    def _both(self, W: np.ndarray, Z: np.ndarray, means: Means) -> list[tuple[np.ndarray, np.ndarray]]:
        """Every table at the usual step and at half of it."""
        rows = (filled(W), filled(Z)) if self.quick_pairs else (W, Z)
        if means is not None:
            first, second = (
                np.pad(np.asarray(m), (0, len(r) - len(m))) for m, r in zip(means, rows, strict=True)
            )
            means = first, second
        with pinned():
            coarse, fine = (_refined(self, *rows, r, means) for r in (1, 2))
        k, n = len(W), len(Z)
        pairs = zip(coarse, fine, strict=True)
        return [(np.asarray(one)[:k, :n], np.asarray(other)[:k, :n]) for one, other in pairs]


@functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION)
def _refined(
    activation: QuadratureActivation, W: Array, Z: Array, refine: int | Array, means: Means
) -> PairMoments | MeanMoments:
    pair = pair_geometry(W, Z)
    if means is None:
        return activation.refined_moments(pair, 2, refine)
    pair = pair._replace(m_u=jnp.asarray(means[0])[:, None], m_v=jnp.asarray(means[1])[None, :])
    return activation.refined_mean_moments(pair, 2, refine)


def _moments(activation: QuadratureActivation, pair: Pair, order: int, refine: int | Array) -> PairMoments:
    if pair.q_uv.ndim != 2:
        raise InputError(
            "moments: expected tables of pairs (k, l) from pair_geometry; use dual for single pairs"
        )
    names = PairMoments._fields[: _ORDERS_UP_TO[order]]
    tables = _tables(activation, pair, names, refine, None)
    return PairMoments(*tables, *(None for _ in range(len(PairMoments._fields) - len(names))))


def _tables(
    activation: QuadratureActivation, pair: Pair, names: tuple[str, ...], refine: int | Array,
    means: tuple[Array, Array] | None,
) -> tuple[Array, ...]:  # fmt: skip
    """The tables of these names; ``means`` of u (k,) and v (l,)."""
    orders = tuple((int(name[1]), int(name[2])) for name in names)
    s_u, s_v = jnp.sqrt(pair.q_uu), jnp.sqrt(pair.q_vv)
    rho = correlation(pair.q_uu, pair.q_uv, pair.q_vv)
    near = jnp.abs(rho) > _NEAR
    tables = _mehler(activation, orders, jnp.where(near, 0.0, rho), s_u[:, 0], s_v[0, :], refine, means)

    def in_the_plane(i: Array, j: Array) -> tuple[Array, ...]:
        i, j = i[0], j[0]
        half = (jnp.sin(pair.supplement[i, j] / 2), jnp.sin(pair.angle[i, j] / 2))
        scales = (s_u[i, 0], s_v[0, j])
        at = (0.0, 0.0) if means is None else (means[0][i], means[1][j])
        values = pair_expectations(activation, orders, at, scales, half, activation.strip, refine)
        return tuple(v[None] for v in values)

    return on_selected(near, in_the_plane, tables, chunk=1)


def correlation(q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
    """q_uv / sqrt(q_uu q_vv) in [-1, 1]; 0 where a variance is 0."""
    product = jnp.sqrt(q_uu) * jnp.sqrt(q_vv)
    return jnp.clip(jnp.where(product > 0, q_uv / jnp.where(product > 0, product, 1.0), 0.0), -1.0, 1.0)


def _mehler(
    activation: QuadratureActivation, orders: tuple[tuple[int, int], ...], rho: Array, s_u: Array,
    s_v: Array, refine: int | Array, means: tuple[Array, Array] | None,
) -> tuple[Array, ...]:  # fmt: skip
    """sum_m rho^m c_m^(p)(u) c_m^(q)(v), as many terms as the largest correlation needs."""
    scales = jnp.concatenate([s_u, s_v])
    highest = max(max(pair) for pair in orders) + 1
    at = None if means is None else jnp.concatenate(means)
    coefficients = hermite_coefficients(activation, highest, scales, _N_TERMS, activation.strip, refine, at)
    first, second = coefficients[:, : s_u.size], coefficients[:, s_u.size :]
    largest = jnp.max(jnp.abs(rho))
    needed = _DIGITS / -jnp.log(jnp.clip(largest, 1e-300, 0.999))
    n_terms = jnp.minimum(jnp.ceil(needed).astype(int) + 1, _N_TERMS)

    def body(m: Array, state: tuple[Array, tuple[Array, ...]]) -> tuple[Array, tuple[Array, ...]]:
        power, sums = state
        new = tuple(
            total + power * first[p, :, m][:, None] * second[q, :, m][None, :]
            for total, (p, q) in zip(sums, orders, strict=True)
        )
        return power * rho, new

    start = (jnp.ones_like(rho), tuple(jnp.zeros_like(rho) for _ in orders))
    return jax.lax.fori_loop(0, n_terms, body, start)[1]


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _expectation(
    activation: QuadratureActivation, p: int, q: int, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array,
    q_vv: Array,
) -> Array:  # fmt: skip
    """E[s^(p)(u) s^(q)(v)]; its derivatives are expectations of the same kind (Price, Stein), to any order."""

    def one(m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        scales = (jnp.sqrt(q_uu), jnp.sqrt(q_vv))
        cosine = correlation(q_uu, q_uv, q_vv)
        half = (jnp.sqrt((1 + cosine) / 2), jnp.sqrt((1 - cosine) / 2))
        return pair_expectations(activation, ((p, q),), (m_u, m_v), scales, half, activation.strip)[0]

    return jnp.vectorize(one)(*jnp.broadcast_arrays(*map(jnp.asarray, (m_u, m_v, q_uu, q_uv, q_vv))))


@_expectation.defjvp
def _expectation_jvp(
    activation: QuadratureActivation, p: int, q: int, primals: tuple[Array, ...], tangents: tuple[Array, ...]
) -> tuple[Array, Array]:
    def moved(dp: int, dq: int) -> Array:
        return _expectation(activation, p + dp, q + dq, *primals)

    d_mu, d_mv, d_uu, d_uv, d_vv = tangents
    tangent = moved(1, 0) * d_mu + moved(0, 1) * d_mv
    tangent = tangent + moved(2, 0) * d_uu / 2 + moved(1, 1) * d_uv + moved(0, 2) * d_vv / 2
    return _expectation(activation, p, q, *primals), tangent

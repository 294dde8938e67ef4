"""Rectified activations: ReLU, leaky ReLU and the absolute value (arc-cosine kernels)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.bivariate import crossing
from tutelage.activations.close_pairs import close_pairs, is_close, require_nonzero_rows
from tutelage.activations.closed_form import ClosedForm
from tutelage.activations.facts import Reflection
from tutelage.activations.pair_geometry import MeanMoments, Means, Pair, PairMoments, PlaneTerms, mean_moments
from tutelage.activations.positive_pairs import half_line_with_zeros, positive_parts
from tutelage.activations.positive_part import positive_part_dual, positive_part_mean
from tutelage.activations.rounding import of_sums
from tutelage.base import check
from tutelage.base.types import ArrayLike


class RectifiedFamily(ClosedForm):
    r""":math:`\sigma(u) = s\,u + t\max(u, 0)`, t = 1 - s, with its kink at 0.

    .. math:: \kappa = s\,q_{uv} + \frac{t^2}{2\pi}\bigl(\sqrt{\det} + (\pi - \varphi)q_{uv}\bigr),\quad
        k_{11} = s + \frac{t^2}{2\pi}(\pi - \varphi),\quad k_{20} = \frac{t^2\sqrt{\det}}{2\pi q_{uu}},\quad
        k_{22} = \frac{t^2}{2\pi\sqrt{\det}}

    s = 0 is ReLU, s = -1 the absolute value (science 2.3; Cho and Saul 2009).
    """

    slope: float
    """Slope s for u < 0; the slope for u > 0 is 1."""

    kinks = (0.0,)
    homogeneity = 1
    longest = 1e150

    @property
    def reflection(self) -> Reflection:
        return Reflection(1, linear=-(1 + self.slope))

    def __call__(self, u: Array) -> Array:
        return jnp.where(u > 0, u, self.slope * u)

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        s, t = self.slope, 1 - self.slope
        linear = m_u * m_v + q_uv
        # E[u max(v, 0)] = m_u E max(v, 0) + q_uv P(v > 0), and P is the slope of the mean.
        mean_u, up_u = jax.jvp(
            lambda m: positive_part_mean(m, q_uu), (m_u + 0.0 * q_uu,), (jnp.ones_like(q_uu),)
        )
        mean_v, up_v = jax.jvp(
            lambda m: positive_part_mean(m, q_vv), (m_v + 0.0 * q_vv,), (jnp.ones_like(q_vv),)
        )
        mixed = m_u * mean_v + q_uv * up_v + m_v * mean_u + q_uv * up_u
        return (
            s * s * linear + s * t * mixed + t * t * positive_part_dual(m_u, m_v, q_uu, q_uv, q_vv, noise=0.0)
        )

    def closed(self, pair: Pair, xp: ModuleType) -> PairMoments:
        s, c = self.slope, (1 - self.slope) ** 2 / (2 * np.pi)
        close = is_close(pair, xp)
        norm_u, norm_v = xp.sqrt(pair.q_uu), xp.sqrt(pair.q_vv)
        safe_u, safe_v = xp.where(norm_u > 0, norm_u, 1.0), xp.where(norm_v > 0, norm_v, 1.0)
        # From angles and norms: the determinant overflows long before the weights do.
        sine, cosine = xp.sin(xp.minimum(pair.angle, pair.supplement)), xp.cos(pair.angle)
        root = norm_u * norm_v * sine
        far = xp.where(close, 0.0, c / xp.where(close, 1.0, root))
        k11 = s + c * pair.supplement
        return PairMoments(
            k00=k11 * pair.q_uv + c * root,
            k11=k11,
            k20=c * sine * norm_v / safe_u,
            k02=c * sine * norm_u / safe_v,
            k22=far,
            k31=-far * cosine * norm_v / safe_u,
            k13=-far * cosine * norm_u / safe_v,
            k40=far * (cosine**2 - sine**2) * (norm_v / safe_u) ** 2,
        )

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        s, t = self.slope, 1 - self.slope
        positive = positive_parts(pair, is_close(pair))
        if s == 0:
            return mean_moments(positive, pair, order)
        m_u, m_v = pair.means
        mean_u, mean_v = half_line_with_zeros(m_u, pair.q_uu), half_line_with_zeros(m_v, pair.q_vv)
        line = {(0, 0): m_u * m_v + pair.q_uv, (1, 0): m_v, (0, 1): m_u, (1, 1): 1.0}

        def mixed(p: int, q: int, m: Array, mean: Callable[[int], Array]) -> Array | float:
            """E[u^(p) R^(q)(v)] with the mean of u and the moments of v."""
            return {0: lambda: m * mean(q) + pair.q_uv * mean(q + 1), 1: lambda: mean(q)}.get(
                p, lambda: 0.0
            )()

        return mean_moments(
            lambda p, q: (
                t * t * positive(p, q)
                + s * t * (mixed(p, q, m_u, mean_v) + mixed(q, p, m_v, mean_u))
                + s * s * line.get((p, q), 0.0)
            ),
            pair, order,
        )  # fmt: skip

    def neuron_means(self, m: Array, q: Array) -> tuple[Array, ...]:
        s, mean = self.slope, half_line_with_zeros(m, q)
        line = (m, jnp.ones_like(m), *(jnp.zeros_like(m) for _ in range(3)))
        return tuple(s * x + (1 - s) * mean(p) for p, x in enumerate(line))

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        return of_sums(tables)

    def plane_terms(self, W: ArrayLike, Z: ArrayLike, means: Means = None) -> PlaneTerms:
        r"""Close pairs: outer :math:`\frac{t^2}{2\pi}\sin\varphi\,(pp^T - mm^T)`, functional
        :math:`k_{20}(nn^T - \hat w\hat w^T)`, both bounded where k_22 is not.

        With means both have the density where the kinks cross as a factor, and :math:`\hat w\hat w^T` stands in k_40."""
        m_u, m_v = means or (None, None)
        require_nonzero_rows(W, "plane_terms", self, m_u)
        require_nonzero_rows(Z, "plane_terms", self, m_v)
        close = close_pairs(W, Z, with_parallel=False)  # their coefficients, a sine, are zero
        c = (1 - self.slope) ** 2 / (2 * np.pi)
        sine = np.sin(np.minimum(close.angle, close.supplement))
        if means is not None:
            h_u, h_v = np.asarray(m_u)[close.i] / close.norm_u, np.asarray(m_v)[close.j] / close.norm_v
            with jax.enable_x64(True):
                x_u = np.asarray(crossing(*map(jnp.asarray, (h_u, h_v, np.cos(close.angle), sine))))
            c = c * np.exp(-(h_u**2 + x_u**2) / 2)
        bend = c * sine
        k20 = bend * close.norm_v / close.norm_u
        zero = np.zeros_like(bend)
        along = -k20 if means is None else zero
        return close.terms(np.stack([bend, -bend, zero], axis=1), np.stack([along, zero, k20], axis=1))


@dataclasses.dataclass(frozen=True)
class Relu(RectifiedFamily):
    r""":math:`\sigma(u) = \max(u, 0)`."""

    name = "relu"
    slope = 0.0


@dataclasses.dataclass(frozen=True)
class LeakyRelu(RectifiedFamily):
    r""":math:`\sigma(u) = \max(u, 0) + s\min(u, 0)`."""

    slope: float = 0.01
    name = "leaky_relu"

    def __post_init__(self) -> None:
        check.number(self.slope, "LeakyRelu", "slope")


@dataclasses.dataclass(frozen=True)
class Abs(RectifiedFamily):
    r""":math:`\sigma(u) = |u|`."""

    name = "abs"
    slope = -1.0

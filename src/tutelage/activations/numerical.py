"""Any function as an activation; its kinks are declared, and integrated piecewise."""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations.close_pairs import close_pairs, is_close, require_nonzero_rows
from tutelage.activations.gaussian_rule import Elementwise
from tutelage.activations.kinked_rule import kinked_expectations, kinked_means, smooth_part
from tutelage.activations.pair_geometry import MeanMoments, Means, Pair, PairMoments, PlaneTerms
from tutelage.activations.probe import require_smooth
from tutelage.activations.quadrature import QuadratureActivation, correlation
from tutelage.base import check
from tutelage.base.compiled import COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import pinned
from tutelage.base.types import ArrayLike


@dataclasses.dataclass(frozen=True)
class Numerical(QuadratureActivation):
    """Any function as an activation.

    Parameters
    ----------
    fn : callable
        Elementwise, written with ``jax.numpy``; growth at most polynomial.
    kinks : tuple of float
        Points where the first or a higher derivative jumps (the function itself must not). They are declared,
        never searched for: ``Numerical(jax.nn.relu, kinks=(0.0,))``. Where one is missing within ``|u| < 5``, a
        :class:`~tutelage.base.errors.QuadratureWarning` says so.
    strip : float
        Half-width of the strip around the real axis in which fn (each of its pieces) is analytic: pi/2 for tanh.
        The default 1 suits most functions; ``quadrature_error`` measures whether it was right.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> Numerical(jnp.arctan).spec
    'numerical:fn=arctan'
    """

    fn: Elementwise
    kinks: tuple[float, ...] = ()
    strip: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.fn):
            raise InputError(
                f"Numerical: expected a function, got {type(self.fn).__name__}; pass an elementwise function"
            )
        _require_traceable(self.fn)
        check.number(self.strip, "Numerical", "strip", above=0.0)
        kinks = tuple(sorted(check.number(c, "Numerical", "kink") for c in self.kinks))
        object.__setattr__(self, "kinks", kinks)
        require_smooth(self.fn, kinks, self.strip)

    def __call__(self, u: Array) -> Array:
        return self.fn(u)

    @property
    def quick_pairs(self) -> bool:
        return not self.kinks

    @property
    def spec(self) -> str:
        return f"numerical:fn={getattr(self.fn, '__name__', 'function')}"

    def dual(self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
        if not self.kinks:
            return super().dual(m_u, m_v, q_uu, q_uv, q_vv)

        def one(m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array) -> Array:
            scales = tuple(jnp.maximum(jnp.sqrt(q), 1e-100) for q in (q_uu, q_vv))
            angle = jnp.arccos(correlation(q_uu, q_uv, q_vv))
            parts = smooth_part(
                self.fn, self.kinks, (m_u, m_v), scales, angle, math.pi - angle, self.strip, refine=1
            )
            return parts["k00"]

        return jnp.vectorize(one)(*jnp.broadcast_arrays(*map(jnp.asarray, (m_u, m_v, q_uu, q_uv, q_vv))))

    def refined_moments(self, pair: Pair, order: int, refine: int | Array) -> PairMoments:
        if not self.kinks:
            return super().refined_moments(pair, order, refine)
        return self._kinked_moments(pair, self._of_pairs(pair, refine))

    def refined_mean_moments(self, pair: Pair, order: int, refine: int | Array) -> MeanMoments:
        if not self.kinks:
            return super().refined_mean_moments(pair, order, refine)
        r = self._of_pairs(pair, refine, (pair.m_u, pair.m_v))
        plain = self._kinked_moments(pair, r)
        s_u, s_v = (jnp.sqrt(jnp.where(q > 0, q, 1.0)) for q in (pair.q_uu, pair.q_vv))
        # E[sigma'(u) sigma'(v) x] = k_21 w + k_12 v: of parallel neurons the sum alone is definite.
        along = _half(r["p"], jnp.sin(pair.supplement / 2))
        across = _half(r["m"], jnp.sin(pair.angle / 2))
        k21, k12 = (along - across) / s_u, (along + across) / s_v
        k30 = (r["g"] - pair.q_uv / s_u * k21) / s_u
        return MeanMoments(*plain, k10=r["k10"], k01=r["k01"], k21=k21, k12=k12, k30=k30)

    def neuron_means(self, m: Array, q: Array) -> tuple[Array, ...]:
        if not self.kinks:
            return super().neuron_means(m, q)

        def one(m: Array, scale: Array) -> tuple[Array, ...]:
            return kinked_means(self.fn, self.kinks, m, scale, self.strip)

        return jnp.vectorize(one, signature="(),()->(),(),(),(),()")(m, jnp.sqrt(q))

    def _of_pairs(
        self, pair: Pair, refine: int | Array, means: tuple[Array, Array] | None = None
    ) -> dict[str, Array]:
        """The expectations of all pairs as tables."""
        shape = pair.q_uv.shape

        def flat(table: Array) -> Array:
            return jnp.broadcast_to(table, shape).reshape(-1)

        scales = tuple(flat(jnp.sqrt(q)) for q in (pair.q_uu, pair.q_vv))
        at = None if means is None else tuple(map(flat, means))
        found = self._expectations(*scales, flat(pair.angle), flat(pair.supplement), refine, at)
        return {key: x.reshape(shape) for key, x in found.items()}

    @staticmethod
    def _kinked_moments(pair: Pair, r: dict[str, Array]) -> PairMoments:
        # u and v themselves appear in place of third derivatives of a kink: Stein's lemma, solved for k_31, k_40.
        close, q_uv = is_close(pair), pair.q_uv
        safe_uu, safe_vv = (jnp.where(q > 0, q, 1.0) for q in (pair.q_uu, pair.q_vv))
        k22 = jnp.where(close, 0.0, r["k22"])
        k31 = jnp.where(close, 0.0, (r["u31"] - q_uv * k22) / safe_uu)
        k13 = jnp.where(close, 0.0, (r["v13"] - q_uv * k22) / safe_vv)
        k40 = jnp.where(close, 0.0, (r["f0"] - 2 * k31 * q_uv - k22 * q_uv**2 / safe_uu) / safe_uu)
        return PairMoments(r["k00"], r["k11"], r["k20"], r["k02"], k22, k31, k13, k40)

    def own_square(self, q: Array, refine: int = 1) -> Array | None:
        return None if self.kinks else super().own_square(q, refine)  # plane terms have it

    def plane_terms(self, W: ArrayLike, Z: ArrayLike, means: Means = None) -> PlaneTerms | None:
        if not self.kinks:
            return None
        m_u, m_v = means or (None, None)
        require_nonzero_rows(W, "plane_terms", self, m_u)
        require_nonzero_rows(Z, "plane_terms", self, m_v)
        close = close_pairs(W, Z)
        columns = (close.norm_u, close.norm_v, close.angle, close.supplement)
        at = None if means is None else (np.asarray(m_u)[close.i], np.asarray(m_v)[close.j])
        with pinned():
            r = _compiled(self, *columns, 1, at)
        outer, functional = (np.stack([np.asarray(r[key + n]) for n in "012"], axis=1) for key in "cf")
        return close.terms(outer, functional)

    def _expectations(
        self,
        s_u: Array,
        s_v: Array,
        angle: Array,
        supplement: Array,
        refine: int | Array,
        means: Means = None,
    ) -> dict[str, Array]:
        """All expectations of a list of pairs, one after the other: memory does not grow with their number."""

        def one(pair: tuple[Array, Array, Array, Array, tuple[Array, Array] | None]) -> dict[str, Array]:
            scales, (angle, supplement, at) = pair[:2], pair[2:]
            return kinked_expectations(self.fn, self.kinks, scales, angle, supplement, self.strip, refine, at)

        return jax.lax.map(one, (s_u, s_v, angle, supplement, means))


def _half(value: Array, of: Array) -> Array:
    """value / (2 of), 0 where there is no such direction."""
    return jnp.where(of > 0, value / (2 * jnp.where(of > 0, of, 1.0)), 0.0)


def _require_traceable(fn: Elementwise) -> None:
    try:
        # A function of our own around it: JAX keeps what it traces by weak reference, which a ufunc does not have.
        jax.eval_shape(lambda u: fn(u), jax.ShapeDtypeStruct((1,), jnp.float32))
    except jax.errors.TracerArrayConversionError:
        name = getattr(fn, "__name__", "fn")
        advice = f"jnp.{name}" if isinstance(fn, np.ufunc) and hasattr(jnp, name) else "jnp in place of np"
        raise InputError(
            f"Numerical: expected a function of jax.numpy, which JAX can differentiate, got {name}, which calls NumPy; "
            f"write {advice} (import jax.numpy as jnp)"
        ) from None


_compiled = jax.jit(Numerical._expectations, static_argnums=0, compiler_options=COMPILATION)

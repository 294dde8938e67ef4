"""Activations whose tables are closed forms: of few neurons NumPy's, which compile nothing."""

from __future__ import annotations

import abc
from collections.abc import Callable
from types import ModuleType
from typing import TypeGuard, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tutelage.activations import rounding
from tutelage.activations.arithmetic import COMPLEX, JAX, Namespace
from tutelage.activations.base import Activation
from tutelage.activations.half_planes import Table
from tutelage.activations.pair_geometry import (
    MeanMoments,
    Pair,
    PairMoments,
    few_pairs,
    mean_moments,
    plain_geometry,
)


class ClosedForm(Activation):
    """An activation whose tables without means are one formula in the arrays of a pair, NumPy's or JAX's.

    Few of them are made in NumPy, which compiles nothing.
    """

    quick_pairs = True
    stackable = True

    @abc.abstractmethod
    def closed(self, pair: Pair, xp: ModuleType) -> PairMoments:
        """``moments`` in the arithmetic ``xp`` of the pair, of its shape or numbers."""

    def moments(self, pair: Pair, order: int = 2) -> PairMoments:
        shape, dtype = pair.q_uv.shape, pair.q_uv.dtype
        return PairMoments(*(jnp.broadcast_to(jnp.asarray(t, dtype), shape) for t in self.closed(pair, jnp)))

    @property
    def is_plain(self) -> bool:
        """Whether ``closed`` is all there is to it: no class of its own computes ``moments`` otherwise."""
        return type(self).moments is ClosedForm.moments

    def plain_moments(self, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """``moments`` of few rows in NumPy."""
        with np.errstate(all="ignore"):  # numbers beyond float64 are infinite, as JAX has them
            pair = plain_geometry(W, Z, bool(self.kinks), not self.of_covariances)
            none = np.zeros(pair.q_uv.shape)
            return PairMoments(*(t if np.shape(t) == none.shape else t + none for t in self.closed(pair, np)))

    def plain_own_square(self, W: np.ndarray) -> np.ndarray | None:
        """``own_square`` of rows in NumPy."""
        return None


def is_plain(activation: Activation, W: np.ndarray, Z: np.ndarray) -> TypeGuard[ClosedForm]:
    """Whether NumPy has the tables of these rows before JAX has compiled them."""
    return isinstance(activation, ClosedForm) and activation.is_plain and few_pairs(W, Z)


_STEP = 1e-100
"""Into the complex plane: its square vanishes beside any number."""


class Elementary(ClosedForm):
    """An activation whose tables are elementary functions, so that the SAME formula runs in other arithmetics.

    ``tables(q_uu, q_uv, q_vv, xp)`` may be called with mpmath numbers and ``xp=mpmath.mp``, with python-flint balls
    and ``xp=arithmetic.arb_functions()``, or with arrays and ``xp=jax.numpy``. ``closed`` is that call with the
    determinant from the vectors.
    """

    @abc.abstractmethod
    def tables(
        self, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace, determinant: Array | None = None
    ) -> PairMoments:
        """k_00 ... k_40 of centred (u, v).

        Parameters
        ----------
        q_uu, q_uv, q_vv : array, or numbers of the arithmetic
        xp : namespace with ``sqrt exp atan2 pi``
        determinant : number or array, optional
            q_uu q_vv - q_uv^2; formed from the three others when absent (exact arithmetic needs no better).
        """

    def own_square(self, q: Array, refine: int = 1) -> Array | None:
        def k11(q: Array) -> Array:
            return 0.0 * q + self.tables(q, q, q, jnp, 0.0 * q).k11

        return 2 * jax.jvp(k11, (q,), (jnp.ones_like(q),))[1]

    def plain_own_square(self, W: np.ndarray) -> np.ndarray:
        """Its closed form where a class has one, or the derivative by a step into the complex plane, exact to rounding."""
        q = np.sum(W * W, axis=-1)
        with np.errstate(all="ignore"):
            if type(self).own_square is not Elementary.own_square:
                return np.asarray(self.own_square(q))
            z = q + 1j * _STEP
            k11 = np.broadcast_to(self.tables(z, z, z, COMPLEX, 0.0 * z).k11, z.shape)
            return 2 * k11.imag / _STEP

    def closed(self, pair: Pair, xp: ModuleType) -> PairMoments:
        return self.tables(pair.q_uu, pair.q_uv, pair.q_vv, xp, pair.determinant)

    def terms(self, tables: PairMoments, W: np.ndarray, Z: np.ndarray) -> PairMoments:
        """Themselves: the formulas do not cancel."""
        return rounding.of_sums(tables)

    def mean_tables(
        self, m_u: Array, m_v: Array, q_uu: Array, q_uv: Array, q_vv: Array, xp: Namespace,
        determinant: Array | None = None,
    ) -> Table | None:  # fmt: skip
        """(p, q) -> k_pq of (u, v) with means, in any arithmetic; None, the default, leaves them to ``dual``."""
        return None

    @final
    @property
    def has_mean_tables(self) -> bool:
        """Whether :meth:`mean_tables` are given."""
        return type(self).mean_tables is not Elementary.mean_tables

    def mean_table(self, m: Array, q: Array, xp: Namespace) -> Callable[[int], Array] | None:
        """p -> s_p of u with a mean, beside :meth:`mean_tables`."""
        return None

    def mean_moments(self, pair: Pair, order: int = 2) -> MeanMoments:
        table = self.mean_tables(pair.m_u, pair.m_v, pair.q_uu, pair.q_uv, pair.q_vv, JAX, pair.determinant)
        return (
            Activation.mean_moments(self, pair, order) if table is None else mean_moments(table, pair, order)
        )

    def neuron_means(self, m: Array, q: Array) -> tuple[Array, ...]:
        mean = self.mean_table(m, q, JAX)
        if mean is None:
            return Activation.neuron_means(self, m, q)
        return tuple(jnp.broadcast_to(jnp.asarray(mean(p), m.dtype), m.shape) for p in range(5))

"""Moments of all pairs of neurons: dual kernel and its Price-Stein derivatives as (k, l) tables."""

from __future__ import annotations

import functools
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.base import Activation
from tutelage.activations.pairs import PairMoments, PlaneTerms, filled
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.rows import lengths
from tutelage.base.types import Array
from tutelage.inputs import GaussianInputs

_BYTES_A_PAIR = 160.0  # eight tables, and as many temporary ones

__all__ = [
    "PairMoments",
    "PlaneTerms",
    "dual_matrix",
    "first_moments",
    "own_errors",
    "own_tables",
    "pair_moments",
    "pair_tables",
    "plane_terms",
]


_Both: TypeAlias = tuple[Array, Array]
"""W and Z, or their tangents."""


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def dual_matrix(activation: Activation, W: Array, Z: Array) -> Array:
    r""":math:`\kappa_{ij} = E[\sigma(w_i\cdot x)\,\sigma(z_j\cdot x)]`, x standard normal.

    Parameters
    ----------
    activation : Activation
    W, Z : array, shape (k, d) and (l, d)
        Call inside float64 JAX; traceable. Derivatives of any order in W and Z come from the tables themselves
        (Price), so they are finite and right at parallel and duplicated neurons.

    Returns
    -------
    array, shape (k, l)
    """
    return _tables(activation, W, Z, 0).k00


@dual_matrix.defjvp
def _dual_matrix_jvp(activation: Activation, primals: _Both, tangents: _Both) -> _Both:
    W, Z = primals
    k00, k11, k20, k02 = first_moments(activation, W, Z)
    d_uu, d_uv, d_vv = _gram_tangents(W, Z, *tangents)
    return k00, k20 * d_uu / 2 + k11 * d_uv + k02 * d_vv / 2


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def first_moments(activation: Activation, W: Array, Z: Array) -> tuple[Array, Array, Array, Array]:
    r"""Tables (k_00, k_11, k_20, k_02), each (k, l), :math:`k_{pq} = E[\sigma^{(p)}(u_i)\,\sigma^{(q)}(v_j)]`.

    They give the population loss and its gradient (science 1.1). Finite and accurate at aligned, opposite
    and duplicated neurons. At those, kinked activations have no derivative of k_11 and k_20; 0 is given.
    """
    m = _tables(activation, W, Z, 1)
    return m.k00, m.k11, m.k20, m.k02


@first_moments.defjvp
def _first_moments_jvp(
    activation: Activation, primals: _Both, tangents: _Both
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    W, Z = primals
    d_uu, d_uv, d_vv = _gram_tangents(W, Z, *tangents)
    m = pair_moments(activation, W, Z)
    k04 = pair_moments(activation, Z, W).k40.T
    tangent = (
        m.k20 * d_uu / 2 + m.k11 * d_uv + m.k02 * d_vv / 2,
        m.k31 * d_uu / 2 + m.k22 * d_uv + m.k13 * d_vv / 2,
        m.k40 * d_uu / 2 + m.k31 * d_uv + m.k22 * d_vv / 2,
        m.k22 * d_uu / 2 + m.k13 * d_uv + k04 * d_vv / 2,
    )
    return (m.k00, m.k11, m.k20, m.k02), tangent


def pair_moments(activation: Activation, W: Array, Z: Array) -> PairMoments:
    r"""All tables of the Hessian blocks, each (k, l): k_00 k_11 k_20 k_02 k_22 k_31 k_13 k_40 (science 1.1).

    For kinked activations k_22, k_31, k_13 and k_40 are 0 on close pairs, whose blocks ``plane_terms`` lists.
    """
    return _tables(activation, W, Z, 2)


@float64
def pair_tables(activation: Activation, W: np.ndarray, Z: np.ndarray) -> PairMoments:
    """``pair_moments`` of NumPy arrays in NumPy, compiled once for many sizes where pairs are quick (not traceable)."""
    check.fits_in_memory(
        _BYTES_A_PAIR * len(W) * len(Z), "moments", f"a table of {len(W)} x {len(Z)} pairs of neurons",
        f"{int((0.9 * check.available_bytes() / _BYTES_A_PAIR) ** 0.5)} neurons", "choose fewer",
    )  # fmt: skip
    rows = (filled(W), filled(Z)) if activation.quick_pairs else (W, Z)
    tables = pair_moments(activation, *rows)
    return PairMoments(*(np.ascontiguousarray(np.asarray(t)[: len(W), : len(Z)]) for t in tables))


def own_tables(activation: Activation, W: np.ndarray) -> PairMoments:
    r"""``pair_tables`` of W with itself, for what :math:`E[\sigma'(u_i)\sigma'(u_j)\,xx^T]` needs of them.

    On the diagonal only k_31 + 2 k_22 + k_13 matters; where the activation knows it without cancellation, k_31 and k_13
    are half of it there and k_22 is 0.

    Raises
    ------
    InputError
        Tables that leave the range of float64, as those of the exponential do beyond norms of about 19.
    """
    activation.require_rows(W, "moments")
    tables = _with_own(pair_tables(activation, W, W), _own_square(activation, W, 1))
    if not all(np.isfinite(table).all() for table in tables):
        norms = lengths(W)
        raise InputError(
            f"moments: expected neurons whose moments under {activation.spec!r} are finite float64 numbers, got norms up "
            f"to {norms.max():.3g}; rescale the weights"
        )
    return tables


def own_errors(activation: Activation, W: np.ndarray) -> PairMoments | None:
    """Absolute errors of ``own_tables`` other than rounding; None where there are none."""
    errors = activation.table_errors(W, W)
    if errors is None:
        return None
    coarse, fine = (_own_square(activation, W, refine) for refine in (1, 2))
    return errors if coarse is None or fine is None else _with_own(errors, np.abs(coarse - fine))


@float64
def _own_square(activation: Activation, W: np.ndarray, refine: int) -> np.ndarray | None:
    own = _compiled_own_square(activation, jnp.sum(jnp.asarray(filled(W)) ** 2, axis=1), refine)
    return None if own is None else np.asarray(own)[: len(W)]


@functools.partial(jax.jit, static_argnums=0)
def _compiled_own_square(activation: Activation, q: Array, refine: int) -> Array | None:
    return activation.own_square(q, refine)


def _with_own(tables: PairMoments, own: np.ndarray | None) -> PairMoments:
    if own is None:
        return tables
    here = np.eye(len(own), dtype=bool)
    half = np.diag(own / 2)
    return tables._replace(
        k22=np.where(here, 0.0, tables.k22),
        k31=np.where(here, half, tables.k31),
        k13=np.where(here, half, tables.k13),
    )


def plane_terms(activation: Activation, W: Array, Z: Array) -> PlaneTerms | None:
    """Close pairs of a kinked activation, in NumPy; None for smooth activations. Complements ``pair_moments``.

    Raises
    ------
    NoHessianError
        A zero row under a kinked activation.
    """
    return activation.plane_terms(W, Z)


@functools.partial(jax.jit, static_argnums=(0, 3))
def _tables(activation: Activation, W: Array, Z: Array, order: int) -> PairMoments:
    tables = activation.moments(GaussianInputs().pair(jnp.asarray(W), jnp.asarray(Z)), order)
    # Only what was asked for leaves, so that compilation drops the rest.
    kept = {0: ("k00",), 1: ("k00", "k11", "k20", "k02"), 2: PairMoments._fields}[order]
    return PairMoments(*(getattr(tables, name) if name in kept else None for name in PairMoments._fields))


def _gram_tangents(W: Array, Z: Array, dW: Array, dZ: Array) -> tuple[Array, Array, Array]:
    return 2 * jnp.sum(W * dW, axis=1)[:, None], dW @ Z.T + W @ dZ.T, 2 * jnp.sum(Z * dZ, axis=1)[None, :]

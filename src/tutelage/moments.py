"""Moments of all pairs of neurons: dual kernel and its Price-Stein derivatives as (k, l) tables, with means or without."""

from __future__ import annotations

import functools
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations.base import Activation
from tutelage.activations.closed_form import is_plain
from tutelage.activations.pair_geometry import (
    TABLES_UP_TO,
    MeanMoments,
    PairMoments,
    PlaneTerms,
    filled,
)
from tutelage.base import check
from tutelage.base.compiled import COMPILATION, QUICK_COMPILATION
from tutelage.base.errors import InputError
from tutelage.base.precision import float64
from tutelage.base.rows import lengths
from tutelage.base.types import Array
from tutelage.inputs import GaussianInputs

_BYTES_A_PAIR = 160.0  # eight tables, and as many temporary ones

__all__ = [
    "MeanMoments",
    "PairMoments",
    "PlaneTerms",
    "dual_matrix",
    "first_moments",
    "is_plain",
    "neuron_means",
    "neuron_tables",
    "own_errors",
    "own_tables",
    "pair_moments",
    "pair_tables",
    "plain_tables",
    "plane_terms",
]


_Neurons: TypeAlias = tuple[Array, Array, Array | None, Array | None]
"""W, Z and the biases of both, or their tangents."""

Tables: TypeAlias = PairMoments | MeanMoments
"""Without biases, or with them."""


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def dual_matrix(
    activation: Activation, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None
) -> Array:
    r""":math:`\kappa_{ij} = E[\sigma(w_i\cdot x + b_i)\,\sigma(z_j\cdot x + b'_j)]`, x standard normal.

    Parameters
    ----------
    activation : Activation
    W, Z : array, shape (k, d) and (l, d)
        Call inside float64 JAX; traceable. Derivatives of any order in W and Z come from the tables themselves
        (Price), so they are finite and right at parallel and duplicated neurons.
    b, b_Z : array, shape (k,) and (l,), optional
        Biases of both, or of neither.

    Returns
    -------
    array, shape (k, l)
    """
    return _tables(activation, W, Z, b, b_Z, 0).k00


@dual_matrix.defjvp
def _dual_matrix_jvp(activation: Activation, primals: _Neurons, tangents: _Neurons) -> tuple[Array, Array]:
    k00, k11, k20, k02, *of_means = first_moments(activation, *primals)
    d_uu, d_uv, d_vv = _gram_tangents(*primals[:2], *tangents[:2])
    tangent = k20 * d_uu / 2 + k11 * d_uv + k02 * d_vv / 2
    *_, d_b, d_b_Z = tangents
    if d_b is not None and d_b_Z is not None:
        tangent = tangent + of_means[0] * d_b[:, None] + of_means[1] * d_b_Z[None, :]
    return k00, tangent


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def first_moments(
    activation: Activation, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None
) -> tuple[Array, ...]:
    r"""Tables (k_00, k_11, k_20, k_02), each (k, l), :math:`k_{pq} = E[\sigma^{(p)}(u_i)\,\sigma^{(q)}(v_j)]`;
    with biases k_10, k_01 too.

    They give the population loss and its gradient (science 1.1). Finite and accurate at aligned, opposite
    and duplicated neurons. At those, kinked activations have no derivative of k_11 and k_20; 0 is given.
    """
    m = _tables(activation, W, Z, b, b_Z, 1)
    return tuple(getattr(m, name) for name in _names(1, b is not None))


@first_moments.defjvp
def _first_moments_jvp(
    activation: Activation, primals: _Neurons, tangents: _Neurons
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    W, Z, b, b_Z = primals
    d_uu, d_uv, d_vv = _gram_tangents(W, Z, *tangents[:2])
    m, mirror = pair_moments(activation, *primals), pair_moments(activation, Z, W, b_Z, b)
    values = tuple(getattr(m, name) for name in _names(1, b is not None))
    tangent = (
        m.k20 * d_uu / 2 + m.k11 * d_uv + m.k02 * d_vv / 2,
        m.k31 * d_uu / 2 + m.k22 * d_uv + m.k13 * d_vv / 2,
        m.k40 * d_uu / 2 + m.k31 * d_uv + m.k22 * d_vv / 2,
        m.k22 * d_uu / 2 + m.k13 * d_uv + mirror.k40.T * d_vv / 2,
    )
    *_, d_b, d_b_Z = tangents
    if not isinstance(m, MeanMoments) or d_b is None or d_b_Z is None:
        return values, tangent
    d_u, d_v, k03 = d_b[:, None], d_b_Z[None, :], mirror.k30.T
    by_means = (
        m.k10 * d_u + m.k01 * d_v,
        m.k21 * d_u + m.k12 * d_v,
        m.k30 * d_u + m.k21 * d_v,
        m.k12 * d_u + k03 * d_v,
    )
    return values, (
        *(t + more for t, more in zip(tangent, by_means, strict=True)),
        m.k20 * d_u + m.k11 * d_v + m.k30 * d_uu / 2 + m.k21 * d_uv + m.k12 * d_vv / 2,
        m.k11 * d_u + m.k02 * d_v + m.k21 * d_uu / 2 + m.k12 * d_uv + k03 * d_vv / 2,
    )


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def neuron_means(activation: Activation, W: Array, b: Array) -> tuple[Array, Array, Array]:
    r"""(s_0, s_1, s_2), each (k,): :math:`s_p = E[\sigma^{(p)}(w_i\cdot x + b_i)]`, traceable."""
    s0, s1, s2, *_ = activation.neuron_means(b, jnp.sum(W * W, axis=1))
    return s0, s1, s2


@neuron_means.defjvp
def _neuron_means_jvp(
    activation: Activation, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    (W, b), (dW, db) = primals, tangents
    s = activation.neuron_means(b, jnp.sum(W * W, axis=1))
    d_q = jnp.sum(W * dW, axis=1)
    return s[:3], tuple(s[p + 1] * db + s[p + 2] * d_q for p in range(3))


def pair_moments(
    activation: Activation, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None
) -> Tables:
    r"""All tables of the Hessian blocks, each (k, l): k_00 k_11 k_20 k_02 k_22 k_31 k_13 k_40 (science 1.1).

    With biases also k_10 k_01 k_21 k_12 k_30 (science 9). For kinked activations what is singular in k_22, k_31, k_13
    and k_40 is left out on close pairs, whose blocks ``plane_terms`` lists.
    """
    return _tables(activation, W, Z, b, b_Z, 2)


def plain_tables(
    activation: Activation, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None
) -> PairMoments | None:
    """``pair_moments`` in NumPy, of NumPy's own arrays without biases, where pairs are few; None elsewhere."""
    if b is not None or b_Z is not None or not (isinstance(W, np.ndarray) and isinstance(Z, np.ndarray)):
        return None
    return activation.plain_moments(W, Z) if is_plain(activation, W, Z) else None


def pair_tables(
    activation: Activation, W: np.ndarray, Z: np.ndarray, b: np.ndarray | None = None,
    b_Z: np.ndarray | None = None,
) -> Tables:  # fmt: skip
    """``pair_moments`` of NumPy arrays in NumPy, compiled once for many sizes where pairs are quick (not traceable)."""
    plain = plain_tables(activation, W, Z, b, b_Z)
    if plain is not None:
        return plain
    check.fits_in_memory(
        _BYTES_A_PAIR * len(W) * len(Z), "moments", f"a table of {len(W)} x {len(Z)} pairs of neurons",
        f"{int((0.9 * check.available_bytes() / _BYTES_A_PAIR) ** 0.5)} neurons", "choose fewer",
    )  # fmt: skip
    return _compiled_tables(activation, W, Z, b, b_Z)


@float64
def _compiled_tables(
    activation: Activation, W: np.ndarray, Z: np.ndarray, b: np.ndarray | None, b_Z: np.ndarray | None
) -> Tables:
    rows = tuple(filled(x, finer=b is not None) for x in (W, Z)) if activation.quick_pairs else (W, Z)
    biases = (None if m is None else _padded(m, len(row)) for m, row in zip((b, b_Z), rows, strict=True))
    few = activation.quick_pairs and len(rows[0]) * len(rows[1]) <= _QUICK_PAIRS
    tables = (_quick_tables if few else _large_tables)(activation, *rows, *biases, 2)
    return type(tables)(*(np.ascontiguousarray(np.asarray(t)[: len(W), : len(Z)]) for t in tables))


def own_tables(activation: Activation, W: np.ndarray, b: np.ndarray | None = None) -> Tables:
    r"""``pair_tables`` of W with itself, for what :math:`E[\sigma'(u_i)\sigma'(u_j)\,xx^T]` needs of them.

    On the diagonal only k_31 + 2 k_22 + k_13 matters; where the activation knows it without cancellation (without
    biases), k_31 and k_13 are half of it there and k_22 is 0.

    Raises
    ------
    InputError
        Tables that leave the range of float64, as those of the exponential do beyond norms of about 19.
    """
    activation.require_rows(W, "moments")
    tables = _own_tables(activation, W, b)
    if not all(np.isfinite(table).all() for table in tables):
        norms = lengths(W)
        raise InputError(
            f"moments: expected neurons whose moments under {activation.spec!r} are finite float64 numbers, got norms up "
            f"to {norms.max():.3g}; rescale the weights"
        )
    return tables


def _own_tables(activation: Activation, W: np.ndarray, b: np.ndarray | None = None) -> Tables:
    tables = pair_tables(activation, W, W, b, b)
    return _with_own(tables, _own_square(activation, W, 1)) if isinstance(tables, PairMoments) else tables


STACK = 32
"""Networks whose tables one call makes: one size is compiled, and what a network gets does not depend on the others."""


def stacked_tables(activation: Activation, W: np.ndarray, b: np.ndarray | None = None) -> Tables:
    """``own_tables`` of every network of W (n, k, d) and b (n, k): tables (n, k, k), finite or not.

    With means a call for each network costs little beside their quadrature.
    """
    if b is not None or is_plain(activation, W, W):
        return single_tables(activation, W, b)
    return _compiled_stack(activation, W)


@float64
def _compiled_stack(activation: Activation, W: np.ndarray) -> Tables:
    n, k, _ = W.shape
    parts = []  # of many networks the pairs that fill a table up take longer than compiling for a smaller size
    for start in range(0, n, STACK):
        rows = W[start : start + STACK]
        rows = np.concatenate([rows, np.zeros((STACK - len(rows), *rows.shape[1:]))])
        tables, own = _stacked(activation, filled(rows, smallest=8) if activation.quick_pairs else rows)
        tables = PairMoments(*(np.asarray(t)[:, :k, :k] for t in tables))
        parts.append(_with_own(tables, None if own is None else np.asarray(own)[:, :k]))
    return PairMoments(*(np.concatenate(part)[:n] for part in zip(*parts, strict=True)))


def single_tables(activation: Activation, W: np.ndarray, b: np.ndarray | None = None) -> Tables:
    """``stacked_tables`` as ``own_tables`` makes them, compiled for no size that is small: NumPy's of all networks at once, or
    by a call for each."""
    if b is None and is_plain(activation, W, W):
        return _with_own(activation.plain_moments(W, W), activation.plain_own_square(W))
    means = [None] * len(W) if b is None else b
    tables = [_own_tables(activation, rows, of_rows) for rows, of_rows in zip(W, means, strict=True)]
    return type(tables[0])(*(np.stack(each) for each in zip(*tables, strict=True)))


@functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION)
def _stacked(activation: Activation, W: Array) -> tuple[Tables, Array | None]:
    def one(rows: Array) -> tuple[Tables, Array | None]:
        return pair_moments(activation, rows, rows), activation.own_square(jnp.sum(rows**2, axis=1))

    return jax.vmap(one)(W)


def own_errors(activation: Activation, W: np.ndarray, b: np.ndarray | None = None) -> Tables | None:
    """Absolute errors of ``own_tables`` other than rounding; None where there are none."""
    errors = activation.table_errors(W, W, None if b is None else (b, b))
    if not isinstance(errors, PairMoments):
        return errors
    coarse, fine = (_own_square(activation, W, refine) for refine in (1, 2))
    return errors if coarse is None or fine is None else _with_own(errors, np.abs(coarse - fine))


def _own_square(activation: Activation, W: np.ndarray, refine: int) -> np.ndarray | None:
    if is_plain(activation, W, W):
        return activation.plain_own_square(W)
    return _filled_own_square(activation, W, refine)


@float64
def _filled_own_square(activation: Activation, W: np.ndarray, refine: int) -> np.ndarray | None:
    own = _compiled_own_square(activation, jnp.sum(jnp.asarray(filled(W)) ** 2, axis=1), refine)
    return None if own is None else np.asarray(own)[: len(W)]


@functools.partial(jax.jit, static_argnums=0, compiler_options=COMPILATION)
def _compiled_own_square(activation: Activation, q: Array, refine: int) -> Array | None:
    return activation.own_square(q, refine)


def _with_own(tables: PairMoments, own: np.ndarray | None) -> PairMoments:
    if own is None:
        return tables
    k22, k31, k13 = tables.k22.copy(), tables.k31.copy(), tables.k13.copy()
    each = np.arange(own.shape[-1])
    for table, value in ((k22, 0.0), (k31, own / 2), (k13, own / 2)):
        table[..., each, each] = value
    return tables._replace(k22=k22, k31=k31, k13=k13)


@float64
def neuron_tables(activation: Activation, W: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    r"""s_0 ... s_4, shape (5, k): :math:`s_p = E[\sigma^{(p)}(w_i\cdot x + b_i)]`, in NumPy (science 9)."""
    norms = np.sum(W * W, axis=1)
    means = np.zeros_like(norms) if b is None else b
    size = max(16, 1 << (len(norms) - 1).bit_length())
    found = _of_neurons(activation, _padded(means, size), _padded(norms, size))
    return np.stack([np.asarray(s)[: len(norms)] for s in found])


def plane_terms(
    activation: Activation, W: Array, Z: Array, b: Array | None = None, b_Z: Array | None = None
) -> PlaneTerms | None:
    """Close pairs of a kinked activation, in NumPy; None for smooth activations. Complements ``pair_moments``.

    Raises
    ------
    NoHessianError
        A zero row under a kinked activation, whose bias does not hold it off the kinks.
    """
    return activation.plane_terms(W, Z) if b is None else activation.plane_terms(W, Z, (b, b_Z))


@functools.partial(jax.jit, static_argnums=(0, 5))
def _tables(
    activation: Activation, W: Array, Z: Array, b: Array | None, b_Z: Array | None, order: int
) -> Tables:
    biases = tuple(m if m is None else jnp.asarray(m) for m in (b, b_Z))
    pair = GaussianInputs().pair(
        jnp.asarray(W), jnp.asarray(Z), *biases, determinants=not activation.of_covariances
    )
    biased = b is not None
    tables = activation.mean_moments(pair, order) if biased else activation.moments(pair, order)
    # Only what was asked for leaves, so that compilation drops the rest.
    kept, kind = _names(order, biased), MeanMoments if biased else PairMoments
    return kind(*(getattr(tables, name) if name in kept else None for name in kind._fields))


# By themselves: inside of other programs, which have their own, no options are allowed.
_quick_tables = jax.jit(_tables.__wrapped__, static_argnums=(0, 5), compiler_options=QUICK_COMPILATION)
_large_tables = jax.jit(_tables.__wrapped__, static_argnums=(0, 5), compiler_options=COMPILATION)
_QUICK_PAIRS = 2**14
"""Up to here a call takes 1 to 3 ms longer for compiling in 0.7 s instead of 1.0 (relu, gelu, sin)."""

_of_neurons = jax.jit(
    lambda activation, m, q: activation.neuron_means(m, q), static_argnums=0, compiler_options=COMPILATION
)


def _names(order: int, biased: bool) -> tuple[str, ...]:
    return tuple(name for name in TABLES_UP_TO[order] if biased or name in PairMoments._fields)


def _padded(means: np.ndarray, size: int) -> np.ndarray:
    return np.pad(means, (0, size - len(means)))


def _gram_tangents(W: Array, Z: Array, dW: Array, dZ: Array) -> tuple[Array, Array, Array]:
    return 2 * jnp.sum(W * dW, axis=1)[:, None], dW @ Z.T + W @ dZ.T, 2 * jnp.sum(Z * dZ, axis=1)[None, :]

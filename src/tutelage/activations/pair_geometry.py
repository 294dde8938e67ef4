"""Pairs of pre-activations: covariances, determinant and angle, accurate for nearly parallel neurons."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.types import Array, ArrayLike

Tree = TypeVar("Tree")

Means: TypeAlias = tuple[ArrayLike, ArrayLike] | None
"""Means of the rows of W and of Z; None where all vanish by design."""


class Pair(NamedTuple):
    """Second moments of (u, v) = (w.x, z.x): arrays that broadcast together, JAX's or NumPy's, one entry per pair.

    ``determinant`` is q_uu q_vv - q_uv^2, ``angle`` the angle between w and z in [0, pi] and ``supplement`` pi minus
    it. All three are computed from the vectors, to a relative accuracy: formed from the three covariances they
    lose every digit at angles below 1e-8. ``m_u`` and ``m_v`` are the means, None where both vanish by design.
    """

    q_uu: Any
    q_uv: Any
    q_vv: Any
    determinant: Any
    angle: Any
    supplement: Any
    m_u: Any = None
    m_v: Any = None

    @property
    def means(self) -> tuple[jax.Array, jax.Array]:
        """Both means, of a pair that has them."""
        assert self.m_u is not None and self.m_v is not None, "a pair without means by design"
        return self.m_u, self.m_v


class PairMoments(NamedTuple):
    r"""Tables :math:`k_{pq} = E[\sigma^{(p)}(u)\,\sigma^{(q)}(v)]`: arrays of one shape, or numbers of another arithmetic."""

    k00: Any
    k11: Any
    k20: Any
    k02: Any
    k22: Any
    k31: Any
    k13: Any
    k40: Any


class MeanMoments(NamedTuple):
    r"""The tables of pairs with means: those of :class:`PairMoments`, and k_10 k_01 k_21 k_12 k_30, which biases need.

    What an order does not ask for is None.
    """

    k00: Any
    k11: Any = None
    k20: Any = None
    k02: Any = None
    k22: Any = None
    k31: Any = None
    k13: Any = None
    k40: Any = None
    k10: Any = None
    k01: Any = None
    k21: Any = None
    k12: Any = None
    k30: Any = None


TABLES_UP_TO = {
    0: ("k00",),
    1: ("k00", "k11", "k20", "k02", "k10", "k01"),
    2: MeanMoments._fields,
}
"""Tables that an order asks for: of the loss, of its gradient, of its Hessian; without means those of PairMoments."""


def mean_moments(table: Callable[[int, int], Any], pair: Pair, order: int) -> MeanMoments:
    """The tables k_pq = ``table(p, q)`` that an order asks for, each of the shape of the pairs."""
    shape, dtype = pair.q_uv.shape, pair.q_uv.dtype
    wanted = ((name, table(int(name[1]), int(name[2]))) for name in TABLES_UP_TO[order])
    return MeanMoments(**{name: jnp.broadcast_to(jnp.asarray(t, dtype), shape) for name, t in wanted})


class PlaneTerms(NamedTuple):
    r"""Blocks of close pairs (i, j) under a kinked activation, NumPy arrays of length n.

    Outer part, with unit vectors :math:`p \propto \hat u + \hat v` and :math:`m \propto \hat v - \hat u`:

    .. math:: E[\sigma'(u)\sigma'(v)\,xx^T] = k_{11}I + c_0\,pp^T + c_1\,mm^T + c_2(pm^T + mp^T)

    Functional part, with :math:`\hat w = \hat u` and n the unit normal to it in the plane, towards :math:`\hat v`:

    .. math:: E[\sigma''(u)\sigma(v)\,xx^T] = k_{20}I + f_0\,\hat w\hat w^T + f_1(\hat w n^T + n\hat w^T) + f_2\,nn^T

    A direction that is undefined (exactly parallel or opposite neurons) is the zero vector.
    """

    i: np.ndarray
    j: np.ndarray
    p: np.ndarray
    m: np.ndarray
    outer: np.ndarray
    w: np.ndarray
    n: np.ndarray
    functional: np.ndarray


def pair_geometry(W: jax.Array, Z: jax.Array, determinants: bool = True) -> Pair:
    """All pairs of rows of W (k, d) and Z (l, d): q_uu (k, 1), q_vv (1, l), the others (k, l). Determinants and angles that are
    not asked for, a tenth of a first call, are NaN."""
    q_uu, q_vv = jnp.sum(W * W, axis=1)[:, None], jnp.sum(Z * Z, axis=1)[None, :]
    if not determinants:
        return Pair(q_uu, W @ Z.T, q_vv, *_NO_GEOMETRY)
    sine_squared, angle, supplement = _angles(W, Z)
    return Pair(q_uu, W @ Z.T, q_vv, q_uu * q_vv * sine_squared, angle, supplement)


_SIZES = (8, 16, 32, 64, 128, 256)
_FINER = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256)


def filled(rows: np.ndarray, smallest: int = 16, finer: bool = False) -> np.ndarray:
    """Neurons (..., n, d) with silent ones (zero rows) and zero coordinates added, so that few shapes are compiled.

    Compiling takes 0.3 to 4 s, the tables of few neurons milliseconds. Each side grows to the next of a few sizes, or
    stays if longer than all; nothing is copied where d is. ``finer`` sizes of n are for pairs with means, which take hundreds
    of exponentials each.
    """
    if rows.shape[-1] > _SIZES[-1]:
        return rows
    known = (_FINER if finer else _SIZES, _SIZES)
    sizes = [
        next((size for size in some if size >= max(n, smallest)), n)
        for n, some in zip(rows.shape[-2:], known, strict=True)
    ]
    out = np.zeros((*rows.shape[:-2], *sizes))
    out[..., : rows.shape[-2], : rows.shape[-1]] = rows
    return out


def unit_rows(W: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Rows divided by their norms (zero rows stay zero), and the norms (k, 1)."""
    scaled, power = _scaled_rows(W)
    norms = jnp.sqrt(jnp.sum(scaled * scaled, axis=1, keepdims=True))
    return scaled / jnp.where(norms > 0, norms, 1.0), norms * power


def _scaled_rows(W: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Rows divided by a power of two near their largest entry, exactly: no square of theirs leaves the range of floats."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(W), axis=1, keepdims=True))
    bits = jax.lax.bitcast_convert_type(largest, jnp.uint64) & jnp.uint64(0x7FF0000000000000)
    power = jax.lax.bitcast_convert_type(bits, jnp.float64)
    power = jnp.where(power > 0, power, 1.0)
    return W / power, power


# Below this the matrix product no longer gives the angle to rounding (error 1e-16 / angle), and the pair is
# projected vector by vector; above it one matrix product serves all pairs.
_SMALL_SINE_SQUARED = 0.02

# Up to here all pairs are projected and the close ones kept: selecting them costs more than it saves, and most of the
# compilation. Unless their residuals, of d numbers each, would fill the memory (32 MB here).
_FEW_PAIRS, _FEW_NUMBERS = 2**12, 2**22


@jax.custom_jvp
def _angles(W: jax.Array, Z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """sin(angle)^2, angle and pi - angle of all pairs of rows, each to a relative accuracy."""
    W, Z = _scaled_rows(W)[0], _scaled_rows(Z)[0]
    cosine = jnp.clip(unit_rows(W)[0] @ unit_rows(Z)[0].T, -1.0, 1.0)
    rough = jnp.sqrt((1 - cosine) * (1 + cosine))

    def sine_of(i: jax.Array, j: jax.Array) -> jax.Array:
        residual = normal_component(W[i], Z[j])
        norm = unit_rows(W[i])[1][:, 0]
        return jnp.sqrt(jnp.sum(residual**2, axis=1)) / jnp.where(norm > 0, norm, 1.0)

    close = rough**2 < _SMALL_SINE_SQUARED
    if close.size <= _FEW_PAIRS and close.size * W.shape[1] <= _FEW_NUMBERS:
        i, j = jnp.indices(close.shape).reshape(2, -1)
        projected = jnp.where(close, sine_of(i, j).reshape(close.shape), rough)
    else:
        projected = on_selected(close, sine_of, rough, chunk=max(1, 2**19 // W.shape[1]))  # 4 MB a temporary
    sine = jnp.minimum(projected, 1.0)
    small = jnp.where(close, jnp.arcsin(sine), jnp.arctan2(rough, jnp.abs(cosine)))
    acute = cosine >= 0
    return sine**2, jnp.where(acute, small, jnp.pi - small), jnp.where(acute, jnp.pi - small, small)


@_angles.defjvp
def _angles_jvp(
    primals: tuple[jax.Array, jax.Array], tangents: tuple[jax.Array, jax.Array]
) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
    (W, Z), (dW, dZ) = primals, tangents
    sine_squared, angle, supplement = _angles(W, Z)
    (U, norm_u), (V, norm_v) = unit_rows(W), unit_rows(Z)
    cosine = U @ V.T
    safe_u, safe_v = jnp.where(norm_u > 0, norm_u, 1.0), jnp.where(norm_v > 0, norm_v, 1.0)
    log_u = jnp.sum(U * dW, axis=1, keepdims=True) / safe_u
    log_v = jnp.sum(V * dZ, axis=1, keepdims=True) / safe_v
    d_cosine = (dW / safe_u) @ V.T + U @ (dZ / safe_v).T - cosine * (log_u + log_v.T)
    positive = sine_squared > 0
    # The angle has a cone point at 0 and pi: it has no derivative there, and 0, the mean of both sides, is given.
    d_angle = jnp.where(positive, -d_cosine / jnp.sqrt(jnp.where(positive, sine_squared, 1.0)), 0.0)
    return (sine_squared, angle, supplement), (-2 * cosine * d_cosine, d_angle, -d_angle)


_PLAIN_PAIRS = 2**16
"""Up to here NumPy's tables (erf at 128 x 128: 2 ms) are the quicker ones, and JAX's (11 ms) would be compiled first."""


def few_pairs(W: np.ndarray, Z: np.ndarray) -> bool:
    """Whether tables of all pairs of rows, those of one network of a stack, are quick in NumPy."""
    return W.shape[-2] * Z.shape[-2] <= _PLAIN_PAIRS


_NO_GEOMETRY = (np.array(np.nan),) * 3


def plain_geometry(W: np.ndarray, Z: np.ndarray, angles: bool = True, determinants: bool = True) -> Pair:
    """:func:`pair_geometry` in NumPy, which compiles nothing; of few pairs, or those of each network of a stack: W (..., k, d)
    and Z (..., l, d). Angles that are not asked for, a fifth of the time, are NaN, and so are determinants."""
    if not determinants:
        q_uu, q_vv = ((rows * rows).sum(axis=-1) for rows in (W, Z))
        return Pair(q_uu[..., :, None], W @ Z.swapaxes(-1, -2), q_vv[..., None, :], *_NO_GEOMETRY)
    first = _plain_rows(W)
    q_w, W_s, unit_w, safe_w = first
    q_z, Z_s, unit_z, _ = first if W is Z else _plain_rows(Z)
    cosine = (unit_w @ unit_z.swapaxes(-1, -2)).clip(-1.0, 1.0)
    sine_squared = (1 - cosine) * (1 + cosine)
    close = sine_squared < _SMALL_SINE_SQUARED
    if W is Z:  # of each row with itself nothing is left, exactly; zero rows are normal to all
        own = np.arange(W.shape[-2])
        sine_squared[..., own, own] = cosine[..., own, own] == 0
        close[..., own, own] = False
    if close.any():
        sine_squared[close] = _projected(W_s, Z_s, close) / safe_w[np.nonzero(close)[:-1]] ** 2
        np.minimum(sine_squared, 1.0, out=sine_squared)
    q_uu, q_vv = q_w[..., :, None], q_z[..., None, :]
    both = _both_angles(np.sqrt(sine_squared), cosine) if angles else _NO_GEOMETRY[1:]
    return Pair(q_uu, W @ Z.swapaxes(-1, -2), q_vv, q_uu * q_vv * sine_squared, *both)


def _projected(W: np.ndarray, Z: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Squared norms of what these pairs of rows have normal to each other, a few MB of vectors at a time."""
    *front, i, j = np.nonzero(close)
    found, step = np.empty(i.size), max(1, _FEW_NUMBERS // W.shape[-1])
    for start in range(0, i.size, step):
        *here, of_w, of_z = (index[start : start + step] for index in (*front, i, j))
        residual = normal_component(W[(*here, of_w)], Z[(*here, of_z)], np)
        found[start : start + step] = np.sum(residual**2, axis=1)
    return found


def _both_angles(sine: np.ndarray, cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angle and supplement, the smaller one to the relative accuracy of its sine."""
    small = np.arctan2(sine, np.abs(cosine))
    large, obtuse = np.pi - small, cosine < 0
    return np.where(obtuse, large, small), np.where(obtuse, small, large)


def _plain_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Squared norms; rows over a power of two, so that no square of theirs leaves the range of floats; unit ones; the
    lengths (..., n) between both, 1 for zero rows."""
    scaled = np.ldexp(rows, -np.frexp(np.abs(rows).max(axis=-1, keepdims=True))[1])
    length = np.sqrt((scaled * scaled).sum(axis=-1))
    safe = np.where(length > 0, length, 1.0)
    return (rows * rows).sum(axis=-1), scaled, scaled / safe[..., None], safe


def normal_component(W: Array, Z: Array, xp: ModuleType = jnp) -> Array:
    """The part of each row of W normal to the same row of Z, (n, d), to a relative accuracy however small it is.

    One projection w - b z leaves the rounding of b z, as large as the answer at angles near 1e-16. Here b and z are
    cut in halves of 26 bits, so that the four products are exact and the subtractions cancel without loss; what
    the rounding of b leaves along z is removed by a second projection.
    """
    q = xp.sum(Z * Z, axis=1, keepdims=True)
    q = xp.where(q > 0, q, 1.0)
    b = xp.sum(W * Z, axis=1, keepdims=True) / q
    (b_high, b_low), (z_high, z_low) = _halves(b), _halves(Z)
    residual = W - b_high * z_high
    residual = residual - b_high * z_low
    residual = residual - b_low * z_high
    residual = residual - b_low * z_low
    return residual - xp.sum(residual * Z, axis=1, keepdims=True) / q * Z


def _halves(x: Array) -> tuple[Array, Array]:
    """x = high + low, each of at most 27 bits: by masking, which no compiler may contract or reorder."""
    if isinstance(x, np.ndarray):
        high = (x.view(np.uint64) & np.uint64(0xFFFFFFFFF8000000)).view(np.float64)
        return high, x - high
    bits = jax.lax.bitcast_convert_type(x, jnp.uint64)
    high = jax.lax.bitcast_convert_type(bits & jnp.uint64(0xFFFFFFFFF8000000), jnp.float64)
    return high, x - high


def on_selected(
    mask: jax.Array, function: Callable[[jax.Array, jax.Array], Tree], values: Tree, chunk: int
) -> Tree:
    """``values``, (k, l) arrays, replaced where ``mask`` holds by ``function(i, j)`` of index arrays.

    ``values`` is a pytree and ``function`` returns the same tree of 1-D arrays, ``chunk`` pairs at a time. The number
    of selected pairs is known at run time only, so the loop has a data-dependent length: work and memory follow
    the pairs that need it and the whole stays traceable.
    """
    n_columns, size = mask.shape[1], mask.size
    chunk = min(chunk, size)
    selected = jnp.flatnonzero(mask.reshape(-1), size=size, fill_value=size)
    n_selected = jnp.sum(mask)

    def body(state: tuple[jax.Array, Tree]) -> tuple[jax.Array, Tree]:
        start, flat = state
        index = jax.lax.dynamic_slice(selected, (start,), (chunk,))
        inside = jnp.minimum(index, size - 1)
        new = function(inside // n_columns, inside % n_columns)
        return start + chunk, jax.tree.map(lambda f, x: f.at[index].set(x, mode="drop"), flat, new)

    flat = jax.tree.map(lambda x: x.reshape(-1), values)
    start = jnp.zeros((), n_selected.dtype)
    _, flat = jax.lax.while_loop(lambda state: state[0] < n_selected, body, (start, flat))
    return jax.tree.map(lambda x: x.reshape(mask.shape), flat)

"""The ends of a spectrum on an accelerator: blocks of products that never leave it (LOBPCG of JAX)."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base.errors import NotAvailableError
from tutelage.base.precision import float64
from tutelage.base.types import Array
from tutelage.operators import HostOperator, SymmetricOperator
from tutelage.spectra.lapack import EPS

_ITERATIONS = 200

_WORST = 1e-6
"""Residual, relative to the largest value, that error bars tell and that is no failure yet: an error of 1e-12."""


def runs_on_device(operator: SymmetricOperator, count: int) -> bool:
    """Whether JAX computes elsewhere than on the processor, for this operator, which is large enough for the blocks."""
    here = isinstance(operator, HostOperator) or 5 * count >= operator.size
    return not here and jax.default_backend() != "cpu"


@float64
def device_pairs(
    operator: SymmetricOperator, count: int, sign: int, start: np.ndarray, tolerance: float, who: str
) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` largest (sign 1) or smallest (-1) eigenvalues, ascending, and their vectors (n, count).

    A block of ``count`` vectors finds a repeated eigenvalue as often as it is there. ``start`` is (n, count).
    Residuals are below ``tolerance`` times their value where that can be reached, which rounding stops earlier here than in
    Lanczos.

    Source: Knyazev, SIAM J. Sci. Comput. 23, 517 (2001); ``jax.experimental.sparse.linalg.lobpcg_standard``.
    """
    from jax.experimental.sparse.linalg import lobpcg_standard

    # JAX stops at ten times n (theta + |Hv|) of its tolerance.
    least = max(EPS, tolerance / (20 * operator.size))
    product = functools.partial(_products, operator.on_device, sign)
    found, vectors, _ = lobpcg_standard(product, jnp.asarray(start), m=_ITERATIONS, tol=least)
    residuals = np.linalg.norm(np.asarray(product(vectors) - vectors * found), axis=0)
    values = sign * np.asarray(found)
    if not residuals.max() <= max(tolerance, _WORST) * np.abs(values).max():
        raise NotAvailableError(
            f"{who}: {_ITERATIONS} steps of LOBPCG on {jax.default_backend()} left residuals of {residuals.max():.1e}; ask for "
            "fewer eigenvalues, raise the tolerance, or use method='dense'"
        )
    order = np.argsort(values, kind="stable")
    return values[order], np.asarray(vectors)[:, order]


@functools.partial(jax.jit, static_argnums=1)
def _products(operator: SymmetricOperator, sign: int, vectors: Array) -> Array:
    return sign * jax.vmap(operator.product, in_axes=1, out_axes=1)(vectors)

"""σ, σ' and σ'' elementwise, by forward differentiation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial.polynomial import polyder, polyval

from tutelage.activations.base import Activation
from tutelage.activations.polynomial import PolynomialFamily
from tutelage.base.compiled import COMPILATION
from tutelage.base.precision import float64
from tutelage.base.types import Array

_SHORTEST, _LONGEST = 2**10, 2**18
"""Lengths are filled up to powers of two between these; above, compiling is soon the smaller part."""


def derivatives(activation: Activation, u: Array) -> tuple[Array, Array, Array]:
    """(σ(u), σ'(u), σ''(u)), shapes of u; at a kink the derivative JAX takes, zero curvature beside it."""
    ones = jnp.ones_like(u)

    def slope(x: Array) -> tuple[Array, Array]:
        return jax.jvp(activation, (x,), (ones,))

    (value, first), (_, second) = jax.jvp(slope, (u,), (ones,))
    return value, first, second


@float64
def derivative_tables(activation: Activation, u: np.ndarray) -> tuple[np.ndarray, ...]:
    """``derivatives`` of NumPy arrays in NumPy: a polynomial's from its coefficients, others compiled for few lengths."""
    if isinstance(activation, PolynomialFamily):
        polynomials = (polyder(activation.coefficients, order) for order in range(3))
        return tuple(polyval(u, coefficients) for coefficients in polynomials)
    length = max(_SHORTEST, 1 << (u.size - 1).bit_length()) if u.size <= _LONGEST else u.size
    flat = np.pad(u.reshape(-1), (0, length - u.size))
    return tuple(np.asarray(v)[: u.size].reshape(u.shape) for v in _compiled(activation, flat))


_compiled = jax.jit(derivatives, static_argnums=0, compiler_options=COMPILATION)

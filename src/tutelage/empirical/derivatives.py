"""σ, σ' and σ'' elementwise, by forward differentiation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.base.precision import float64

_SHORTEST, _LONGEST = 2**10, 2**18
"""Lengths are filled up to powers of two between these; above, compiling is soon the smaller part."""


def derivatives(activation: Activation, u: Any) -> tuple[Any, Any, Any]:
    """(σ(u), σ'(u), σ''(u)), shapes of u; at a kink the derivative JAX takes, zero curvature beside it."""
    ones = jnp.ones_like(u)

    def slope(x: Any) -> tuple[Any, Any]:
        return jax.jvp(activation, (x,), (ones,))

    (value, first), (_, second) = jax.jvp(slope, (u,), (ones,))
    return value, first, second


@float64
def derivative_tables(activation: Activation, u: np.ndarray) -> tuple[np.ndarray, ...]:
    """``derivatives`` of NumPy arrays in NumPy, compiled for few lengths."""
    length = max(_SHORTEST, 1 << (u.size - 1).bit_length()) if u.size <= _LONGEST else u.size
    flat = np.pad(u.reshape(-1), (0, length - u.size))
    return tuple(np.asarray(v)[: u.size].reshape(u.shape) for v in _compiled(activation, flat))


_compiled = jax.jit(derivatives, static_argnums=0)

"""σ, σ' and σ'' elementwise, by forward differentiation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tutelage.activations import Activation


def derivatives(activation: Activation, u: Any) -> tuple[Any, Any, Any]:
    """(σ(u), σ'(u), σ''(u)), shapes of u; at a kink the derivative JAX takes, zero curvature beside it."""
    ones = jnp.ones_like(u)

    def slope(x: Any) -> tuple[Any, Any]:
        return jax.jvp(activation, (x,), (ones,))

    (value, first), (_, second) = jax.jvp(slope, (u,), (ones,))
    return value, first, second

"""Names for the types that annotations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax
import numpy as np
from numpy.typing import ArrayLike

Array: TypeAlias = jax.Array | np.ndarray
"""Numbers on the device or the host: what formulas that are traced take and give."""

Scalar: TypeAlias = jax.Array | np.ndarray | float
"""One number, traced or not."""

PyTree: TypeAlias = object
"""Arrays in nested containers, as JAX takes them."""

Trainable: TypeAlias = str | tuple[str, ...] | list[str] | None
"""Names of the layers that are trained; None for all there are."""

Product: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""v (n,) to H v (n,), or V (n, m) to H V (n, m), NumPy in and out."""

__all__ = ["Array", "ArrayLike", "Product", "PyTree", "Scalar", "Trainable"]

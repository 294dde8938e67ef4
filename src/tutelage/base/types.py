"""Annotations shared by all rooms."""

from __future__ import annotations

import jax
import numpy as np
from jax.typing import ArrayLike

Array = jax.Array | np.ndarray
"""An array that is there: of NumPy, or of JAX (traced or not)."""

__all__ = ["Array", "ArrayLike"]

"""What follows from declared facts for the function at single points: its slopes about a kink, zeros at 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tutelage.activations import Activation
from tutelage.activations.truth import values_of


def two_slopes(activation: Activation) -> tuple[float, float] | None:
    r"""(p, q) where :math:`\sigma(u)` is pu for u > 0 and qu for u < 0: homogeneous of degree one, with its kink at 0."""
    if activation.homogeneity != 1 or activation.kinks != (0.0,):
        return None
    ahead, behind = values_at(activation, (1.0, -1.0))
    return ahead, -ahead if activation.parity == "even" else -behind


def values_at(activation: Activation, points: Sequence[float]) -> list[float]:
    """sigma at some points, in float64."""
    return values_of(activation, np.array(points, dtype=float)).tolist()


def vanishing_at_zero(activation: Activation) -> tuple[bool | None, bool | None]:
    r"""Whether :math:`\sigma(0)` and :math:`\sigma'(0)` are exactly 0, as the declared facts say; None where they do not."""
    reflection, constant, taylor = activation.reflection, activation.taylor(0), activation.taylor(1)
    value = slope = None
    if reflection is not None and reflection.sign == -1:
        value = not reflection.constant
    elif constant is not None and (constant[0] or not values_at(activation, (0.0,))[0]):
        value = not constant[0]  # else a constant that is no rational multiple of the rest was left out
    if reflection is not None and reflection.sign == 1:
        slope = not reflection.linear
    elif taylor is not None:
        slope = not taylor[1]
    return value, slope

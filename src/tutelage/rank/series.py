r"""Analytic activations: exact truncated Taylor series along rays t x, and the orders worth trying.

The coefficients of :math:`t^0 \ldots t^N` of :math:`\nabla_\theta f(t x)` are linear functionals of the true
tangent functions, and they depend on the first N Taylor coefficients only, provided every preactivation
vanishes at t = 0. So the rank of any combination of them is a PROVEN lower bound on the rank for the
untruncated activation. Where a bias or :math:`\sigma(0)\ne0` would move a preactivation at t = 0, weights are
drawn so that it does not (:func:`centred`): rank is lower semicontinuous, a bound at special weights is a
bound at generic ones.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from tutelage.architecture import Architecture
from tutelage.rank.backprop import Layers
from tutelage.rank.modular import PrimeField


@dataclasses.dataclass(frozen=True)
class Jets:
    """Power series in t modulo t^(order+1) over a prime field; axis 0 of every array is the power of t."""

    field: PrimeField
    order: int

    def reduce(self, x: np.ndarray) -> np.ndarray:
        """Balanced residues."""
        return self.field.reduce(x)

    def linear(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """``x @ weights.T`` for weights that do not depend on t."""
        return self.field.linear(x, weights)

    def constant(self, x: np.ndarray) -> np.ndarray:
        """x t^0."""
        return np.concatenate([x[None], np.zeros((self.order, *x.shape))])

    def ray(self, x: np.ndarray) -> np.ndarray:
        """x t^1."""
        series = np.zeros((self.order + 1, *x.shape))
        if self.order:
            series[1] = x
        return series

    def multiply(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Truncated product; orders that vanish identically are skipped (rays and parities make many)."""
        shape = np.broadcast_shapes(x.shape[1:], y.shape[1:])
        product = np.zeros((self.order + 1, *shape))
        live_x = [i for i in range(self.order + 1) if x[i].any()]
        live_y = [i for i in range(self.order + 1) if y[i].any()]
        for i in live_x:
            for j in live_y:
                if i + j <= self.order:
                    product[i + j] = self.field.reduce(product[i + j] + self.field.multiply(x[i], y[j]))
        return product

    def polynomial(self, coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
        """Composition with a series; x must vanish at t = 0, so that x^p starts at t^p."""
        if x[0].any():
            raise AssertionError("Jets.polynomial: the inner series does not vanish at t = 0")
        value = self.constant(np.full(x.shape[1:], coefficients[0]))
        power = self.constant(np.ones(x.shape[1:]))
        for c in coefficients[1 : self.order + 1]:
            power = self.multiply(power, x)
            if c:
                value = self.field.reduce(value + self.field.multiply(power, np.array(c)))
        return value


def centred(field: PrimeField, layers: Layers, values_at_zero: Sequence[float]) -> Layers:
    """The same draw with every hidden preactivation zero at x = 0.

    ``values_at_zero`` are the residues of sigma(0), layer by layer. A bias cancels the constant that arrives;
    without one the rows of the weight matrix are made to sum to zero.
    """
    weights, biases = list(layers.weights), list(layers.biases)
    arriving = 0.0
    for layer in range(len(weights) - 1):
        total = field.linear(np.ones(weights[layer].shape[1]), weights[layer])
        bias = biases[layer]
        if bias is not None:
            biases[layer] = field.reduce(-field.multiply(total, np.array(arriving)))
        elif arriving:
            weights[layer] = weights[layer].copy()
            weights[layer][:, 0] = field.reduce(weights[layer][:, 0] - total)
        arriving = values_at_zero[layer]
    return Layers(tuple(weights), tuple(biases))


def orders(architecture: Architecture, target: int, limit: int) -> Iterator[int]:
    """Orders to try: the first at which enough monomials exist for the target, then ever larger ones."""
    d, out = architecture.widths[0], architecture.widths[-1]
    odd = all(s.parity == "odd" for s in architecture.activations)
    even = architecture.activations[0].parity == "even"
    step = 2 if odd or even else 1
    order, room = (1 if odd else 0), 0
    while order <= limit:
        room += out * math.comb(d + order - 1, order)
        if room >= target:
            break
        order += step
    while order <= limit:
        yield order
        order += max(step, step * (order // (4 * step)))

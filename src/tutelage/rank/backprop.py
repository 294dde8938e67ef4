"""The Jacobian of a network with respect to its parameters, by backpropagation over an exact algebra."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tutelage.architecture import Architecture
from tutelage.rank.modular import PrimeField

if TYPE_CHECKING:
    from tutelage.rank.series import Jets


@dataclasses.dataclass(frozen=True, eq=False)
class Layers:
    """Weights over a prime field: ``weights[l]`` (n_out, n_in), ``biases[l]`` (n_out,) or None."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray | None, ...]

    @classmethod
    def random(cls, field: PrimeField, architecture: Architecture, rng: np.random.Generator) -> Layers:
        """Uniform weights in the field."""
        sizes = zip(architecture.widths[:-1], architecture.widths[1:], architecture.biases, strict=True)
        weights, biases = [], []
        for n_in, n_out, bias in sizes:
            weights.append(field.random(rng, (n_out, n_in)))
            biases.append(field.random(rng, (n_out,)) if bias else None)
        return cls(tuple(weights), tuple(biases))


def jacobian(
    algebra: PrimeField | Jets,
    layers: Layers,
    polynomials: Sequence[Sequence[float]],
    slopes: Sequence[Sequence[float]],
    inputs: np.ndarray,
    cotangents: np.ndarray,
) -> np.ndarray:
    r"""Rows :math:`\partial (e_s\cdot f(x_s))/\partial\theta`, parameters layer by layer, W row-major then b.

    Parameters
    ----------
    algebra : PrimeField or Jets
        Where the numbers live; Jets carry one more leading axis, the order in t along the ray t x_s.
    layers : Layers
    polynomials, slopes : sequences of residues
        Each hidden layer's activation and its derivative, constant first.
    inputs : ndarray, shape (..., S, d)
    cotangents : ndarray, shape (S, n_out)
        A random combination of the outputs at each point: P + 5 such rows see the whole tangent space of a
        vector-valued function, where the same number of rows on few points would not.

    Returns
    -------
    ndarray, shape (..., S, P)
    """
    values, slopes_at = [inputs], []
    for layer, (weight, bias) in enumerate(zip(layers.weights[:-1], layers.biases[:-1], strict=True)):
        pre = algebra.linear(values[-1], weight)
        if bias is not None:
            pre = algebra.reduce(pre + algebra.constant(np.broadcast_to(bias, pre.shape[-2:])))
        values.append(algebra.polynomial(polynomials[layer], pre))
        slopes_at.append(algebra.polynomial(slopes[layer], pre))
    blocks = []
    back = algebra.constant(cotangents)
    for layer in range(len(layers.weights) - 1, -1, -1):
        outer = algebra.multiply(back[..., :, None], values[layer][..., None, :])
        outer = outer.reshape(*outer.shape[:-2], -1)
        blocks.append(outer if layers.biases[layer] is None else np.concatenate([outer, back], axis=-1))
        if layer:
            back = algebra.multiply(algebra.linear(back, layers.weights[layer].T), slopes_at[layer - 1])
    return np.concatenate(blocks[::-1], axis=-1)


def derivative(field: PrimeField, coefficients: Sequence[float]) -> list[float]:
    """Coefficients of the derivative (at least the zero constant)."""
    return [field.balanced(p * int(c)) for p, c in enumerate(coefficients)][1:] or [0.0]

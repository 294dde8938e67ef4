"""What is known of the Hessian at the optimum beyond its tables: function space, balls, null vectors, closed form."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from tutelage.activations.base import Activation
from tutelage.activations.closed_form import Elementary
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import BallHessian, Factor, Structure
from tutelage.population import function_space
from tutelage.population.factor_gram import gram_by_inputs
from tutelage.population.linear import linear_sectors


def of_outer_part(network: Network, layout: Layout) -> Structure:
    """Of E[∇f ∇fᵀ] at these weights, those of a network or of its reduced block."""
    activation = network.activation
    factor = _factor(network, layout)
    if not layout.is_complete:
        return Structure(factor=factor)
    plain = set(network.layers) == {"W", "a"} and network.n_outputs == 1
    return Structure(
        factor=factor,
        null_vectors=lambda: rescaling(activation, network.layers, layout),
        sectors=lambda: linear_sectors(network) if plain else None,
        balls=(lambda bits: balls(network, bits)) if has_balls(activation, network.layers) else None,
        quick_balls=set(network.layers) == {"W", "a"},
    )


def balls(network: Network, bits: int) -> BallHessian | None:
    """:func:`ball_hessian`, whose library takes 30 ms to load."""
    from tutelage.population.extended import ball_hessian

    return ball_hessian(network, bits)


def has_balls(activation: Activation, layers: Collection[str] = ("W", "a")) -> bool:
    """Whether networks of these layers have their Hessian in ball arithmetic: biases need tables with means."""
    if not isinstance(activation, Elementary) or activation.kinks:
        return False
    return activation.has_mean_tables or not {"b", "c"} & set(layers)


def repeated_factor(network: Network) -> np.ndarray | None:
    r"""G (m, k) with :math:`G^T G = (a_i a_j k_{11}(i, j))` where m < k, else None."""
    if network.b is not None or network.n_outputs > 1:
        return None
    size = function_space.repeated_size(network.activation, network.d)
    if size is None or size >= network.k:
        return None
    return function_space.repeated_factor(network)


def _factor(network: Network, layout: Layout) -> Factor | None:
    size = function_space.function_space_size(network.activation, network.d, network.layers)
    if size is None:
        return None

    def rows() -> np.ndarray:
        return network.layout.select(function_space.function_space_factor(network), layout.trained)

    return Factor(network.n_outputs * size, rows, lambda: gram_by_inputs(rows(), layout))


def rescaling(activation: Activation, layers: Mapping[str, np.ndarray], layout: Layout) -> np.ndarray | None:
    r""":math:`(w_i, b_i, -p\,A_{oi})` of every neuron: scaling w by c and a by :math:`c^{-p}` leaves the function as it is.

    Shape (P, k); (..., P, k) of layers with axes in front.
    """
    p, W = activation.homogeneity, layers["W"]
    if p is None:
        return None
    each, vectors = np.arange(W.shape[-2]), np.zeros((W.shape[-2], *W.shape[:-2], layout.size))
    parts = layout.split(vectors)
    parts["W"][each, ..., each, :] = np.moveaxis(W, -2, 0)
    for name, scale in (("b", 1), ("a", -p)):
        if name in layers:
            parts[name][each, ..., each] = scale * np.moveaxis(layers[name], -1, 0)
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.moveaxis(vectors / size, 0, -1) if size.all() else None

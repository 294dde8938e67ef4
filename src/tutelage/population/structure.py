"""What is known of the Hessian at the optimum beyond its tables: function space, balls, null vectors, closed form."""

from __future__ import annotations

import numpy as np

from tutelage.activations.base import Elementary
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import Factor, Structure
from tutelage.population import function_space
from tutelage.population.extended import ball_hessian
from tutelage.population.factor_gram import gram_by_inputs
from tutelage.population.linear import linear_sectors


def of_outer_part(network: Network, layout: Layout) -> Structure:
    """Of E[∇f ∇fᵀ] at these weights, those of a network or of its reduced block."""
    activation = network.activation
    factor = _factor(network, layout)
    if not layout.is_complete:
        return Structure(factor=factor)
    smooth = isinstance(activation, Elementary) and not activation.kinks
    plain = set(network.layers) == {"W", "a"} and network.n_outputs == 1
    return Structure(
        factor=factor,
        null_vectors=lambda: rescaling(network),
        sectors=lambda: linear_sectors(network) if plain else None,
        balls=(lambda bits: ball_hessian(network, bits))
        if smooth and set(network.layers) == {"W", "a"}
        else None,
    )


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


def rescaling(network: Network) -> np.ndarray | None:
    r""":math:`(w_i, b_i, -p\,A_{oi})` of every neuron: scaling w by c and a by :math:`c^{-p}` leaves the function as it is."""
    p = network.activation.homogeneity
    if p is None:
        return None
    each = np.arange(network.k)
    vectors = np.zeros((network.k, network.n_params))
    layers = network.layout.split(vectors)
    layers["W"][each, each] = network.W
    if network.b is not None:
        layers["b"][each, each] = network.b
    layers["a"][each, ..., each] = -p * network.a.T
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / size).T if size.all() else None

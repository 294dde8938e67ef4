"""What is known of the Hessian at the optimum beyond its tables: function space, balls, null vectors, closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.activations import Activation
from tutelage.activations.base import Elementary
from tutelage.layout import Layout
from tutelage.network import Network
from tutelage.operators import Factor, Structure
from tutelage.population import function_space
from tutelage.population.extended import ball_hessian
from tutelage.population.factor_gram import gram_by_inputs
from tutelage.population.linear import linear_sectors


def of_outer_part(W: np.ndarray, a: np.ndarray, activation: Activation, layout: Layout) -> Structure:
    """Of E[∇f ∇fᵀ] at the weights W (k, d) and a (k,), those of a network or of its reduced block."""

    def network() -> Network:
        return Network(W, a, activation)

    factor = _factor(activation, W.shape[1], network, layout)
    if not layout.is_complete:
        return Structure(factor=factor)
    smooth = isinstance(activation, Elementary) and not activation.kinks
    return Structure(
        factor=factor,
        null_vectors=lambda: _rescaling(network()),
        sectors=lambda: linear_sectors(network()),
        balls=(lambda bits: ball_hessian(network(), bits)) if smooth else None,
    )


def repeated_factor(W: np.ndarray, a: np.ndarray, activation: Activation) -> np.ndarray | None:
    r"""G (m, k) with :math:`G^T G = (a_i a_j k_{11}(i, j))` where m < k, else None."""
    size = function_space.repeated_size(activation, W.shape[1])
    if size is None or size >= a.size:
        return None
    return function_space.repeated_factor(Network(W, a, activation))


def _factor(activation: Activation, d: int, network: Callable[[], Network], layout: Layout) -> Factor | None:
    size = function_space.function_space_size(activation, d)
    if size is None:
        return None

    def rows() -> np.ndarray:
        here = network()
        return here.layout.select(function_space.function_space_factor(here), layout.trained)

    return Factor(size, rows, lambda: gram_by_inputs(rows(), layout))


def _rescaling(network: Network) -> np.ndarray | None:
    r""":math:`(w_i, -p\,a_i)` of every neuron: :math:`w_i \to c\,w_i,\ a_i \to c^{-p} a_i` leaves the function as it is."""
    p, (W, a) = network.activation.homogeneity, (network.W, network.a)
    size = np.sqrt(np.sum(W * W, axis=1) + (0 if p is None else p * p) * a * a)
    if p is None or not size.all():
        return None
    each = np.arange(network.k)
    vectors = np.zeros((network.k, network.n_params))
    layers = network.layout.split(vectors)
    layers["W"][each, each] = W / size[:, None]
    layers["a"][each, each] = -p * a / size
    return vectors.T

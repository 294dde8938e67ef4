"""The Hermite factor of polynomial networks against quadrature, and its exact number of rows."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import Erf, Linear, Network, Polynomial, Problem, Quadratic
from tutelage.population.function_space import (
    function_space_factor,
    function_space_size,
    quadratic_gram,
    repeated_factor,
    repeated_size,
)

WEIGHTS = [np.random.default_rng(3).normal(size=shape) for shape in ((6, 4), (6,))]

POLYNOMIALS = [
    Linear(),
    Quadratic(0.7),
    Polynomial((0.3, 1.0, -0.3, 0.2)),
    Polynomial((0.0, 1.0, 0.0, 0.2)),
    Polynomial((0.0, 0.0, 1.0)),
    Polynomial((0.1, 0.0, -1.0, 0.0, 0.2)),
    Polynomial((0.0, 1.0, 0.0, 0.0, 0.3)),
    Polynomial((0.0, 0.0, 0.0, 1.0, 0.5)),
]


def quadrature(network):
    """E[grad f grad fᵀ] and E[s sᵀ], s_i = a_i σ'(u_i), by a tensor Gauss rule that is exact for these degrees."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    grid = np.array(list(itertools.product(nodes, repeat=network.d)))
    mass = np.array(list(itertools.product(weights / weights.sum(), repeat=network.d))).prod(1)
    coefficients = np.array(network.activation.coefficients)
    u = grid @ network.W.T
    slope = network.a * np.polynomial.polynomial.polyval(u, np.polynomial.polynomial.polyder(coefficients))
    by_weights = (slope[:, :, None] * grid[:, None, :]).reshape(len(grid), -1)
    gradient = np.concatenate([by_weights, np.polynomial.polynomial.polyval(u, coefficients)], axis=1)
    return (gradient.T * mass) @ gradient, (slope.T * mass) @ slope


def network_of(activation, d, k, seed):
    rng = np.random.default_rng(seed)
    return Network(rng.normal(size=(k, d)) / np.sqrt(d), rng.normal(size=k), activation)


@pytest.mark.parametrize("activation", POLYNOMIALS, ids=lambda s: s.spec)
@settings(max_examples=6)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 10**6))
def test_factor_reproduces_the_hessian(activation, d, k, seed):
    network = network_of(activation, d, k, seed)
    hessian, repeated = quadrature(network)
    factor, small = function_space_factor(network), repeated_factor(network)
    assert np.abs(factor.T @ factor - hessian).max() <= 1e-13 * np.abs(hessian).max()
    assert np.abs(small.T @ small - repeated).max() <= 1e-13 * np.abs(repeated).max()
    assert factor.shape == (function_space_size(activation, d), network.n_params)
    assert small.shape == (repeated_size(activation, d), k)


def test_rows_are_the_monomials_that_can_occur():
    d = 5
    assert function_space_size(Linear(), d) == d
    assert function_space_size(Quadratic(1.0), d) == d * (d + 3) // 2
    assert function_space_size(Polynomial((1.0, 1.0, 1.0)), d) == math.comb(d + 2, 2)
    assert function_space_size(Polynomial((0.0, 0.0, 0.0, 1.0)), d) == math.comb(d + 2, 3)
    assert function_space_size(Erf(), d) is None


def test_wide_networks_reach_the_bound():
    """With many neurons the Gram matrix is regular: no relation between the rows was missed."""
    for activation in POLYNOMIALS:
        factor = function_space_factor(network_of(activation, 3, 30, 0))
        singular = np.linalg.svd(factor, compute_uv=False)
        assert singular[-1] > 1e-8 * singular[0]


@pytest.mark.parametrize("activation", POLYNOMIALS, ids=lambda s: s.spec)
@pytest.mark.parametrize("trainable", [("W", "a"), ("W",), ("a",)])
def test_gram_by_inputs_is_the_product_of_the_factor(activation, trainable):
    network = Network(*WEIGHTS, activation)
    operator = Problem(network, trainable=trainable).hessian(network)
    known = operator.structure.factor
    factor, gram = known.rows(), known.gram()
    assert len(factor) == known.size
    assert gram.shape == (len(factor), len(factor))
    assert np.abs(gram - factor @ factor.T).max() <= 1e-14 * np.abs(gram).max()


@pytest.mark.parametrize("activation", [Quadratic(0.7), Quadratic(-2.0), Polynomial((0.0, 0.4, 1.0))])
@pytest.mark.parametrize(("d", "k"), [(1, 3), (4, 6), (5, 2)])
def test_the_quadratic_gram_has_the_eigenvalues_of_the_hessian(activation, d, k):
    rng = np.random.default_rng([d, k])
    network = Network(rng.normal(size=(k, d)), rng.normal(size=k), activation)
    size, product = quadratic_gram(network.W, network.a, *activation.coefficients[1:])
    gram = np.stack([product(unit) for unit in np.eye(size)], axis=1)
    ours, hessian = np.linalg.eigvalsh(gram), np.linalg.eigvalsh(quadrature(network)[0])
    assert size == function_space_size(activation, d) and np.abs(gram - gram.T).max() <= 1e-14 * hessian[-1]
    kept = min(ours.size, hessian.size)
    assert np.allclose(ours[-kept:], hessian[-kept:], rtol=0, atol=1e-12 * hessian[-1])
    assert np.abs(ours[:-kept]).max(initial=0) + np.abs(hessian[:-kept]).max(initial=0) < 1e-12 * hessian[-1]

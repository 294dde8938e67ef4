"""Deep linear networks: eigenvalues and rank against differences of the function itself, any depth, outputs and biases."""

import itertools

import numpy as np
import pytest

from tutelage import DeepNetwork, InputError, hessian_of, spectrum

WIDTHS = [
    (3, 1), (3, 4, 1), (4, 2, 1), (2, 3, 4, 1), (4, 2, 3, 2), (3, 5, 1, 2), (2, 2, 2, 2, 3), (3, 4, 2, 3, 1),
    (2, 3, 3, 2, 5),
]  # fmt: skip


def network(widths, biases=False, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((k, d)) for d, k in itertools.pairwise(widths)]
    return DeepNetwork(weights, "linear", [rng.standard_normal(len(W)) for W in weights] if biases else None)


def jacobian(deep):
    """∂f/∂θ on the constant and each input: f is linear in one parameter, so a difference of one is exact."""
    layout, theta = deep.layout, deep.layout.flatten(deep.layers)
    d = deep.widths[0]
    points = np.vstack([np.zeros(d), np.eye(d)])

    def coefficients(theta):
        layers = layout.split(theta)
        biases = [layers[name] for name in layers if name[0] == "b"]
        f = DeepNetwork([layers[n] for n in layers if n[0] == "W"], "linear", biases or None)(points)
        return np.vstack([f[0], f[1:] - f[0]]).ravel()

    return np.stack([coefficients(theta + step) - coefficients(theta) for step in np.eye(theta.size)], axis=1)


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_eigenvalues_are_those_of_exact_differences(widths, biases):
    deep = network(widths, biases)
    J = jacobian(deep)
    expected = np.linalg.eigvalsh(J.T @ J)
    found = spectrum(deep)
    largest = expected[-1]
    assert found.multiplicities.sum() == deep.n_params == expected.size
    np.testing.assert_allclose(found.eigenvalues, expected, atol=1e-12 * largest * deep.n_params)
    operator = hessian_of(deep)
    np.testing.assert_allclose(operator.matmat(np.eye(deep.n_params)), J.T @ J, atol=1e-12 * largest)
    assert operator.trace() == pytest.approx(expected.sum(), rel=1e-12)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_rank_is_that_of_the_formula(widths):
    d, m, q = widths[0], widths[-1], min(widths)
    assert int(np.sum(spectrum(network(widths)).eigenvalues > 1e-10)) == q * (d + m - q)


def test_biases_of_a_linear_network_add_one_direction_an_output():
    without, with_biases = network((4, 3, 2)), network((4, 3, 2), biases=True)
    above = [np.sum(spectrum(deep).eigenvalues > 1e-10) for deep in (without, with_biases)]
    assert above[1] - above[0] == 2


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="rows of W1 and columns of W2"):
        DeepNetwork([np.ones((3, 2)), np.ones((1, 4))], "linear")
    with pytest.raises(InputError, match="numbers of biases and of layers"):
        DeepNetwork([np.ones((3, 2)), np.ones((1, 3))], "linear", [np.ones(3)])

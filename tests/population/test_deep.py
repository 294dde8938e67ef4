"""Deep networks at their optimum: copies outside the plane of the first neurons, and averages inside it with their errors."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import (
    DeepNetwork,
    InputError,
    Network,
    deep_hessian,
    eigensystem,
    explain_method,
    hessian_at_optimum,
    sample_teacher,
    spectrum,
)


def network(widths, activation, biases=False, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((k, d)) / d**0.5 for d, k in itertools.pairwise(widths)]
    return DeepNetwork(
        weights, activation, [rng.standard_normal(len(W)) for W in weights] if biases else None
    )


def as_deep(shallow):
    biases = None if shallow.b is None else [shallow.b, np.atleast_1d(shallow.c)]
    return DeepNetwork([shallow.W, np.atleast_2d(shallow.a)], shallow.activation, biases)


def by_quadrature(deep, nodes):
    """E[JᵀJ] over all d inputs, by Gauss and Hermite."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    d = deep.widths[0]
    points = np.stack(np.meshgrid(*[x] * d, indexing="ij"), -1).reshape(-1, d)
    weights = np.prod(np.stack(np.meshgrid(*[w / w.sum()] * d, indexing="ij"), -1).reshape(-1, d), axis=1)

    def output(theta, x):
        layers, hidden = deep.layout.split(theta), x
        for i in range(len(deep.weights)):
            hidden = layers[f"W{i + 1}"] @ (deep.activation(hidden) if i else hidden) + layers.get(
                f"b{i + 1}", 0
            )
        return hidden

    with jax.enable_x64(True):
        theta = jnp.asarray(deep.layout.flatten(deep.layers))
        J = np.asarray(jax.jit(jax.vmap(jax.jacrev(output), (None, 0)))(theta, points))
    return np.einsum("nop,noq,n->pq", J, J, weights, optimize=True)


@pytest.mark.parametrize("widths", [(3, 2, 2, 1), (3, 1, 3, 2)])
@pytest.mark.parametrize("biases", [False, True])
def test_is_the_quadrature_over_all_inputs(widths, biases):
    deep = network(widths, "tanh", biases)
    exact, found = by_quadrature(deep, 30), deep_hessian(deep)
    apart = np.linalg.norm(found.dense() - exact, 2)
    assert apart < 4 * max(found.errors) and apart < 1e-3 * np.linalg.norm(exact, 2)
    values, copies = spectrum(deep), widths[0] - widths[1]
    np.testing.assert_allclose(values.eigenvalues, np.linalg.eigvalsh(exact), atol=4 * values.errors.max())
    assert np.count_nonzero(values.multiplicities == copies) >= widths[1]


@pytest.mark.parametrize("activation", ["erf", "relu", "quadratic:alpha=0.5"])
def test_two_layers_are_the_networks_of_closed_form(activation):
    shallow = sample_teacher(activation, 12, 3, 5, biases="normal")
    exact, found = spectrum(shallow), deep_hessian(as_deep(shallow))
    assert found.trace() == pytest.approx(exact.trace(), rel=1e-3)
    assert np.abs(spectrum(found).eigenvalues - exact.eigenvalues).max() < 4 * max(found.errors)


def test_the_errors_are_those_of_the_matrix():
    """Over seeds the true error is about the stated one, and both fall with the points."""
    shallow = sample_teacher("erf", 6, 2, 1)
    exact, stated = hessian_at_optimum(shallow).dense(), {}
    for points in (512, 8192):
        found = [deep_hessian(as_deep(shallow), points=points, seed=seed) for seed in range(12)]
        true = np.array([np.linalg.norm(h.dense() - exact, 2) for h in found])
        stated[points] = np.array([max(h.errors) for h in found])
        assert 0.3 < np.sqrt((true**2).mean() / (stated[points] ** 2).mean()) < 2
    assert stated[8192].mean() < stated[512].mean() / 4


def test_the_cost_is_that_of_the_plane():
    wide = network((20000, 3, 3, 1), "gelu")
    explained = explain_method(wide)
    assert explained.method == "symmetry" and explained.size == 9 + 9 + 3
    found = spectrum(wide)
    assert found.multiplicities.sum() == wide.n_params and found.multiplicities.max() == 19997


def test_eigenvectors_are_those_of_the_whole_operator():
    deep = network((7, 2, 3, 1), "erf", biases=True)
    H, found = deep_hessian(deep), eigensystem(deep)
    V, values = found.vectors(), np.repeat(found.values, found.multiplicities)
    np.testing.assert_allclose(H.dense() @ V, V * values, atol=1e-12)
    np.testing.assert_allclose(V.T @ V, np.eye(deep.n_params), atol=1e-12)
    assert H.frobenius_norm() == pytest.approx(np.linalg.norm(H.dense()), rel=1e-12)


@pytest.mark.parametrize("points", [100, 32])
def test_points_that_no_rule_has_are_refused(points):
    with pytest.raises(InputError, match="points"):
        deep_hessian(as_deep(Network([[1.0]], [1.0], "erf")), points=points)

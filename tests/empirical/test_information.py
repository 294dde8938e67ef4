"""Fisher information and tangent kernel against sampled scores and autodiff."""

import jax
import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.empirical import fisher, ntk
from tutelage.teachers import sample_teacher


@pytest.fixture(scope="module")
def network():
    return sample_teacher("erf", d=3, k=2, seed=5)


def jacobian(network, X):
    """Unlike oracle: autodiff of f by all parameters."""
    with jax.enable_x64(True):
        np_ = jax.numpy

        def f(theta, x):
            W, a = theta[:6].reshape(2, 3), theta[6:]
            return a @ network.activation(W @ x)

        rows = jax.vmap(jax.grad(f), (None, 0))(np_.asarray(network.theta), np_.asarray(X))
        return np.asarray(rows)


def test_fisher_information_is_the_covariance_of_sampled_scores(network):
    """Scores (y − f)∇f with sampled inputs AND labels, against the closed form, in standard errors."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40000, 3))
    scores = rng.standard_normal((40000, 1)) * jacobian(network, X)
    products = scores[:, :, None] * scores[:, None, :]
    error = products.std(axis=0) / np.sqrt(len(X))
    assert np.max(np.abs(products.mean(axis=0) - fisher(network).dense()) / error) < 4.5


def test_sampled_fisher_and_tangent_kernel_are_the_two_gram_matrices_of_one_jacobian(network):
    X = np.random.default_rng(1).standard_normal((12, 3))
    J = jacobian(network, X) / np.sqrt(12)
    np.testing.assert_allclose(fisher(network, X).dense(), J.T @ J, atol=1e-14)
    kernel = ntk(network, X)
    np.testing.assert_allclose(kernel, J @ J.T, atol=1e-14)
    large = np.linalg.eigvalsh(kernel)[-8:]
    np.testing.assert_allclose(large, np.linalg.eigvalsh(fisher(network, X).dense()), atol=1e-13)


def test_bad_inputs_are_named(network):
    with pytest.raises(InputError, match="columns of X and d"):
        ntk(network, np.ones((4, 2)))
    with pytest.raises(InputError, match="2 dimension"):
        ntk(network, np.ones(3))

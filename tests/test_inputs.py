"""GaussianInputs: means and covariances of pre-activations, samples, and every way to get them wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import GaussianInputs
from tutelage.activations.pair_geometry import pair_geometry
from tutelage.base.errors import InputError


def laws(seed=0, d=3):
    rng = np.random.default_rng(seed)
    root, mean = rng.standard_normal((d, d)), rng.standard_normal(d)
    tall = rng.standard_normal((d, d + 2))
    return (
        (GaussianInputs(), np.zeros(d), np.eye(d)),
        (GaussianInputs(mean, root @ root.T), mean, root @ root.T),
        (GaussianInputs(mean), mean, np.eye(d)),
        (GaussianInputs(factor=tall), np.zeros(d), tall @ tall.T),
        (GaussianInputs(np.zeros(d), np.diag([2.0, 0.0, 1.0])), np.zeros(d), np.diag([2.0, 0.0, 1.0])),
    )


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_pairs_have_the_moments_of_linear_forms(seed):
    rng = np.random.default_rng(seed)
    W, Z, b = rng.standard_normal((2, 3)), rng.standard_normal((4, 3)), rng.standard_normal(2)
    for inputs, mean, covariance in laws(seed):
        pair = inputs.pair(W, Z, b)
        assert np.allclose(pair.q_uv, W @ covariance @ Z.T, atol=1e-12)
        assert np.allclose(pair.q_uu[:, 0], np.diag(W @ covariance @ W.T), atol=1e-12)
        assert np.allclose(pair.q_vv[0], np.diag(Z @ covariance @ Z.T), atol=1e-12)
        assert np.allclose(pair.m_u[:, 0], W @ mean + b) and np.allclose(pair.m_v[0], Z @ mean)


def test_without_means_and_biases_there_are_no_means_and_nothing_is_computed_otherwise():
    W = np.random.default_rng(0).standard_normal((3, 4))
    pair = GaussianInputs().pair(W, W)
    with jax.enable_x64(True):
        plain = pair_geometry(jnp.asarray(W), jnp.asarray(W))
    assert pair.m_u is None and pair.m_v is None
    assert all(np.array_equal(x, y) for x, y in zip(pair[:6], plain[:6], strict=True))


@pytest.mark.parametrize("which", range(5))
def test_samples_have_the_mean_and_covariance_within_five_standard_errors(which):
    inputs, mean, covariance = laws()[which]
    n = 40_000
    with jax.enable_x64(True):
        drawn = np.asarray(jax.jit(lambda key: inputs.draw(key, n, 3))(jax.random.key(1)))
    for x in (inputs.sample(n, 3, seed=1), drawn):
        assert x.shape == (n, 3) and x.dtype == np.float64
        spread = np.sqrt(np.diag(covariance))
        assert np.all(np.abs(x.mean(axis=0) - mean) <= 5 * spread / np.sqrt(n))
        error = np.sqrt((np.outer(spread, spread) ** 2 + covariance**2) / n)
        assert np.all(np.abs(np.cov(x.T) - covariance) <= 5 * error + 1e-12)


def test_standard_is_a_case_and_not_a_class():
    assert GaussianInputs().is_standard and GaussianInputs().d is None and GaussianInputs().covariance is None
    same = GaussianInputs([0.0, 0.0], np.eye(2))
    assert same.is_standard and same.d == 2 and np.array_equal(same.covariance, np.eye(2))
    assert np.array_equal(GaussianInputs().sample(3, 2, seed=4), same.sample(3, seed=4))
    assert not GaussianInputs([1.0, 0.0]).is_standard and not GaussianInputs(factor=2 * np.eye(2)).is_standard
    assert GaussianInputs(np.zeros(4)).d == 4 and GaussianInputs(np.zeros(4)).is_standard


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"covariance": [[1.0, 0.5], [0.0, 1.0]]}, "symmetric covariance"),
        ({"covariance": [[1.0, 0.0], [0.0, -1e-11]]}, "semidefinite covariance"),
        ({"covariance": np.ones((2, 3))}, "square covariance"),
        ({"covariance": [1.0, 2.0]}, "2 dimension"),
        ({"mean": [1.0], "covariance": np.eye(2)}, "lengths of mean and covariance"),
        ({"mean": [1.0], "factor": np.ones((2, 5))}, "lengths of mean and covariance"),
        ({"mean": [[1.0]]}, "1 dimension"),
        ({"mean": [np.nan]}, "finite mean"),
        ({"covariance": np.eye(2), "factor": np.eye(2)}, "got both"),
    ],
)
def test_laws_that_are_none_are_named(arguments, words):
    with pytest.raises(InputError, match=words):
        GaussianInputs(**arguments)


def test_a_covariance_may_be_singular_and_off_by_round_off():
    assert GaussianInputs(covariance=np.diag([1.0, -1e-13])).d == 2


def test_inputs_of_any_number_ask_for_it():
    with pytest.raises(InputError, match="number of inputs d"):
        GaussianInputs().sample(3)

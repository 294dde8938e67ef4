"""Judging sampled linear networks: the exact law is accepted, wrong ones are not, pooling as if independent is wrong."""

import numpy as np
import pytest
import scipy.stats

from tutelage.activations import Linear
from tutelage.laws import (
    ChiSquare,
    Convolution,
    FiniteLinearNetwork,
    LinearNetwork,
    Wishart,
    one_per_teacher,
    pooled_distance,
)
from tutelage.laws import distance as distances
from tutelage.teachers import sample_teacher

SHAPES = [(10, 20), (30, 10)]
both_shapes = pytest.mark.parametrize(("d", "k"), SHAPES)


@pytest.fixture(scope="module")
def eigenvalues():
    """Non-zero Hessian eigenvalues |a|^2 + eig(W^T W) of 1200 teachers of both shapes, from the public sampler."""

    def of_teacher(d, k, seed):
        network = sample_teacher(Linear(), d=d, k=k, seed=seed)
        W, a = np.asarray(network.W), np.asarray(network.a)
        return a @ a + np.linalg.eigvalsh(W.T @ W)

    return {(d, k): np.array([of_teacher(d, k, seed) for seed in range(1200)]) for d, k in SHAPES}


@both_shapes
def test_finite_law_is_accepted(eigenvalues, d, k):
    law = FiniteLinearNetwork(d, k)
    assert one_per_teacher(eigenvalues[d, k], law).p_value > 0.01
    outcome = pooled_distance(eigenvalues[d, k], law)
    assert outcome.p_value > 0.01 and outcome.value < 1.5 * outcome.noise


def test_pooled_test_rejects_the_true_law(eigenvalues):
    """The recorded trap: 20 of 30 eigenvalues of each teacher are one number."""
    pooled = eigenvalues[30, 10].ravel()
    assert scipy.stats.kstest(pooled, FiniteLinearNetwork(30, 10).cdf).pvalue < 1e-6


@both_shapes
@pytest.mark.parametrize("wrong", ["ratio", "variance of a", "variance of W"])
def test_wrong_law_is_rejected(eigenvalues, d, k, wrong):
    law = {
        "ratio": FiniteLinearNetwork(d, round(1.5 * k)),
        "variance of a": Convolution(ChiSquare(k, 1.2 / k), Wishart(d, k, 1 / d)),
        "variance of W": Convolution(ChiSquare(k, 1 / k), Wishart(d, k, 1.3 / d)),
    }[wrong]
    outcome = pooled_distance(eigenvalues[d, k], law)
    assert outcome.p_value < 0.01 and outcome.value > 1.5 * outcome.noise
    if wrong != "variance of W" or k > d:  # at (30, 10) two thirds of the eigenvalues are |a|^2 alone
        assert one_per_teacher(eigenvalues[d, k], law).p_value < 0.01


def test_limit_law_is_told_from_the_finite_one_at_10_20(eigenvalues):
    values = eigenvalues[10, 20]
    to_limit = pooled_distance(values, LinearNetwork(10, 20))
    to_finite = pooled_distance(values, FiniteLinearNetwork(10, 20))
    assert to_limit.value > to_finite.value and to_limit.p_value < to_finite.p_value


def test_multiplicities_are_repeated_eigenvalues(eigenvalues):
    values = np.concatenate([eigenvalues[30, 10][:200, :1], eigenvalues[30, 10][:200, 20:]], axis=1)
    repeated = np.concatenate([values[:, :1].repeat(20, axis=1), values[:, 1:]], axis=1)
    law, multiplicities = FiniteLinearNetwork(30, 10), [20] + [1] * 10
    assert pooled_distance(values, law, multiplicities) == pytest.approx(pooled_distance(repeated, law))
    assert one_per_teacher(values, law, multiplicities) == one_per_teacher(repeated, law)
    assert one_per_teacher(values, law, multiplicities).n_teachers == 200


def test_p_values_are_uniform_under_the_true_law():
    """100 experiments of 60 dependent pairs: the share of p < 0.1 must be near 0.1 (binomial, 4 sigma)."""
    law, rng = ChiSquare(3), np.random.default_rng(5)
    outcomes = []
    for _ in range(100):
        pairs = law.rvs((60, 1), rng).repeat(2, axis=1)
        outcomes.append(
            [pooled_distance(pairs, law, n_bootstrap=59).p_value, one_per_teacher(pairs, law).p_value]
        )
    share = (np.array(outcomes) < 0.1).mean(axis=0)
    sigma = np.sqrt(0.1 * 0.9 / 100)
    assert np.all(np.abs(share - 0.1) < 4 * sigma)


def test_atoms_of_the_full_law_are_met_from_both_sides():
    law = LinearNetwork(3, 4).full()
    n = 4000
    draws = law.rvs((n, 1), random_state=3)
    assert pooled_distance(draws, law, n_bootstrap=99).value < 1.6 / np.sqrt(n)


def test_distance_sees_both_sides_of_a_jump():
    """For one atom at 0.5 against the uniform law the distance is 1/2; a missed side would give 0.5 too little."""
    uniform = lambda x: np.clip(x, 0, 1)  # noqa: E731
    assert distances.distance(np.array([0.5]), uniform) == 0.5
    assert distances.distance(np.array([0.9]), uniform) == pytest.approx(0.9)
    assert distances.distance(np.array([0.1]), uniform) == pytest.approx(0.9)


def test_kolmogorov_accepts_the_true_law_and_rejects_a_shifted_one():
    rng, norm = np.random.default_rng(3), scipy.stats.norm
    draws = rng.standard_normal(4000)
    assert distances.kolmogorov(draws, norm.cdf) < distances.KOLMOGOROV_1E3
    assert distances.kolmogorov(draws + 0.1, norm.cdf) > distances.KOLMOGOROV_1E3


def test_bootstrap_over_rows_knows_that_equal_columns_carry_no_information():
    rng = np.random.default_rng(4)
    column = rng.standard_normal(500)
    repeated = np.repeat(column[:, None], 30, axis=1)
    error = distances.bootstrap(repeated, np.mean, 400)
    assert error == pytest.approx(1 / np.sqrt(500), rel=0.15)
    assert distances.mean_and_error(repeated)[1] == pytest.approx(1 / np.sqrt(500), rel=0.1)


def test_the_error_of_a_distance_is_that_of_distances_of_resampled_teachers():
    """Points, cdf and weights are computed once: the same numbers as resampling the eigenvalues themselves."""
    law = LinearNetwork(6, 4)
    values = law.rvs((40, 6), random_state=2)
    found = distances.distance_and_error(values, law.cdf, 20)
    assert found[0] == pytest.approx(distances.distance(values, law.cdf), rel=1e-12)
    direct = distances.bootstrap(values, lambda v: distances.distance(v, law.cdf), 20)
    assert found[1] == pytest.approx(direct, rel=1e-9)

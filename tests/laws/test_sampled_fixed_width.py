"""The law of sampled Hessians of few neurons: against Marchenko and Pastur, the population, ranks and simulation."""

import numpy as np
import pytest

import tutelage
from tutelage import Network
from tutelage.base.errors import InputError
from tutelage.empirical import Problem
from tutelage.laws import MarchenkoPastur, SampledFixedWidth, pooled_distance
from tutelage.teachers import sample_teacher


def _sampled(network, n, seed):
    """All P eigenvalues of a sampled Hessian, and the pre-activations of its sample."""
    X = np.random.default_rng(seed).normal(size=(n, network.d))
    J = Problem.from_teacher(network, X).hessian(network).factor_rows()
    values = np.linalg.svd(J, compute_uv=False) ** 2
    values[values < 1e-12 * values[0]] = 0
    return np.sort(np.concatenate([np.zeros(network.n_params - values.size), values])), X @ np.asarray(
        network.W
    ).T


@pytest.mark.parametrize("n", [15, 40])
def test_a_linear_neuron_gives_marchenko_pastur(n):
    law = SampledFixedWidth(Network(np.eye(1, 21), [1.5], "linear"), n)
    exact = MarchenkoPastur(20 / n, 2.25)
    np.testing.assert_allclose(law.breakpoints(), exact.breakpoints(), rtol=1e-6)
    x = np.linspace(*exact.breakpoints(), 50)[1:-1]
    np.testing.assert_allclose(law.pdf(x) / law.share, exact.pdf(x) / exact.share, atol=1e-4)


@pytest.mark.parametrize("n", [38, 41])
def test_the_proper_solution_is_followed_where_few_steps_lose_it(n):
    """As many samples as inputs, where Newton's method fell on solutions that are no resolvent at single points."""
    equation = SampledFixedWidth(sample_teacher("erf", 40, 3), n).equation
    points = np.linspace(2e-3, 0.5, 40) if n == 38 else np.linspace(1.25e-3, 1.32e-3, 41)
    assert equation.density(points).min() > 0.1


def test_many_samples_return_the_population():
    network = sample_teacher("erf", 40, 2, 4)
    law, exact = SampledFixedWidth(network, n=10**7), tutelage.spectrum(network)
    bands = np.array(law.breakpoints()).reshape(-1, 2)
    levels = exact.values[exact.multiplicities == 38]
    assert len(bands) == 2 and law.outliers.size == 6
    np.testing.assert_allclose(bands.mean(axis=1), levels, rtol=0.02)
    np.testing.assert_allclose(law.outliers, exact.values[exact.multiplicities == 1], rtol=0.04)
    assert law.mean() == pytest.approx(exact.trace() / network.n_params, rel=0.01)


@pytest.mark.parametrize(("activation", "n"), [("erf", 50), ("erf", 200), ("relu", 70), ("linear", 100)])
def test_zeros_are_those_of_the_sample(activation, n):
    """Also where neurons are off: fewer samples than n count."""
    network = sample_teacher(activation, 30, 2, 1)
    values, u = _sampled(network, n, 0)
    law = SampledFixedWidth(network, n, preactivations=u)
    assert law.cdf(0.0) * network.n_params == pytest.approx((values == 0).sum(), abs=1e-6)


def test_a_density_that_reaches_zero_is_a_table_of_few_panels():
    """There round-off in the equation once cut six thousand."""
    network = sample_teacher("relu", 30, 2, 1)
    law = SampledFixedWidth(network, 70, preactivations=_sampled(network, 70, 0)[1])
    assert law.pieces[0][0] == 0.0
    assert len(law.panels()) < 50


def _distance(d, alpha, own):
    network = sample_teacher("erf", d, 2, 1)
    found = []
    for seed in range(3):
        values, u = _sampled(network, alpha * d, seed)
        law = SampledFixedWidth(network, alpha * d, u if own else None)
        found.append(pooled_distance(values[None], law, n_bootstrap=1).value)
    return np.mean(found)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "own"), [(1, False), (4, False), (4, True)])
def test_sampled_hessians_follow_it_better_the_larger(alpha, own):
    small, large = _distance(40, alpha, own), _distance(160, alpha, own)
    assert large < 0.02 and large < small / 1.5


def test_the_outlier_of_a_sigmoid_is_where_it_is_seen():
    network = sample_teacher("sigmoid", 300, 2, 1)
    tops = [_sampled(network, 900, seed)[0][-1] for seed in range(6)]
    law, population = SampledFixedWidth(network, 900), tutelage.spectrum(network).values[-1]
    error = np.std(tops, ddof=1) / np.sqrt(6)
    assert abs(law.outliers[-1] - np.mean(tops)) < 4 * error + 0.01 * np.mean(tops)
    assert law.outliers[-1] > law.breakpoints()[-1] and law.outliers[-1] > population


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SampledFixedWidth("erf", 3), "expected a network"),
        (lambda: SampledFixedWidth(sample_teacher("erf", 3, 3, 0), 3), "expected rank W < d = 3"),
        (
            lambda: SampledFixedWidth(Network(np.eye(1, 4), [1.0], "erf", b=[0.0]), 3),
            "one output and no biases",
        ),
        (lambda: SampledFixedWidth(sample_teacher("erf", 4, 2, 0), 0), "expected n >= 1"),
        (lambda: SampledFixedWidth(sample_teacher("erf", 4, 2, 0), 5, np.ones((5, 3))), "columns of"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()

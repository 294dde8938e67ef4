"""Laws known by their transforms: against exact laws they contain, simulation, free cumulants and rates."""

import itertools

import numpy as np
import pytest

import tutelage
from tutelage.base.errors import InputError
from tutelage.empirical import Problem
from tutelage.inputs import GaussianInputs
from tutelage.laws import (
    DeepLinear,
    LinearNetwork,
    MarchenkoPastur,
    SampledHessian,
    TangentKernel,
    deep_linear_eigenvalues,
    pooled_distance,
)
from tutelage.laws.correlated_linear import CorrelatedLinear
from tutelage.laws.free import free_moments
from tutelage.spectra import Spectrum
from tutelage.teachers import sample_teacher

GRID = np.linspace(0.01, 12, 400)


def _weights(widths, rng):
    layers = [rng.normal(size=(n, m)) / m**0.5 for m, n in itertools.pairwise(widths)]
    return [*layers, rng.normal(size=widths[-1]) / widths[-1] ** 0.5]


def _lengths(weights):
    b = weights[-1]
    found = [b @ b]
    for W in reversed(weights[1:-1]):
        b = W.T @ b
        found.insert(0, b @ b)
    return found


def test_free_moments_of_marchenko_pastur():
    law = MarchenkoPastur(0.4)
    cumulants = [0.4 ** (n - 1) for n in range(1, 7)]
    np.testing.assert_allclose(free_moments(cumulants), [law.moment(n) for n in range(7)], rtol=1e-13)


@pytest.mark.parametrize("n", [20, 40, 80])
def test_a_flat_population_gives_marchenko_pastur(n):
    law = SampledHessian(Spectrum([2.0], [40], 40, "dense"), n)
    exact = MarchenkoPastur(40 / n, 2.0)
    # MarchenkoPastur's atom for more parameters than samples
    np.testing.assert_allclose(law.cdf(GRID), exact.cdf(GRID), atol=1e-9)
    assert law.var() == pytest.approx(exact.var(), rel=1e-12)
    np.testing.assert_allclose(law.breakpoints(), exact.breakpoints(), atol=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_two_layers_are_the_shifted_law(ratio):
    d = 20
    k = int(ratio * d)
    deep, exact = DeepLinear([d, k], [0.7]), LinearNetwork(d, k, length=0.7)
    np.testing.assert_allclose(deep.cdf(GRID), exact.cdf(GRID), atol=1e-8)
    white = LinearNetwork(d, k, covariance=np.eye(d), length=0.7)
    np.testing.assert_allclose(white.cdf(GRID), exact.cdf(GRID), atol=1e-8)
    assert white.atoms()[0].tolist() == exact.atoms()[0].tolist()


def test_deep_moments_have_their_closed_form_and_those_of_the_density():
    for depth in (1, 2, 4):
        law = DeepLinear([50] * (depth + 1))
        assert law.mean() == pytest.approx(depth + 1, rel=1e-14)
        assert law.var() == pytest.approx(depth * (depth + 1) * (2 * depth + 1) / 6, rel=1e-13)
    law = DeepLinear([300, 600, 300], [0.9, 1.1])
    moments = law.measure().integrate(lambda x: x ** np.arange(5.0)[:, None], 1e-13).value
    np.testing.assert_allclose(moments, [law.moment(n) for n in range(5)], rtol=1e-9)


def test_deep_eigenvalues_are_those_of_the_gradient_of_f():
    """N and J J^T share their eigenvalues; J by differences of the multilinear map, exact up to round-off."""
    rng = np.random.default_rng(3)
    weights = _weights([4, 5, 3], rng)

    def outputs(theta):
        shapes, at, parts = [(5, 4), (3, 5), (3,)], 0, []
        for shape in shapes:
            parts.append(theta[at : at + np.prod(shape)].reshape(shape))
            at += int(np.prod(shape))
        return parts[2] @ parts[1] @ parts[0]

    theta = np.concatenate([W.ravel() for W in weights])
    J = np.stack([(outputs(theta + e) - outputs(theta - e)) / 2 for e in np.eye(theta.size)], axis=1)
    np.testing.assert_allclose(np.linalg.eigvalsh(J @ J.T), deep_linear_eigenvalues(weights), rtol=1e-12)


def _deep_distance(width, seed):
    weights = _weights([width] * 3, np.random.default_rng(seed))
    law = DeepLinear([width] * 3, _lengths(weights))
    return pooled_distance(deep_linear_eigenvalues(weights)[None], law, n_bootstrap=1).value


def test_deep_law_is_met_at_a_rate():
    small, large = (np.mean([_deep_distance(width, seed) for seed in range(3)]) for width in (60, 240))
    assert large < 0.02
    assert large < small / 2


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [2.0, 0.5])
def test_inputs_that_are_not_white(ratio):
    found = []
    for d in (50, 200):
        k, rng = int(ratio * d), np.random.default_rng(5)
        m = np.exp(0.5 * rng.normal(size=d))
        W, a = rng.normal(size=(k, d)) / d**0.5, rng.normal(size=k) / k**0.5
        root = np.diag(np.sqrt(m))
        values = np.linalg.eigvalsh(root @ (a @ a * np.eye(d) + W.T @ W) @ root)
        law = LinearNetwork(d, k, covariance=np.diag(m), length=float(a @ a))
        found.append(pooled_distance(values[None], law, n_bootstrap=1).value)
    assert found[1] < 0.025 and found[1] < found[0]
    t = m.mean()
    assert law.mean() == pytest.approx(t * (law.length + ratio), rel=1e-12)
    assert law.var() == pytest.approx(
        (m**2).mean() * (law.length + ratio) ** 2 + ratio * t**2 - law.mean() ** 2, rel=1e-11
    )
    moments = law.measure().integrate(lambda x: x ** np.arange(3.0)[:, None], 1e-13).value
    np.testing.assert_allclose(moments, [1, law.mean(), law.var() + law.mean() ** 2], rtol=1e-8)


def _sampled_distance(size, share, draws=2):
    network = sample_teacher("erf", size, size, 1)
    n = round(network.n_params / share)
    law = SampledHessian(tutelage.spectrum(network), n)
    values = []
    for draw in range(draws):
        J = (
            Problem.from_teacher(network, GaussianInputs().sample(n, size, [3, draw]))
            .hessian(network)
            .factor_rows()
        )
        small = np.linalg.eigvalsh(J @ J.T if share > 1 else J.T @ J)[-min(n, network.n_params) :]
        values.append(np.concatenate([np.zeros(network.n_params - small.size), np.maximum(small, 0)]))
    return pooled_distance(values, law, n_bootstrap=1).value


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 2.0, 8.0])
def test_sampled_hessians_follow_their_law_better_the_larger(share):
    small, large = _sampled_distance(10, share), _sampled_distance(20, share)
    assert large < 0.03
    assert large < small


def _kernel_distance(size, draws):
    found = []
    for seed in range(draws):
        network = sample_teacher("erf", size, size, seed)
        X = np.random.default_rng(seed).normal(size=(size, size))
        law = TangentKernel("erf", size, size, size, float(network.a @ network.a))
        values = np.linalg.eigvalsh(np.asarray(tutelage.ntk(network, X)))
        found.append(pooled_distance(values[None], law, n_bootstrap=1).value)
    return np.mean(found)


@pytest.mark.slow
def test_tangent_kernels_follow_their_law_better_the_larger():
    small, large = _kernel_distance(60, 4), _kernel_distance(240, 2)
    assert large < 0.05 and large < small / 1.5


def _transform_error(size):
    """rms relative deviation of the Stieltjes transform at points off the real line, n = 3 d = 3 k."""
    network = sample_teacher("erf", size, size, 1)
    X = np.random.default_rng(2).normal(size=(3 * size, size))
    law = TangentKernel("erf", size, size, 3 * size, float(network.a @ network.a))
    values = np.linalg.eigvalsh(np.asarray(tutelage.ntk(network, X)))
    z = np.linspace(0.8 * values[0], values[-1], 12) + 0.2j * values.mean()
    points, masses = law.atoms()
    found = law.equation.transform(law.equation.follow(z), z)
    of_atoms = law.measure().restrict(-1, points[0]).integrate(lambda x: 1 / (x - z[:, None])).value
    np.testing.assert_allclose(of_atoms, masses[0] / (points[0] - z), rtol=1e-12)
    exact = np.mean(1 / (values[:, None] - z), axis=0)
    return np.sqrt(np.mean(np.abs(found / exact - 1) ** 2))


@pytest.mark.slow
def test_more_samples_than_neurons_and_inputs_leave_an_atom_and_the_transform_is_met():
    assert _transform_error(200) < min(0.04, _transform_error(50) / 2)


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 400])
def test_kernel_law_has_the_mean_of_its_density(n):
    law = TangentKernel("tanh", 100, 150, n, 1.2)
    assert law.measure().moment(1) == pytest.approx(law.mean(), rel=1e-8)


def test_a_level_that_occurs_k_times_has_a_hard_edge():
    """White inputs at d = k: Marchenko and Pastur's, moved; other levels: a gap on one side of each, and simulation."""
    grid = np.linspace(0.701, 5, 200)
    law = CorrelatedLinear(10, 10, np.ones(10), length=0.7)
    np.testing.assert_allclose(law.cdf(grid), MarchenkoPastur(1.0).cdf(grid - 0.7), atol=1e-9)
    assert law.pdf(0.7) == np.inf
    levels = [0.5, 1.0, 1.5]
    law = CorrelatedLinear(3, 1, levels)
    assert [low for low, _ in law.pieces] == levels
    assert law.cdf(law.support()[1]) == pytest.approx(1, abs=1e-9)
    assert law.measure().moment(1) == pytest.approx(law.mean(), rel=1e-8)
    n, rng = 300, np.random.default_rng(0)
    root = np.sqrt(np.repeat(levels, n))
    W = rng.normal(size=(n, 3 * n)) / np.sqrt(3 * n)
    drawn = np.linalg.eigvalsh(root[:, None] * (np.eye(3 * n) + W.T @ W) * root)
    assert np.abs(law.cdf(drawn) - np.arange(1, 3 * n + 1) / (3 * n)).max() < 0.01


def test_a_tangent_kernel_where_its_atom_is_born():
    """n = d + k: the lower end is hard, and the mass is whole."""
    law = TangentKernel("erf", d=40, k=20, n=60)
    lowest = law.support()[0]
    assert lowest == law.equation.fixed[0]
    assert law.pdf(lowest) == np.inf
    assert law.atoms()[0].size == 0
    assert law.measure().moment(1) == pytest.approx(law.mean(), rel=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SampledHessian([1.0], 3), "expected a spectrum"),
        (lambda: SampledHessian(Spectrum([1.0], [1], 2, "lanczos"), 3), "all P eigenvalues"),
        (lambda: SampledHessian(Spectrum([-1.0, 1.0], [1, 1], 2, "dense"), 3), "got a negative one"),
        (lambda: SampledHessian(Spectrum([1.0], [2], 2, "dense"), 0), "expected n >= 1"),
        (lambda: DeepLinear([3]), "at least one width"),
        (lambda: DeepLinear([3, 4], [1.0, 1.0]), "lengths and hidden widths to agree"),
        (lambda: DeepLinear([3, 4], [0.0]), "expected length > 0"),
        (lambda: TangentKernel("relu", 3, 4, 5), "expected an odd nonlinear activation"),
        (lambda: LinearNetwork(3, 4, covariance=np.ones(4)), "covariance of shape"),
        (lambda: LinearNetwork(2, 4, covariance=[-1.0, 1.0]), "a covariance >= 0"),
        (lambda: LinearNetwork(2, 4, length=-1.0), "expected length > 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()

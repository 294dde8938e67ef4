"""What every law promises: mass one, a monotone cdf with ppf as its inverse, samples that follow it."""

import numpy as np
import pytest
import scipy.stats

from tutelage.base.errors import InputError
from tutelage.laws import (
    ChiSquare,
    Convolution,
    CoupledRoot,
    DeepLinear,
    FiniteLinearNetwork,
    LinearNetwork,
    MarchenkoPastur,
    Mixture,
    OddNetwork,
    PointMass,
    QuadraticNetwork,
    SampledFixedWidth,
    SampledHessian,
    Scaled,
    TangentKernel,
    WeightedMarchenkoPastur,
    Wishart,
    linear_network_of,
    one_per_teacher,
    pooled_distance,
    quadratic_bulk,
)
from tutelage.spectra import Spectrum
from tutelage.teachers import sample_teacher

LAWS = [
    MarchenkoPastur(0.3, 2.0),
    MarchenkoPastur(1.0),
    MarchenkoPastur(3.0, 0.7),
    ChiSquare(1, 0.5),
    ChiSquare(20, 1 / 20),
    PointMass(1.5),
    Mixture([PointMass(0.0), ChiSquare(4), MarchenkoPastur(2.0)], [0.2, 0.5, 0.3]),
    Convolution(MarchenkoPastur(2.0), ChiSquare(1)),
    Convolution(MarchenkoPastur(2.0), MarchenkoPastur(4.0)),
    Convolution(Mixture([PointMass(0.0), ChiSquare(4)], [0.5, 0.5]), MarchenkoPastur(1.0)),
    LinearNetwork(10, 20),
    LinearNetwork(30, 10),
    LinearNetwork(1, 1),
    LinearNetwork(30, 10).full(),
    WeightedMarchenkoPastur(0.5),
    WeightedMarchenkoPastur(2.0),
    quadratic_bulk(1.0),
    quadratic_bulk(0.5),
    linear_network_of(30, 10, "rademacher"),
    linear_network_of(10, 20, "laplace"),
    Wishart(4, 4),
    Wishart(5, 3, 0.2),
    Wishart(20, 21),
    FiniteLinearNetwork(10, 20),
    FiniteLinearNetwork(7, 3),
    FiniteLinearNetwork(1, 1),
    Scaled(MarchenkoPastur(3.0, 0.7), 0.25),
    Scaled(quadratic_bulk(0.5), 2.0),
    CoupledRoot(MarchenkoPastur(0.5), 0.4, 0.04),
    CoupledRoot(MarchenkoPastur(0.5, 2.0), 1.0, 2.0, 0.9, upper=False),
    OddNetwork("erf", 10, 20),
    OddNetwork("sin", 20, 10, length=1.3),
    QuadraticNetwork(0.5, 12, 24),
    QuadraticNetwork(1.0, 24, 12, length=0.8),
    QuadraticNetwork(1.0, 20, 40).full(),
    DeepLinear([10, 20, 10]),
    DeepLinear([20, 10, 10], [0.8, 1.2]).full(),
    LinearNetwork(4, 8, covariance=[0.5, 1.0, 1.0, 2.0]),
    SampledHessian(Spectrum([0.0, 0.1, 1.0, 5.0], [4, 10, 4, 2], 20, "dense"), 40),
    SampledHessian(Spectrum([0.5, 1.0, 1.1], [10, 4, 6], 20, "dense"), 10),
    TangentKernel("erf", 20, 30, 15),
    TangentKernel("erf", 20, 10, 40),
    SampledFixedWidth(sample_teacher("sigmoid", 30, 2, 1), 80),
]
every_law = pytest.mark.parametrize("law", LAWS, ids=repr)


def _points(law, n=801):
    ends = [*law.breakpoints(), *law.atoms()[0]]
    return np.linspace(min(ends) - 0.5, max(ends) + 0.5, n)


@every_law
def test_cdf_rises_from_zero_to_one_and_sf_is_the_rest(law):
    x = _points(law)
    cdf = law.cdf(x)
    assert cdf[0] == 0.0
    assert cdf[-1] == pytest.approx(1.0, abs=law.error + 1e-14)
    assert np.diff(cdf).min() >= -2 * law.error
    assert law.cdf([-np.inf, np.inf]) == pytest.approx([0.0, 1.0], abs=law.error)
    np.testing.assert_allclose(law.sf(x), 1 - cdf, atol=1e-14)


@every_law
def test_mass_and_moments_are_those_of_atoms_and_density(law):
    measure = law.measure()
    assert law.mass == measure.mass == 1.0
    moments = measure.integrate(lambda x: x ** np.arange(5.0)[:, None]).value
    assert moments[0] == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(moments, [law.moment(order) for order in range(5)], rtol=1e-8, atol=1e-12)
    assert law.mean() == pytest.approx(moments[1], rel=1e-8, abs=1e-12)
    assert law.var() == pytest.approx(moments[2] - moments[1] ** 2, rel=1e-7, abs=1e-12)
    assert law.std() == pytest.approx(law.var() ** 0.5)


@every_law
def test_ppf_is_the_generalised_inverse_of_cdf(law):
    p = np.linspace(0.001, 0.999, 333)
    x = law.ppf(p)
    assert np.all(law.cdf(x) >= p - 1e-13)
    on_atom = np.isin(x, law.atoms()[0])
    np.testing.assert_allclose(law.cdf(x)[~on_atom], p[~on_atom], atol=1e-13)
    assert np.all(law.cdf(np.nextafter(x[on_atom], -np.inf)) <= p[on_atom] + 1e-6)
    assert law.ppf(0.0) == law.support()[0] and law.ppf(1.0) == law.support()[1]
    assert law.median() == law.ppf(0.5)


@every_law
def test_pdf_is_the_slope_of_cdf(law):
    x = _points(law, 57)
    h = 1e-5
    nodes, weights = np.polynomial.legendre.leggauss(10)
    edges = [*law.breakpoints(), *law.atoms()[0]]
    far = np.array([all(abs(point - edge) > 3 * h for edge in edges) for point in x])
    inside = law.pdf(x[far][:, None] + h * nodes) @ weights * h
    np.testing.assert_allclose(law.cdf(x[far] + h) - law.cdf(x[far] - h), inside, atol=3 * law.error)


@every_law
def test_samples_follow_the_law(law):
    draws = law.rvs(size=(50, 60), random_state=7)
    assert draws.shape == (50, 60)
    np.testing.assert_array_equal(draws, law.rvs(size=(50, 60), random_state=7))
    points, weights = law.atoms()
    for point, weight in zip(points, weights, strict=True):
        assert scipy.stats.binomtest(int((draws == point).sum()), draws.size, min(weight, 1.0)).pvalue > 1e-4
    continuous = draws[~np.isin(draws, points)]
    if continuous.size:
        share = 1 - weights.sum()
        assert scipy.stats.kstest(continuous, lambda x: law.measure().distribution(x) / share).pvalue > 1e-4
    assert np.isscalar(law.rvs(random_state=1))


@every_law
def test_law_shows_itself(law):
    assert type(law).__name__ in repr(law)
    assert "<table>" in law._repr_html_()
    dataset = law.to_xarray(11)
    assert dataset.attrs["law"] == repr(law) and dataset.attrs["mass"] == 1.0


@every_law
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda law: law.cdf(np.nan), "expected numbers for x, got NaN"),
        (lambda law: law.pdf(1j), "expected real numbers for x"),
        (lambda law: law.sf("one"), "expected real numbers for x"),
        (lambda law: law.ppf(1.5), "expected probabilities in \\[0, 1\\]"),
        (lambda law: law.ppf([-0.1]), "expected probabilities in \\[0, 1\\]"),
        (lambda law: law.moment(-1), "expected order >= 0"),
        (lambda law: law.moment(1.5), "expected an integer order"),
    ],
)
def test_bad_arguments_are_named(law, call, message):
    with pytest.raises(InputError, match=message):
        call(law)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MarchenkoPastur(0.0), "MarchenkoPastur: expected ratio > 0, got 0"),
        (lambda: MarchenkoPastur(1.0, -1.0), "expected scale > 0"),
        (lambda: MarchenkoPastur(np.nan), "expected a finite ratio"),
        (lambda: MarchenkoPastur("wide"), "expected a number for ratio"),
        (lambda: ChiSquare(0), "expected dof > 0"),
        (lambda: ChiSquare(3, np.inf), "expected a finite scale"),
        (lambda: PointMass(np.inf), "expected a finite position"),
        (lambda: Mixture([ChiSquare(3)], [0.5]), "summing to 1"),
        (lambda: Mixture([ChiSquare(3), ChiSquare(2)], [1.5, -0.5]), "weights >= 0"),
        (lambda: Mixture([ChiSquare(3)], [0.5, 0.5]), "numbers of laws and weights to agree"),
        (lambda: Mixture([], []), "expected a non-empty weights"),
        (lambda: Mixture([scipy.stats.norm()], [1.0]), "expected tutelage laws"),
        (lambda: Convolution(ChiSquare(3), scipy.stats.norm()), "expected a tutelage law as second"),
        (lambda: LinearNetwork(0, 3), "expected d >= 1"),
        (lambda: LinearNetwork(3, 2.5), "expected an integer k"),
        (lambda: Wishart(0, 3), "Wishart: expected size >= 1"),
        (lambda: Wishart(3, 2.0), "expected an integer dof"),
        (lambda: FiniteLinearNetwork(3, 0), "expected k >= 1"),
        (lambda: pooled_distance([1.0, 2.0], ChiSquare(3)), "eigenvalues with 2 dimension"),
        (lambda: pooled_distance([[1.0]], "chi2"), "expected a tutelage law"),
        (lambda: pooled_distance([[1.0]], ChiSquare(3), n_bootstrap=0), "n_bootstrap >= 1"),
        (lambda: one_per_teacher([[1.0, np.nan]], ChiSquare(3)), "expected finite eigenvalues"),
        (lambda: one_per_teacher([[1.0, 2.0]], ChiSquare(3), [1, 2, 3]), "multiplicities of shape"),
        (lambda: one_per_teacher([[1.0, 2.0]], ChiSquare(3), [[0, 0]]), "some > 0 for every teacher"),
        (lambda: LinearNetwork(30, 10).full(29), "expected n_params >= 30, the non-zero eigenvalues"),
        (lambda: Scaled(ChiSquare(3), 0.0), "expected factor > 0"),
        (lambda: Scaled(scipy.stats.norm(), 2.0), "expected a tutelage law"),
        (lambda: CoupledRoot(MarchenkoPastur(2.0), 1.0, 1.0), "without atoms"),
        (lambda: CoupledRoot(MarchenkoPastur(0.5), 1.0, 0.0), "expected level > 0"),
        (lambda: OddNetwork("relu", 3, 4), "expected an odd nonlinear activation .*, got relu"),
        (lambda: OddNetwork("linear", 3, 4), "LinearNetwork and QuadraticNetwork are"),
        (lambda: OddNetwork("erf", 3, 4, length=0.0), "expected length > 0"),
        (lambda: QuadraticNetwork(0.0, 3, 4), "expected alpha != 0"),
        (lambda: QuadraticNetwork(1.0, 3, 7), "expected k <= d\\(d \\+ 1\\)/2 = 6, got 7"),
    ],
)
def test_bad_laws_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()

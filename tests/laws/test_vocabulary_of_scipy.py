"""The words of scipy.stats beyond pdf, cdf and ppf; extreme parameters; measures that travel; laws over spectra."""

import pickle

import numpy as np
import pytest
import scipy.stats

import tutelage
from tutelage.base.errors import InputError
from tutelage.inputs import GaussianInputs
from tutelage.laws import (
    ChiSquare,
    LinearNetwork,
    MarchenkoPastur,
    Mixture,
    OddNetwork,
    PointMass,
    QuadraticNetwork,
    law_of,
)
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.teachers import sample_teacher
from tutelage.weights import as_weight_law


def test_words_agree_with_scipys_chi_square():
    ours, theirs = ChiSquare(5, 0.3), scipy.stats.chi2(5, scale=0.3)
    x, p = np.linspace(0.1, 6, 9), np.linspace(0.05, 0.95, 9)
    for word, where in dict(logpdf=x, logcdf=x, logsf=x, sf=x, isf=p, ppf=p).items():
        np.testing.assert_allclose(getattr(ours, word)(where), getattr(theirs, word)(where), rtol=1e-9)
    np.testing.assert_allclose(ours.interval(0.9), theirs.interval(0.9), rtol=1e-11)
    np.testing.assert_allclose(ours.median(), theirs.median(), rtol=1e-12)
    inside = dict(lb=0.5, ub=2.0, conditional=True)
    assert ours.expect(np.sqrt, **inside) == pytest.approx(theirs.expect(np.sqrt, **inside), rel=1e-7)


@pytest.mark.parametrize(
    ("law", "mean", "variance"),
    [
        (ChiSquare(1e12, 1e-12), 1.0, 2e-12),
        (MarchenkoPastur(1e-16), 1.0, 1e-16),
        (MarchenkoPastur(1e16), 1.0, 1e16),
        (Mixture([PointMass(1e8), PointMass(1e8 + 1)], [0.5, 0.5]), 1e8 + 0.5, 0.25),
        (LinearNetwork(10, 10**12), 1e11 + 1, 1e11 + 2e-12),
        (LinearNetwork(10**12, 10), 1 + 1e-11, 0.2 + 1e-11),
    ],
    ids=repr,
)
def test_extreme_parameters_keep_mean_variance_mass_and_quantiles(law, mean, variance):
    assert law.mean() == pytest.approx(mean, rel=1e-15)
    assert law.var() == pytest.approx(variance, rel=1e-10)
    assert law.measure().integrate(np.ones_like).value == pytest.approx(1.0, abs=1e-6)
    p = np.array([0.1, 0.3, 0.7, 0.9])
    x = law.ppf(p)
    on_atom = np.isin(x, law.atoms()[0])
    assert np.all(law.cdf(x) >= p - 1e-8)
    np.testing.assert_allclose(law.cdf(x)[~on_atom], p[~on_atom], atol=1e-8)


@pytest.mark.parametrize(
    "law", [LinearNetwork(10, 20), OddNetwork("erf", 10, 20), QuadraticNetwork(0.5, 12, 24)], ids=repr
)
def test_measures_can_be_pickled_scaled_ones_too(law):
    measure = law.measure().scale(2.0)
    again = pickle.loads(pickle.dumps(measure))
    x = np.linspace(0.1, 5, 7)
    np.testing.assert_array_equal(again.density(x), measure.density(x))
    assert again.moment(1) == pytest.approx(2 * law.mean(), rel=1e-9)


@pytest.mark.parametrize(
    "frozen", [scipy.stats.randint(-1, 2), scipy.stats.rv_discrete(values=([-1, 0, 1], [0.2, 0.6, 0.2]))]
)
def test_discrete_laws_of_scipy_are_weight_laws(frozen):
    W = as_weight_law(frozen).sample(np.random.default_rng(1), (200, 200), 4)
    assert W.std() == pytest.approx(0.5, rel=0.02) and np.unique(W.round(12)).size == 3


def test_law_of_names_the_right_law():
    assert law_of("linear", 10, 20) == LinearNetwork(10, 20)
    assert law_of("quadratic:alpha=0.5", 10, 20) == QuadraticNetwork(0.5, 10, 20)
    teacher = sample_teacher("sin", 20, 10, 1)
    assert law_of(teacher) == OddNetwork("sin", 20, 10, float(teacher.a @ teacher.a))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: law_of("relu", 3, 4), "no law is known for relu"),
        (lambda: law_of("polynomial:coefficients=0,2", 3, 4), "no law is known"),
        (lambda: law_of(Network(np.eye(2), np.ones(2), "erf", b=np.ones(2))), "biases or several outputs"),
        (lambda: law_of(Network(np.eye(2), np.ones((2, 2)), "erf")), "biases or several outputs"),
        (lambda: law_of(Network(np.eye(2), np.ones(2), "erf"), 2, 2), "a network alone"),
        (lambda: law_of(3.0), "expected a network or an activation"),
        (lambda: law_of("erf"), "expected an integer d"),
    ],
)
def test_law_of_says_that_none_is_known(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_law_is_laid_over_a_spectrum_at_its_quantiles():
    teacher = sample_teacher("linear", 30, 60, 2)
    spectrum, law = tutelage.spectrum(teacher), law_of(teacher)
    axes = spectrum.plot(law=law)
    index, height = axes.lines[-1].get_data()
    assert axes.get_legend().get_texts()[0].get_text() == "LinearNetwork"
    assert index[-1] == law.rank == 30
    np.testing.assert_allclose(law.sf(height), (index - 0.5) / 30, atol=1e-9)
    # True asks for the law that is known.
    np.testing.assert_array_equal(spectrum.plot(law=True).lines[-1].get_data(), (index, height))
    # The curve runs through the eigenvalues it was drawn over.
    sorted_values = spectrum.eigenvalues[::-1][index.astype(int) - 1]
    assert np.abs(np.log(height / sorted_values)).max() < 0.35


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (sample_teacher("relu", 3, 2), "no law is known for relu"),
        (np.diag([1.0, 2.0]), "of another matrix; pass the law"),
        (Problem(sample_teacher("erf", 3, 2), inputs=GaussianInputs(np.ones(3))), "of another matrix"),
    ],
)
def test_no_law_is_drawn_where_none_is_known(source, message):
    found = tutelage.spectrum(source)
    with pytest.raises(InputError, match=message):
        found.plot(law=True)
    found.plot(law=False)

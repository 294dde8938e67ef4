"""Estimates are floats with errors; errors of means are those of textbooks; bands hold the distribution function."""

import pickle

import numpy as np
import pytest

from tutelage.base.estimate import Draws, Estimate, jackknifed
from tutelage.measure import Measure


def test_an_estimate_is_a_float_that_shows_its_error():
    found = Estimate(12.3456, 0.25, n=16)
    assert found == 12.3456 and isinstance(found, float) and type(found.value) is float
    assert str(found) == "12.3 ± 0.25 (n = 16)"
    assert "NOT converged" in str(Estimate(1.0, 0.1, 5, converged=False))
    again = pickle.loads(pickle.dumps(found))
    assert (again, again.error, again.n, again.converged) == (found, 0.25, 16, True)


def test_intervals_are_students():
    low, high = Estimate(0.0, 1.0, n=5).interval(0.95)
    assert high == pytest.approx(2.776445, abs=1e-6) == -low  # t with 4 degrees of freedom
    assert Estimate(3.0, 0.0, n=9).interval() == (3.0, 3.0)
    assert Estimate(3.0, np.inf, n=1).interval() == (-np.inf, np.inf)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).standard_normal(12)
    without = [np.delete(x, i).mean() for i in range(12)]
    assert jackknifed(without) == pytest.approx(x.std(ddof=1) / np.sqrt(12), rel=1e-12)
    assert jackknifed([1.0]) == np.inf


def _two_rules():
    rules = ((np.array([0.0, 1.0]), np.array([1.0, 1.0])), (np.array([0.0, 2.0]), np.array([1.0, 1.0])))
    return Measure([0.0, 1.0, 0.0, 2.0], [0.5] * 4, draws=Draws(rules, rules))


def test_numbers_of_a_sampled_measure_have_the_errors_of_its_draws():
    measure = _two_rules()
    first = measure.moment(1)
    assert isinstance(first, Estimate) and first == 1.5 and first.error == pytest.approx(0.5) and first.n == 2
    value, error = measure.integrate(lambda x: np.stack([x, x**2]))
    assert value.tolist() == [1.5, 2.5] and error == pytest.approx([0.5, 1.5])
    assert measure.scale(2.0).moment(1).error == pytest.approx(1.0)
    ratio = measure.estimate(lambda points, weights: (weights @ points) ** 2 / (weights @ points**2))
    assert ratio == pytest.approx(0.9) and ratio.error == pytest.approx(jackknifed([1.0, 1.0]), abs=1e-12)


def test_a_number_that_half_the_steps_give_otherwise_has_not_converged():
    fine = (np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    rough = (np.array([0.5]), np.array([2.0]))
    measure = Measure(*fine, draws=Draws((fine, fine), (rough, rough)))
    assert measure.estimate(lambda points, weights: weights @ points).converged
    assert not measure.estimate(lambda points, weights: weights @ points**2).converged


def test_an_exact_measure_has_no_errors():
    measure = Measure([1.0, 2.0], [1.0, 3.0])
    assert type(measure.moment(1)) is float and measure.estimate(lambda x, w: w @ x).error == 0.0
    low, high = measure.cdf_band([0.0, 1.5, 2.0])
    assert low.tolist() == high.tolist() == [0.0, 1.0, 4.0]


def test_a_band_holds_every_measure_with_these_moments():
    """Szegő: Gauss rules bound the distribution function of what they integrate, here the uniform one."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    rule = ((nodes + 1) / 2, weights / 2)
    band = Draws((rule, rule), (rule, rule)).band(np.linspace(0, 1, 201), 0.95)
    x = np.linspace(0, 1, 201)
    assert np.all(band[0] <= x + 1e-14) and np.all(x <= band[1] + 1e-14)
    assert np.max(band[1] - band[0]) < 2.01 * rule[1].max()


def test_copies_of_a_node_that_rounding_made_are_one():
    whole = (np.array([0.0, 1.0, 2.0]), np.array([0.3, 0.3, 0.4]))
    shared = (np.array([-1e-15, 1e-15, 1.0, 2.0]), np.array([0.1, 0.2, 0.3, 0.4]))
    x = np.array([-1e-9, 1e-9, 0.5, 1.0, 1.5, 2.0])
    expected = Draws((whole,), (whole,)).distribution(x)
    np.testing.assert_allclose(Draws((shared,), (whole,)).distribution(x), expected, rtol=1e-14)
    np.testing.assert_allclose(expected, [0.0, 0.3, 0.3, 0.6, 0.6, 1.0], rtol=1e-14)

"""Measures: integrals against closed forms and scipy.integrate, with an error that bounds the true one."""

import numpy as np
import pytest
import scipy.integrate
import scipy.special

from tutelage.base.errors import InputError
from tutelage.laws import ChiSquare, LinearNetwork, MarchenkoPastur
from tutelage.measure import Measure


def _mixed():
    """Two atoms and the arcsine law, singular at both its ends, of mass 1/2."""
    return Measure(
        [3.0, 0.0],
        [0.2, 0.3],
        density=lambda x: 0.5 / (np.pi * np.sqrt(x)) / np.sqrt(1 - x),
        support=(0.0, 3.0),
        panels=(0.0, 1.0),
    )


def test_atoms_are_sorted_and_the_mass_is_stored():
    measure = Measure([2.0, 1.0], [0.5, 1.5])
    assert measure.points.tolist() == [1.0, 2.0] and measure.weights.tolist() == [1.5, 0.5]
    assert measure.mass == 2.0 and measure.support == (1.0, 2.0)
    assert measure.cdf([0.0, 1.0, 1.5, 2.0]).tolist() == [0.0, 1.5, 1.5, 2.0]
    assert measure.moment(2) == 3.5
    assert measure.integrate(np.sqrt).error == 0.0


def test_mass_of_a_density_is_computed_when_not_given():
    semicircle = Measure([], [], lambda x: np.sqrt(4 - x * x), (-2.0, 2.0))
    assert semicircle.mass == pytest.approx(2 * np.pi, abs=1e-12)


def test_a_whole_curve_is_one_integral():
    times = np.array([0.0, 0.1, 1.0, 30.0])
    law = ChiSquare(3, 1 / 3)
    value, error = law.measure().integrate(lambda x: np.exp(-2 * np.multiply.outer(times, x)))
    exact = (1 + 4 * times / 3) ** -1.5
    np.testing.assert_allclose(value, exact, atol=1e-12)
    assert value.shape == error.shape == (4,) and np.all(error < 1e-10)


def test_error_estimate_bounds_the_error_and_grows_with_difficulty():
    law = MarchenkoPastur(1.0).measure()
    exact = scipy.special.ive(0, 2000.0) + scipy.special.ive(1, 2000.0)  # E exp(-1000 x)
    easy, hard = law.integrate(np.exp), law.integrate(lambda x: np.exp(-1000 * x), tolerance=1e-13)
    assert easy.error < 1e-9 and abs(hard.value - exact) <= hard.error + 1e-15
    wild = law.integrate(lambda x: np.sin(1e5 * x) ** 2)
    assert wild.error > 1e-6 and abs(wild.value - 0.5) < 10 * wild.error


def test_cdf_integrates_the_density_where_no_closed_form_is_given():
    measure = _mixed()
    x = np.array([-1.0, 0.0, 0.2, 0.9, 1.0, 2.0, 3.0])
    arcsine = np.arcsin(np.sqrt(np.clip(x, 0, 1))) / np.pi
    np.testing.assert_allclose(measure.cdf(x), arcsine + 0.3 * (x >= 0) + 0.2 * (x >= 3), atol=1e-7)
    assert measure.mass == pytest.approx(1.0, abs=1e-7)  # rounding of 1 - x at the right end: sqrt(1e-16)


def test_scaling_moves_positions_and_keeps_mass():
    measure = LinearNetwork(3, 5).measure()
    scaled = measure.scale(2.5)
    assert scaled.mass == measure.mass
    assert scaled.moment(2) == pytest.approx(6.25 * measure.moment(2))
    np.testing.assert_allclose(scaled.cdf(np.array([2.0, 5.0])), measure.cdf(np.array([0.8, 2.0])))
    assert scaled.integrate(np.ones_like).value == pytest.approx(1.0)
    assert Measure([1.0, 2.0], [1, 1]).scale(3).points.tolist() == [3.0, 6.0]


def test_discretised_measure_integrates_the_same():
    law = MarchenkoPastur(2.0)
    atoms = law.measure().discretise()
    assert atoms.density is None and atoms.mass == 1.0
    assert atoms.weights.sum() == pytest.approx(1.0, abs=1e-12)
    oracle = scipy.integrate.quad(lambda x: law.pdf(x) * np.log1p(x), *law.edges(), limit=200)[0]
    assert atoms.integrate(np.log1p).value == pytest.approx(oracle, abs=1e-10)
    assert atoms.discretise() is atoms


def test_measure_shows_itself():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    measure = _mixed()
    assert repr(measure) == "Measure(2 atoms, with density, mass 1)"
    assert "carrying 0.5" in measure._repr_html_()
    dataset = measure.to_xarray(25)
    assert dataset.sizes == {"atom": 2, "x": 25} and dataset.attrs["support"] == [0.0, 3.0]
    assert Measure([1.0], [1.0]).to_xarray().sizes == {"atom": 1}
    ax = measure.plot(color="C1")
    assert len(ax.lines) == 1 and len(ax.collections) == 1
    assert Measure([1.0], [1.0]).plot(ax) is ax
    plt.close("all")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Measure([1.0, 2.0], [1.0]), "numbers of points and weights to agree"),
        (lambda: Measure([np.nan], [1.0]), "expected finite points"),
        (lambda: Measure([1.0], [-1.0]), "expected weights >= 0"),
        (lambda: Measure([], [], np.exp, (-np.inf, 0.0)), "expected finite panels"),
        (lambda: Measure([1.0], [1.0]).scale(0.0), "expected factor > 0"),
        (lambda: Measure([1.0], [1.0]).moment(-1), "expected order >= 0"),
        (lambda: Measure([1.0], [1.0]).discretise(0), "expected level >= 1"),
        (lambda: _mixed().to_xarray(1), "expected n_points >= 2"),
    ],
)
def test_bad_measures_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()

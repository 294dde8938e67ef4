"""A measure against a filter: dense truth by matrix functions, moments over starts, densities, bad input."""

import numpy as np
import pytest
import scipy.linalg

from tutelage.base.errors import InputError
from tutelage.dynamics import (
    Curve,
    GradientDescent,
    HeavyBall,
    NoisyTeacher,
    log_steps,
    log_times,
    loss_cumulants,
    overlay,
    predict_loss,
    predict_parameters,
    spectral_measure,
)
from tutelage.measure import Measure


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(3)
    rotation, _ = np.linalg.qr(rng.standard_normal((12, 12)))
    values = np.concatenate([np.zeros(3), np.geomspace(1e-3, 2.0, 9)])
    return rotation @ np.diag(values) @ rotation.T, rng.standard_normal(12), values


def test_the_flow_is_the_matrix_exponential(problem):
    H, start, _ = problem
    times = np.array([0.0, 0.3, 5.0, 400.0])
    curve = predict_loss(spectral_measure(H, start), times)
    for i, t in enumerate(times):
        delta = scipy.linalg.expm(-H * t) @ start
        assert curve.loss[i] == pytest.approx(0.5 * delta @ H @ delta, rel=1e-9, abs=1e-15)
        assert curve.distance[i] == pytest.approx(delta @ delta, rel=1e-12)
        np.testing.assert_allclose(predict_parameters(H, start, [t])[0], delta, atol=1e-12)


@pytest.mark.parametrize("rule", [GradientDescent(0.4), HeavyBall(0.4, 0.7)])
def test_steps_are_the_iteration_itself(problem, rule):
    H, start, _ = problem
    curve = predict_loss(spectral_measure(H, start), steps=np.arange(60), rule=rule)
    theta, state = start, rule.init(start)
    for n in range(60):
        assert abs(curve.loss[n] - 0.5 * theta @ H @ theta) < 1e-12 * curve.loss[0]
        theta, state = rule.update(lambda y: H @ y, theta, state)


def test_isotropic_moments_are_those_of_a_weighted_chi_square(problem):
    H, _, values = problem
    rng = np.random.default_rng(0)
    measure = spectral_measure(H, NoisyTeacher(0.3))
    assert measure.mass == pytest.approx(0.09 * 12)
    times = np.array([0.0, 1.0, 50.0])
    starts = 0.3 * rng.standard_normal((40000, 12))
    losses = 0.5 * starts**2 @ (values * np.exp(-2 * np.outer(times, values))).T
    curve = predict_loss(measure, times)
    cumulants = loss_cumulants(measure, times, order=3)
    np.testing.assert_allclose(cumulants[0], curve.loss, rtol=1e-13)
    np.testing.assert_allclose(cumulants[1], curve.std**2, rtol=1e-12)
    error = losses.std(axis=0) / np.sqrt(len(losses))
    assert np.all(np.abs(losses.mean(axis=0) - curve.loss) < 4 * error)
    kurtosis = ((losses - losses.mean(axis=0)) ** 4).mean(axis=0) / losses.var(axis=0) ** 2
    assert np.all(np.abs(losses.std(axis=0) / curve.std - 1) < 4 * np.sqrt((kurtosis - 1) / 4 / len(losses)))
    third = (losses - curve.loss) ** 3
    assert np.all(np.abs(third.mean(axis=0) - cumulants[2]) < 4 * third.std(axis=0) / np.sqrt(len(losses)))


def test_one_start_averages_to_the_isotropic_curve(problem):
    H, _, _ = problem
    times = [0.0, 2.0]
    rows = np.sqrt(12) * 0.3 * np.linalg.qr(np.random.default_rng(1).standard_normal((12, 12)))[0]
    # An orthogonal frame of starts averages every quadratic form exactly.
    mean = np.mean([predict_loss(spectral_measure(H, row), times).loss for row in rows], axis=0)
    np.testing.assert_allclose(mean, predict_loss(spectral_measure(H, 0.3), times).loss, rtol=1e-12)


def test_a_density_gives_the_curve_of_its_integral():
    # Density 1/(2 sqrt(x)) on [0, 1]: ∫ x e^{-2xt} ρ dx in closed form, through ten decades of time.
    from scipy.special import gamma, gammainc

    measure = Measure([], [], density=lambda x: 0.5 / np.sqrt(x), support=(0.0, 1.0), mass=1.0)
    times = np.geomspace(1e-2, 1e10, 25)
    exact = 0.25 * gamma(1.5) * gammainc(1.5, 2 * times) * (2 * times) ** -1.5
    np.testing.assert_allclose(predict_loss(measure, times).loss, exact, rtol=1e-10)


def test_halving_the_nodes_of_a_marchenko_pastur_bulk_changes_nothing():
    ratio = 0.5
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
    mp = Measure(
        [], [], lambda x: np.sqrt((high - x) * (x - low)) / (2 * np.pi * ratio * x), (low, high), 1.0
    )
    fine, coarse = (predict_loss(mp.discretise(level), [0.0, 1.0, 30.0]).loss for level in (8, 7))
    np.testing.assert_allclose(coarse, fine, rtol=1e-12)
    assert 2 * fine[0] == pytest.approx(1.0, rel=1e-10)


def test_round_off_below_zero_does_not_grow():
    curve = predict_loss(spectral_measure(np.diag([-1e-18, 1.0]), 1.0), [1e20])
    assert curve.loss[0] == 0.0


def test_a_curve_carries_slopes_tables_and_pictures():
    times = log_times(1.0, 1e4, 200)
    curve = predict_loss(Measure([0.5], [2.0]), times)
    np.testing.assert_allclose(curve.decay_rate()[:40], 0.5, rtol=1e-9)
    power = Curve(times, times**-1.5, times**-1.0)
    np.testing.assert_allclose(power.local_slope(), -1.5, rtol=1e-9)
    assert curve.slope_between(1.0, 20.0) == pytest.approx(-1.0)
    dataset = power.to_xarray()
    assert set(dataset) == {"loss", "std"}
    assert dataset.sizes == {"time": 200}
    assert "predicted" in repr(curve) and "Curve" in curve._repr_html_()
    axes = overlay(curve, power)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["predicted", "loss"]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    import matplotlib.pyplot as plt

    plt.close(axes.figure)
    with pytest.raises(InputError, match="same times"):
        curve.relative_difference(Curve(times[:3], times[:3]))
    with pytest.raises(InputError, match="two recorded times"):
        curve.slope_between(1e6, 1e7)


def test_log_steps_are_whole_distinct_and_end_where_asked():
    steps = log_steps(1000, 50)
    assert steps[0] == 0 and steps[-1] == 1000 and np.all(np.diff(steps) > 0)
    np.testing.assert_array_equal(log_steps(0), [0])


ONE = Measure([1.0], [1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: predict_loss(ONE, [-1.0]), "times >= 0"),
        (lambda: predict_loss(ONE, [2.0, 1.0]), "ascending times"),
        (lambda: predict_loss(ONE, [np.nan]), "finite times"),
        (lambda: predict_loss(ONE), "neither"),
        (lambda: predict_loss(ONE, [1.0], GradientDescent(0.1), steps=[1]), "both"),
        (lambda: predict_loss(ONE, steps=[1]), "expected times for flow"),
        (lambda: predict_loss(ONE, steps=[0.5], rule=GradientDescent(0.1)), "whole numbers"),
        (lambda: predict_loss(ONE, [1.0], "newton"), "unknown name"),
        (lambda: predict_loss(np.eye(2), [1.0]), "expected a measure"),
        (lambda: loss_cumulants(ONE, [1.0]), "isotropic"),
        (lambda: spectral_measure(np.eye(3), [1.0, 2.0]), r"shape \(3,\)"),
        (lambda: spectral_measure(np.ones((2, 3)), 1.0), "expected"),
        (lambda: spectral_measure(ONE, [1.0]), "needs eigenvectors"),
        (lambda: spectral_measure(np.eye(3), -1.0), "> 0"),
        (lambda: NoisyTeacher(0.0), "noise > 0"),
        (lambda: spectral_measure("teacher", [1.0]), "expected"),
        (lambda: predict_parameters(np.eye(3), [1.0], [1.0]), "length"),
        (lambda: overlay(), "at least one curve"),
        (lambda: log_times(0.0, 1.0), "first > 0"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_slope_beside_two_equal_times_is_undefined():
    curve = Curve(np.array([1.0, 2.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.5, 2.0, 1.0, np.exp(-1.0)]))
    np.testing.assert_array_equal(np.isnan(curve.decay_rate()), [False, True, True, False, False])
    assert curve.decay_rate()[-1] == pytest.approx(0.5)

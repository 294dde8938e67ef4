"""One Lanczos run: exact for gradient descent up to step m - 1, and bracketed by Gauss and Gauss-Radau."""

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.dynamics import (
    GradientDescent,
    HeavyBall,
    lanczos_loss,
    log_times,
    predict_loss,
    spectral_measure,
)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(5)
    rotation, _ = np.linalg.qr(rng.standard_normal((300, 300)))
    values = np.concatenate([np.zeros(40), rng.gamma(0.5, size=260) / 10])
    return (rotation * values) @ rotation.T, rng.standard_normal(300), values.max()


@pytest.mark.parametrize("products", [1, 5, 20])
def test_m_products_are_exact_for_descent_up_to_step_m_minus_1(problem, products):
    H, start, largest = problem
    rule = GradientDescent(1.9 / largest)
    steps = np.arange(3 * products)
    exact = predict_loss(spectral_measure(H, start), steps=steps, rule=rule).loss
    found = lanczos_loss(lambda v: H @ v, start, steps=steps, rule=rule, products=products).loss
    error = np.abs(found / exact - 1)
    assert np.all(error[:products] < 1e-10)
    # The claim is sharp: the next step is not exact (at 20 products its error is already below round-off).
    assert products == 20 or error[products] > 1e-8


def test_heavy_ball_is_exact_up_to_the_same_step(problem):
    H, start, largest = problem
    rule = HeavyBall(1.0 / largest, 0.9)
    steps = np.arange(30)
    exact = predict_loss(spectral_measure(H, start), steps=steps, rule=rule).loss
    found = lanczos_loss(lambda v: H @ v, start, steps=steps, rule=rule, products=30)
    np.testing.assert_allclose(found.loss, exact, rtol=1e-9)
    assert found.bounds is None


@pytest.mark.parametrize("products", [4, 12, 40])
def test_the_flow_lies_between_the_bounds_and_they_close(problem, products):
    H, start, _ = problem
    times = log_times(0.1, 1e4, 60)
    exact = predict_loss(spectral_measure(H, start), times).loss
    curve = lanczos_loss(lambda v: H @ v, start, times, products=products)
    lower, upper = curve.bounds
    assert np.all(lower <= exact * (1 + 1e-9))
    assert np.all(upper >= exact * (1 - 1e-9))
    wider = lanczos_loss(lambda v: H @ v, start, times, products=products // 2).bounds
    assert np.all(upper - lower <= (wider[1] - wider[0]) * (1 + 1e-9) + 1e-12 * exact)


def test_descent_with_a_moderate_rate_is_bracketed(problem):
    H, start, largest = problem
    steps = np.array([0, 10, 100, 1000])
    rule = GradientDescent(1.0 / largest)
    exact = predict_loss(spectral_measure(H, start), steps=steps, rule=rule).loss
    lower, upper = lanczos_loss(lambda v: H @ v, start, steps=steps, rule=rule, products=8).bounds
    assert np.all(lower <= exact * (1 + 1e-9)) and np.all(exact <= upper * (1 + 1e-9))
    assert upper[-1] > lower[-1] * 1.001


def test_the_flow_converges_geometrically(problem):
    H, start, _ = problem
    exact = predict_loss(spectral_measure(H, start), [20.0]).loss[0]
    errors = [
        abs(lanczos_loss(lambda v: H @ v, start, [20.0], products=m).loss[0] / exact - 1) for m in (6, 10, 14)
    ]
    assert errors[1] < errors[0] / 10 and errors[2] < errors[1] / 10


def test_an_exhausted_krylov_space_is_exact_and_says_so():
    H = np.diag([0.0, 0.5, 0.5, 2.0])
    curve = lanczos_loss(lambda v: H @ v, np.ones(4), [0.0, 3.0], products=50)
    assert curve.meta["products"] == 2
    exact = predict_loss(spectral_measure(H, np.ones(4)), [0.0, 3.0]).loss
    np.testing.assert_allclose(curve.loss, exact, rtol=1e-12)
    np.testing.assert_allclose(curve.bounds[1], curve.bounds[0], rtol=1e-12)


def test_a_start_without_energy_is_refused():
    with pytest.raises(InputError, match="positive energy"):
        lanczos_loss(lambda v: np.zeros(3), np.ones(3), [1.0])

"""Time scales invert and summarise the curve they come from; the bulk law meets exact spectra."""

import numpy as np
import pytest

from tutelage import sample_teacher
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.dynamics import (
    GradientDescent,
    HeavyBall,
    NoisyTeacher,
    StabilityWarning,
    active_directions,
    asymptote,
    bulk_loss,
    bulk_strength,
    log_times,
    predict_loss,
    spectral_measure,
    time_to_loss,
    timescales,
)
from tutelage.measure import Measure


@pytest.fixture(scope="module")
def linear():
    return sample_teacher("linear", d=10, k=20, seed=3)


def test_the_linear_network_is_read_off_its_closed_spectrum(linear):
    found = timescales(linear)
    eigenvalues = linear.a @ linear.a + np.linalg.eigvalsh(linear.W.T @ linear.W)
    assert found.rank == 10 and found.rank_kind == "structural" and found.n_params == 220
    assert found.smallest == pytest.approx(eigenvalues[0], rel=1e-12)
    assert found.largest == pytest.approx(eigenvalues[-1], rel=1e-12)
    assert found.smallest_error < 1e-12
    assert found.time_constant == pytest.approx(0.5 / eigenvalues[0])
    assert found.stable_rate == pytest.approx(2 / eigenvalues[-1])
    assert found.to_dict()["condition"] == pytest.approx(eigenvalues[-1] / eigenvalues[0])


def test_the_best_rates_are_best():
    H = np.diag([0.0, 0.02, 0.3, 1.7])
    found = timescales(H)
    slowest = lambda rule: np.max(np.abs(rule.filter(np.array([0.02, 0.3, 1.7]), np.array([1500.0]))))  # noqa: E731
    best = slowest(GradientDescent(found.best_rate))
    assert best ** (1 / 1500) == pytest.approx(found.best_factor, rel=1e-9)
    assert all(slowest(GradientDescent(found.best_rate * f)) > best for f in (0.97, 1.01))
    ball = slowest(HeavyBall(found.best_momentum_rate, found.best_momentum))
    assert ball ** (1 / 1500) == pytest.approx(found.best_momentum_factor, rel=1e-2)
    assert ball < best
    for rate, beta in ((1.05, 1.0), (0.9, 1.0), (1.0, 0.98)):
        other = HeavyBall(found.best_momentum_rate * rate, found.best_momentum * beta)
        assert slowest(other) > ball


def test_tiny_eigenvalues_come_with_relative_accuracy():
    teacher = sample_teacher("erf", d=4, k=5, seed=0)
    found = timescales(teacher)
    assert found.rank == teacher.n_params
    assert found.smallest_error < 1e-3 * found.smallest


@pytest.mark.parametrize("rule", ["flow", GradientDescent(0.2)])
def test_time_to_loss_inverts_the_curve(linear, rule):
    measure = spectral_measure(linear, NoisyTeacher(1e-3))
    start = predict_loss(measure, [0.0]).loss[0]
    time = time_to_loss(measure, 1e-6 * start, rule)
    unit = 0.2 if rule != "flow" else 1e-9
    before, at = predict_loss(measure, [time - unit, time], rule).loss
    assert at <= 1e-6 * start * (1 + 1e-12) < before * (1 + 1e-6)
    assert time_to_loss(measure, 2 * start, rule) == 0.0


def test_an_unstable_rate_never_arrives():
    with pytest.warns(StabilityWarning):
        assert time_to_loss(Measure([1.0], [1.0]), 1e-3, GradientDescent(3.0)) == np.inf


def test_the_asymptote_meets_the_curve_late_and_at_the_final_time(linear):
    measure = spectral_measure(linear, NoisyTeacher(1e-3))
    times = log_times(0.1, 60.0, 50)
    curve = predict_loss(measure, times)
    predicted, fixed = asymptote(measure, times), asymptote(measure, times, through=curve)
    assert fixed.loss[-1] == pytest.approx(curve.loss[-1], rel=1e-12)
    assert predicted.loss[-1] == pytest.approx(curve.loss[-1], rel=1e-3)
    assert np.all(predicted.loss <= curve.loss * (1 + 1e-12))
    assert predicted.meta["rate"] == pytest.approx(timescales(linear).smallest, rel=1e-12)
    assert predicted.slope_between(1.0, 50.0) == pytest.approx(-2 * timescales(linear).smallest)


def test_active_directions_fall_from_many_to_the_last(linear):
    measure = spectral_measure(linear, NoisyTeacher(1e-3))
    counts = active_directions(measure, [0.0, 1.0, 200.0])
    eigenvalues = readouts_values(linear)
    assert counts[0] == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    assert counts[0] > counts[1] > counts[2] and counts[2] == pytest.approx(1.0, abs=1e-3)


def readouts_values(network):
    return network.a @ network.a + np.linalg.eigvalsh(network.W.T @ network.W)


def test_the_bulk_law_averages_its_eigenvalues_over_read_outs():
    # λ = ν'a², a ~ N(0, 1/k), by Gauss-Hermite; ν' of erf by quadrature of σ' = 2 exp(-u²)/sqrt(pi).
    u, weight = np.polynomial.hermite_e.hermegauss(120)
    weight = weight / weight.sum()
    slope = 2 * np.exp(-(u**2)) / np.sqrt(np.pi)
    strength = weight @ slope**2 - (weight @ slope) ** 2
    assert bulk_strength("erf") == pytest.approx(strength, rel=1e-12)
    times, (d, k) = np.array([0.0, 3.0, 40.0]), (7, 5)
    rates = strength * u**2 / k
    mean = np.array([weight @ (rates * np.exp(-2 * rates * t)) for t in times])
    np.testing.assert_allclose(bulk_loss("erf", d, k, 0.1, times).loss, 0.005 * (k - 1) * d * mean, rtol=1e-9)
    late = bulk_loss("erf", 40, 40, 1.0, np.geomspace(1e6, 1e8, 9))
    assert late.local_slope()[4] == pytest.approx(-1.5, abs=1e-3)


def test_erf_networks_learn_along_the_bulk_law():
    d = k = 20
    times = np.geomspace(30.0, 3e3, 8)
    curves = [
        predict_loss(spectral_measure(sample_teacher("erf", d, k, 1, realization=r), 1.0), times).loss
        for r in range(12)
    ]
    ratio = np.mean(curves, axis=0) / bulk_loss("erf", d, k, 1.0, times).loss
    error = np.std(curves, axis=0) / np.mean(curves, axis=0) / np.sqrt(12)
    # The law is the limit of large d and k (35 % at worst at d = k = 60, science 6.4).
    assert np.all(np.abs(ratio - 1) < 0.15 + 4 * error)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bulk_loss("linear", 3, 3, 1.0, [1.0]), NotAvailableError, "odd nonlinear"),
        (lambda: bulk_loss("quadratic", 3, 3, 1.0, [1.0]), NotAvailableError, "odd nonlinear"),
        (lambda: bulk_loss("erf", 3, 3, 1.0, [-1.0]), InputError, "times >= 0"),
        (lambda: timescales(np.zeros((2, 2))), InputError, "nothing is learned"),
        (lambda: asymptote(Measure([0.0, 1.0], [1.0, 0.0]), [1.0]), InputError, "its loss is 0"),
        (lambda: time_to_loss(Measure([1.0], [1.0]), 0.0), InputError, "target > 0"),
        (lambda: time_to_loss(Measure([1.0], [1.0]), 0.1, HeavyBall(0.1)), InputError, "flow or gd"),
        (lambda: active_directions(Measure([1.0], [1.0]), [1.0]), InputError, "isotropic"),
    ],
)
def test_bad_input_says_what_was_expected(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_asymptote_of_descent_is_the_slowest_directions_own_filter(linear):
    measure, rule = spectral_measure(linear, NoisyTeacher(1e-3)), GradientDescent(0.1)
    times = 0.1 * np.arange(0, 500, 50)
    late = asymptote(measure, times, rule)
    assert late.loss[-1] == pytest.approx(predict_loss(measure, times, rule).loss[-1], rel=1e-3)
    assert late.loss[-1] < 0.9 * asymptote(measure, times).loss[-1]

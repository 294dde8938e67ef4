"""How far the quadratic prediction reaches: orders in the noise, flat directions, six decades of loss."""

import numpy as np
import pytest

from tutelage import Problem, sample_teacher
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    log_steps,
    predict_loss,
    simulate,
    spectral_measure,
    time_to_loss,
)

pytestmark = pytest.mark.slow


def test_the_error_is_first_order_for_one_start_and_second_order_for_the_mean():
    teacher = sample_teacher("erf", d=3, k=2, seed=1)
    problem, rule, steps = Problem(teacher), GradientDescent(0.3), np.array([20])
    directions = np.random.default_rng(0).standard_normal((12, teacher.n_params))
    noises = np.array([3e-2, 1e-2, 3e-3])

    def losses(noise, direction):
        run = simulate(problem, noise * direction, rule, steps=steps).loss[0]
        return run, predict_loss(spectral_measure(teacher, noise * direction), steps=steps, rule=rule).loss[0]

    single, mean = [], []
    for noise in noises:
        run, predicted = losses(noise, directions[0])
        single.append(abs(run / predicted - 1))
        # Isotropic starts come in pairs ±δ; a mean over pairs has no odd order left to average away.
        pairs = np.array([losses(noise, sign * row) for row in directions for sign in (1, -1)])
        mean.append(abs(pairs[:, 0].mean() / pairs[:, 1].mean() - 1))
    orders = [np.polyfit(np.log(noises), np.log(errors), 1)[0] for errors in (single, mean)]
    assert abs(orders[0] - 1) < 0.1 and abs(orders[1] - 2) < 0.1


def test_along_flat_directions_the_error_grows_with_time_and_the_limit_point_removes_it():
    teacher = sample_teacher("linear", d=4, k=6, seed=3)
    displacement = NoisyTeacher(0.1).displacement(teacher.n_params, seed=0)
    rule, steps, kept = GradientDescent(0.05), np.arange(0, 200, 20), []
    run = simulate(Problem(teacher), displacement, rule, steps=steps)
    simulate(
        Problem(teacher), displacement, rule, steps=[2000], record=lambda student: kept.append(student) or 0.0
    )
    limit, start = kept[0], teacher.theta + displacement

    def drift(network):
        predicted = predict_loss(spectral_measure(network, start - network.theta), steps=steps, rule=rule)
        return np.log(run.loss / predicted.loss)

    at_teacher, at_limit = drift(teacher), drift(limit)
    late = run.times > 4
    slope, residual, *_ = np.polyfit(run.times[late], at_teacher[late], 1, full=True)
    assert abs(slope[0]) > 0.02 and residual[0] < 0.02 * np.var(at_teacher[late]) * late.sum()
    assert np.ptp(at_limit[late]) < 0.02 * np.ptp(at_teacher[late])


@pytest.mark.parametrize("size", [(10, 20), (30, 10), (20, 20)])
@pytest.mark.parametrize("activation", ["linear", "quadratic", "erf"])
def test_at_noise_1e_5_the_flow_follows_the_prediction_over_six_decades(activation, size):
    teacher = sample_teacher(activation, *size, seed=1)
    start = NoisyTeacher(1e-5)
    measure = spectral_measure(teacher, start.displacement(teacher.n_params, 0))
    first = predict_loss(measure, [0.0]).loss[0]
    times = np.geomspace(1e-2, time_to_loss(measure, 1e-6 * first), 40)
    predicted = predict_loss(measure, times)
    run = simulate(Problem(teacher), start, times=times)
    assert run.meta["status"] == "finished" and run.resolved.all()
    assert np.max(np.abs(predicted.relative_difference(run))) < 0.01
    window = (times[-1] / 3, times[-1])
    assert run.slope_between(*window) == pytest.approx(predicted.slope_between(*window), rel=0.02)


def test_descent_meets_round_off_and_says_so():
    teacher = sample_teacher("linear", d=4, k=3, seed=1)
    run = simulate(Problem(teacher), NoisyTeacher(1e-5), GradientDescent(0.2), steps=log_steps(4000, 30))
    assert run.resolved[0] and not run.resolved[-1]
    assert run.meta["floor"] < 1e-12 * run.loss[0]

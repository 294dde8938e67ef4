"""Flow, descent and rates: two forms of the flow agree, descent tends to it at first order, constants are met."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    exponential_rate,
    inverse_flow,
    late_decay,
    late_time_constant,
    matrix_descent,
    matrix_flow,
    matrix_of,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
    weight_descent,
    weight_flow,
)
from tutelage.quadratic.losses import population_energy, population_slope
from tutelage.quadratic.symmetric import from_vector, to_vector

TEACHER = sample_quadratic_teacher(5, 2, seed=4)
W = sample_start(8, 5, seed=4)
A = matrix_of(W)
X = sample_inputs(9, 5, seed=4)
TIMES = np.array([0.0, 0.5, 2.0, 6.0])


@pytest.mark.parametrize("inputs", [None, X])
def test_the_flow_of_the_weights_moves_the_matrix_as_the_closed_flow_does(inputs):
    weights = weight_flow(TEACHER, W, TIMES, inputs)
    matrix = matrix_flow(TEACHER, A, TIMES, inputs)
    np.testing.assert_allclose(weights.delta, matrix.delta, atol=1e-8)
    np.testing.assert_allclose(weights.loss, matrix.loss, rtol=1e-6)
    assert np.all(np.diff(matrix.loss) < 0)


def test_the_linear_form_of_the_population_flow_agrees_with_the_quadratic_one():
    times = np.array([0.0, 1.0, 30.0, 300.0])
    np.testing.assert_allclose(
        inverse_flow(TEACHER, A, times, rtol=1e-9).delta, matrix_flow(TEACHER, A, times).delta, atol=1e-6
    )


@pytest.mark.parametrize("inputs", [None, X])
def test_descent_on_weights_is_descent_on_the_matrix_and_first_order_in_the_step(inputs):
    flow = matrix_flow(TEACHER, A, [2.0], inputs).delta[-1]
    errors = []
    for rate in (0.01, 0.005):
        on_matrix = matrix_descent(TEACHER, A, [2.0], rate, inputs)
        on_weights = weight_descent(TEACHER, W, [2.0], rate, inputs)
        np.testing.assert_allclose(on_matrix.delta, on_weights.delta, atol=1e-13)
        errors.append(np.abs(on_matrix.delta[-1] - flow).max())
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)


def test_the_empirical_flow_with_many_samples_is_the_population_flow():
    many = np.random.default_rng(0).standard_normal((200_000, 5))
    distances = []
    for n in (2_000, 200_000):
        run = matrix_descent(TEACHER, A, [1.0], 0.05, many[:n])
        distances.append(np.abs(run.delta[-1] - matrix_descent(TEACHER, A, [1.0], 0.05).delta[-1]).max())
    # 100 times the samples: a tenth of the distance.
    assert distances[1] < 0.3 * distances[0]
    assert distances[1] < 0.01


@pytest.mark.parametrize(("d", "m_star", "m"), [(5, 1, 10), (6, 3, 12), (8, 2, 5)])
def test_late_times_meet_the_constant_within_one_percent(d, m_star, m):
    teacher = sample_quadratic_teacher(d, m_star, seed=1)
    flow = matrix_flow(teacher, matrix_of(sample_start(m, d, seed=1)), [1e5, 2e5], rtol=1e-8)
    decay = late_decay(flow.times, flow.loss)
    assert decay.exponent == pytest.approx(2.0, abs=0.01)
    assert decay.constant == pytest.approx(late_time_constant(d, m_star, m), rel=0.01)


def test_the_constant_needs_full_width():
    """The formula for m >= d misses a narrower student by 40 %: the falsifier of the width rule."""
    assert late_time_constant(8, 2, 5) / late_time_constant(8, 2) == pytest.approx(0.0536 / 0.075, rel=0.01)


@pytest.mark.parametrize(("d", "width"), [(3, 3), (4, 6), (5, 12)])
def test_a_teacher_of_full_rank_is_approached_at_the_rate_of_the_linearised_flow(d, width):
    teacher = sample_quadratic_teacher(d, width, seed=1)
    rate = exponential_rate(teacher)
    times = np.array([60.0, 90.0]) / rate
    flow = matrix_flow(teacher, matrix_of(sample_start(d + 2, d, seed=1)), times, rtol=1e-7, atol=1e-40)
    assert late_decay(times, flow.loss).rate == pytest.approx(rate, rel=0.01)


def test_the_rate_is_the_smallest_eigenvalue_of_the_jacobian_by_differences():
    teacher = sample_quadratic_teacher(4, 6, seed=2).matrix

    def velocity(delta):
        product = (teacher + delta) @ population_slope(delta)
        return to_vector(-2 * (product + product.T))

    h = 1e-6
    jacobian = np.stack(
        [(velocity(h * e) - velocity(-h * e)) / (2 * h) for e in from_vector(np.eye(10), 4)], axis=1
    )
    slowest = -np.max(np.linalg.eigvals(jacobian).real)
    assert exponential_rate(teacher) == pytest.approx(2 * slowest, rel=1e-6)


def test_below_threshold_a_run_fits_the_data_and_does_not_generalise():
    flow = matrix_flow(TEACHER, A, [300.0], X[:6])
    assert flow.loss[-1] < 1e-6 * population_energy(TEACHER.matrix)
    assert flow.population[-1] > 0.05 * population_energy(TEACHER.matrix)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matrix_flow(TEACHER, A, [1.0, 0.5]), "increasing times"),
        (lambda: matrix_flow(TEACHER, A, [-1.0]), "increasing times"),
        (lambda: matrix_flow(TEACHER, np.eye(4), [1.0]), "dimensions of the start"),
        (lambda: weight_flow(TEACHER, np.ones((3, 4)), [1.0]), "student weights of shape"),
        (lambda: inverse_flow(TEACHER, TEACHER.matrix, [1.0]), "positive definite start"),
        (lambda: weight_descent(TEACHER, W, [1.0], 0.0), "learning_rate > 0"),
        (lambda: matrix_descent(TEACHER, A, [200.0], 20.0), "diverged at step"),
        (lambda: matrix_descent(TEACHER, A, [], 0.1), "expected times from 0 on"),
        (lambda: late_time_constant(4, 4), "see exponential_rate"),
        (lambda: exponential_rate(TEACHER), "see late_time_constant"),
        (lambda: late_decay([1.0], [1.0]), "two positive times"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

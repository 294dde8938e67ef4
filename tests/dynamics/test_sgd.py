"""SGD near the optimum: largest stable rates, floors of label noise and mean curves against closed forms and runs."""

import dataclasses
import math

import numpy as np
import pytest

from tutelage import Network, Problem, empirical, sample_teacher, spectrum
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.dynamics import (
    GradientDescent,
    NoisyTeacher,
    StabilityWarning,
    noise_floor,
    predict_sgd,
    sgd_stability,
    simulate,
)
from tutelage.dynamics.gradient_moments import _by_four_points, _by_quadrature, _gaussian
from tutelage.dynamics.sgd_second_moments import GaussianMoments

PINNED = np.array([0.93313, 1.25384, 1.41128, 1.95657, 2.42120, 3.04208])


def gaussian(values):
    ones = np.ones(len(values))
    return GaussianMoments("", "", float(sum(values)), float(max(values)), lambda s: s, values, ones)


def _teacher_with(values):
    """A linear network whose Hessian has these non-zero eigenvalues |a|² + μ, μ those of WᵀW."""
    W = np.diag(np.sqrt(values - 0.5))
    return Network(W, np.full(len(values), math.sqrt(0.5 / len(values))), "linear")


@pytest.mark.parametrize(("batch", "rate"), [(1, 0.1295), (2, 0.2247), (4, 0.3517), (16, 0.5677)])
def test_the_largest_stable_rate_of_pinned_eigenvalues_is_where_the_spectral_radius_crosses_one(batch, rate):
    teacher = _teacher_with(PINNED)
    found = sgd_stability(teacher, batch=batch)
    assert float(found) == pytest.approx(rate, abs=5e-5) and not found.approximate
    assert found.crossing_batch == pytest.approx(PINNED.sum() / PINNED.max(), rel=1e-9)
    assert found.full_batch == pytest.approx(2 / PINNED.max(), rel=1e-9)

    def radius(eta):
        lam = PINNED
        matrix = np.diag(1 - 2 * eta * lam + eta**2 * (1 + 1 / batch) * lam**2)
        matrix = matrix + eta**2 / batch * lam[:, None] ** 2
        return np.abs(np.linalg.eigvals(matrix)).max()

    assert radius(float(found)) == pytest.approx(1.0, abs=1e-9)
    assert radius(0.98 * float(found)) < 1 < radius(1.02 * float(found))


def test_large_batches_reach_the_limit_of_full_gradients():
    assert float(sgd_stability(_teacher_with(PINNED), batch=10**9)) == pytest.approx(
        2 / PINNED.max(), rel=1e-6
    )


def test_the_secular_equation_and_the_dense_map_are_one():
    moments, rate = gaussian(PINNED), 0.2
    dense = moments._dense()
    for batch in (1, 3, 50):
        assert dense.largest_stable_rate(batch) == pytest.approx(
            moments.largest_stable_rate(batch), rel=1e-12
        )
    assert dense.floor(rate, 4, 0.1) == pytest.approx(moments.floor(rate, 4, 0.1), rel=1e-12)
    # Eigenvalues that are equal may be counted or listed.
    twice = dataclasses.replace(moments, counts=2 * moments.counts)
    listed = gaussian(np.repeat(PINNED, 2))
    assert twice.largest_stable_rate(2) == pytest.approx(listed.largest_stable_rate(2), rel=1e-12)


def test_the_mean_curve_is_the_recursion_of_d_numbers():
    teacher, eta, batch, v, s = sample_teacher("linear", d=6, k=8, seed=1), 0.05, 2, 1e-3, 0.1
    lam = spectrum(teacher).eigenvalues[-6:]
    t, expected = s**2 * lam, []
    for _ in range(41):
        expected.append(0.5 * t.sum())
        t = (1 - 2 * eta * lam + eta**2 * (1 + 1 / batch) * lam**2) * t + eta**2 / batch * lam**2 * (
            t.sum() + v
        )
    curve = predict_sgd(
        teacher, NoisyTeacher(s), learning_rate=eta, batch=batch, label_noise=v, steps=np.arange(41)
    )
    np.testing.assert_allclose(curve.loss, expected, rtol=1e-11)
    late = predict_sgd(teacher, NoisyTeacher(s), learning_rate=eta, batch=batch, label_noise=v, steps=[10**6])
    floor = noise_floor(teacher, learning_rate=eta, batch=batch, label_noise=v)
    assert late.loss[0] == pytest.approx(float(floor), rel=1e-9)


def _step_by_samples(gradients, S, eta, batch):
    """One step of S by its definition, the mean over x being one over rows."""
    H = gradients.T @ gradients / len(gradients)
    K = (
        (gradients * np.einsum("ni,ij,nj->n", gradients, S, gradients)[:, None]).T
        @ gradients
        / len(gradients)
    )
    return S - eta * (H @ S + S @ H) + eta**2 * ((1 - 1 / batch) * H @ S @ H + K / batch)


def test_batches_of_samples_follow_the_map_of_their_gradients():
    teacher = sample_teacher("erf", d=2, k=2, seed=3)
    X = np.random.default_rng(0).standard_normal((7, 2))
    data = empirical.Problem.from_teacher(teacher, X)
    u = X @ teacher.W.T
    slope = 2 / np.sqrt(np.pi) * np.exp(-(u**2))
    gradients = np.concatenate(
        [(teacher.a * slope)[:, :, None] * X[:, None, :]], axis=0
    ).reshape(7, 4)  # fmt: skip
    gradients = np.hstack([gradients, np.vectorize(math.erf)(u)])
    np.testing.assert_allclose(
        gradients.T @ gradients / 7, data.hessian(teacher).dense(), rtol=1e-10, atol=1e-14
    )
    displacement, eta, batch = 1e-3 * np.arange(1.0, 7.0), 0.3, 2
    curve = predict_sgd(data, displacement, learning_rate=eta, batch=batch, steps=[0, 1, 2])
    S, H, expected = np.outer(displacement, displacement), gradients.T @ gradients / 7, []
    for _ in range(3):
        expected.append(0.5 * np.trace(H @ S))
        S = _step_by_samples(gradients, S, eta, batch)
    np.testing.assert_allclose(curve.loss, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("sigma", "d", "k"), [("quadratic:alpha=0.7", 5, 2), ("erf", 5, 2), ("quadratic", 3, 4)]
)
def test_the_map_of_a_teacher_is_that_of_gradients_under_normal_inputs(sigma, d, k):
    # One step from one displacement: E (f(x) − ...)² by 400 000 inputs, 4 standard errors.
    teacher = sample_teacher(sigma, d=d, k=k, seed=2)
    problem, eta, batch = Problem(teacher), 0.001, 1
    displacement = 1e-3 * np.random.default_rng(1).standard_normal(teacher.n_params)
    curve = predict_sgd(problem, displacement, learning_rate=eta, batch=batch, steps=[0, 1])
    H = problem.hessian(teacher).dense()
    data = empirical.Problem.from_teacher(teacher, np.random.default_rng(5).standard_normal((400_000, d)))
    rows = _gradient_rows(teacher, data.X)
    after = displacement - eta * rows * (rows @ displacement)[:, None]
    losses = 0.5 * np.einsum("ni,ij,nj->n", after, H, after)
    error = losses.std() / math.sqrt(len(losses))
    assert abs(losses.mean() - curve.loss[1]) < 4 * error
    assert curve.loss[0] == pytest.approx(0.5 * displacement @ H @ displacement, rel=1e-8)


def _gradient_rows(teacher, X):
    u = X @ teacher.W.T
    step = 1e-6
    sigma = lambda x: np.asarray(teacher.activation(x))  # noqa: E731
    slope = (sigma(u + step) - sigma(u - step)) / (2 * step)
    return np.hstack([((teacher.a * slope)[:, :, None] * X[:, None, :]).reshape(len(X), -1), sigma(u)])


@pytest.mark.parametrize("sigma", ["erf", "quadratic:alpha=0.5"])
def test_four_point_moments_meet_the_quadrature_as_the_dimension_grows(sigma):
    def gap(d):
        problem = Problem(sample_teacher(sigma, d=d, k=2, seed=0))
        exact, leading = _by_quadrature(problem), _by_four_points(problem)
        return abs(leading.largest_stable_rate(1) / exact.largest_stable_rate(1) - 1)

    assert gap(1600) < 1.2e-2 and gap(1600) < 0.5 * gap(100)


def test_gaussian_gradients_are_an_approximation_and_say_so():
    tanh = sample_teacher("tanh", d=6, k=5, seed=0)
    found = sgd_stability(tanh, batch=3)
    assert found.approximate and "Gaussian" in found.order
    wide = sample_teacher("erf", d=6, k=5, seed=0)
    assert sgd_stability(wide, batch=3).approximate
    narrow = Problem(sample_teacher("erf", d=6, k=3, seed=0))
    exact = sgd_stability(narrow, batch=3)
    rough = _gaussian(narrow.hessian(narrow.teacher), False).largest_stable_rate(3)
    assert not exact.approximate and 0.5 < float(exact) / rough < 1.0


def test_frozen_layers_have_their_own_limit():
    teacher = sample_teacher("erf", d=4, k=2, seed=0)
    for layers in ("W", "a"):
        problem = Problem(teacher, trainable=layers)
        rows = _gradient_rows(teacher, np.random.default_rng(0).standard_normal((200_000, 4)))
        rows = rows[:, :8] if layers == "W" else rows[:, 8:]
        limit = float(sgd_stability(problem, batch=1))
        # E |g|² gᵀg: the limit lies below 2/E|g|² and above 2/sup of the same quotient.
        assert limit < 2 / np.mean(np.sum(rows**2, axis=1))
        grown = predict_sgd(
            problem, NoisyTeacher(1e-3), learning_rate=0.98 * limit, batch=1, steps=[0, 10**5]
        )
        assert grown.loss[1] < 1e-6 * grown.loss[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sigma", "d", "k", "batch", "share"),
    [
        ("linear", 6, 8, 1, 0.2), ("linear", 6, 8, 1, 0.4), ("linear", 6, 8, 2, 0.5), ("linear", 6, 8, 4, 0.5),
        ("linear", 6, 8, 16, 0.5), ("erf", 3, 2, 1, 0.2), ("erf", 3, 2, 1, 0.5), ("erf", 3, 2, 4, 0.5),
        ("quadratic:alpha=0.3", 8, 2, 2, 0.3),
    ],
)  # fmt: skip
def test_curves_and_floors_are_those_of_real_networks(sigma, d, k, batch, share):
    teacher, v, runs = sample_teacher(sigma, d=d, k=k, seed=0), 1e-6, 2000
    eta = share * float(sgd_stability(teacher, batch=batch))
    steps = np.array([0, 4, 40, 300])
    start = NoisyTeacher(3e-4)
    problem = Problem(teacher, label_noise=v)
    run = simulate(problem, start, GradientDescent(eta), steps=steps, batch=batch, runs=runs, seed=1)
    predicted = predict_sgd(problem, start, learning_rate=eta, batch=batch, steps=steps)
    errors = run.std / math.sqrt(runs)
    assert np.all(np.abs(run.loss - predicted.loss) < 3 * errors)
    floor = noise_floor(problem, learning_rate=eta, batch=batch)
    if sigma == "linear":
        assert abs(run.loss[-1] - float(floor)) < 3 * errors[-1]


@pytest.mark.slow
def test_typical_runs_decay_below_the_limit_and_grow_above_it():
    teacher = sample_teacher("erf", d=300, k=3, seed=0)
    limit = float(sgd_stability(teacher, batch=1))
    steps = np.array([0, 2400])
    low, high = (
        simulate(
            Problem(teacher),
            NoisyTeacher(1e-4),
            GradientDescent(share * limit),
            steps=steps,
            batch=1,
            runs=8,
            seed=2,
        )
        for share in (0.6, 0.999)
    )
    with pytest.warns(StabilityWarning):
        grown = simulate(
            Problem(teacher),
            NoisyTeacher(1e-4),
            GradientDescent(1.25 * limit),
            steps=steps,
            batch=1,
            runs=8,
            seed=2,
        )
    assert low.loss[1] < 0.1 * low.loss[0] and low.loss[1] < high.loss[1]
    assert grown.loss[1] > 3 * grown.loss[0]


def test_simulated_batches_warn_with_the_limit_of_batches():
    teacher = sample_teacher("quadratic", d=12, k=2, seed=0)
    limit = sgd_stability(teacher, batch=2)
    assert float(limit) < 0.5 * limit.full_batch
    go = dict(start=NoisyTeacher(1e-3), steps=[0, 1], batch=2)
    with pytest.warns(
        StabilityWarning, match=f"not below {limit.value:.6g}.* rare runs carry the mean"
    ) as caught:
        simulate(Problem(teacher), rule=GradientDescent(1.01 * limit.value), **go)
    assert len(caught) == 1 and caught[0].filename == __file__
    simulate(Problem(teacher), rule=GradientDescent(0.99 * limit.value), **go)
    data = empirical.Problem.from_teacher(teacher, np.random.default_rng(0).standard_normal((30, 12)))
    least = float(sgd_stability(data, batch=2))
    with pytest.warns(StabilityWarning, match=f"not below {least:.6g}"):
        simulate(data, rule=GradientDescent(1.01 * least), **go)


def test_above_the_limit_the_floor_is_infinite_and_the_warning_names_the_number():
    teacher = sample_teacher("linear", d=6, k=8, seed=0)
    limit = float(sgd_stability(teacher, batch=4))
    with pytest.warns(StabilityWarning, match=f"{limit:.6g}") as caught:
        floor = noise_floor(teacher, learning_rate=limit, batch=4, label_noise=0.1)
    assert float(floor) == math.inf and caught[0].filename == __file__
    with pytest.warns(StabilityWarning, match=f"{limit:.6g}"):
        curve = predict_sgd(teacher, NoisyTeacher(0.1), learning_rate=1.1 * limit, batch=4, steps=[0, 1000])
    assert curve.loss[1] > curve.loss[0]


def test_small_rates_have_the_floor_of_the_trace():
    teacher = sample_teacher("erf", d=5, k=2, seed=0)
    floor = noise_floor(teacher, learning_rate=1e-6, batch=3, label_noise=0.2)
    assert float(floor) == pytest.approx(floor.small_rate, rel=1e-4)
    assert floor.small_rate == pytest.approx(1e-6 * 0.2 / 12 * spectrum(teacher).trace(), rel=1e-9)


def test_label_noise_is_part_of_the_problem():
    teacher = sample_teacher("erf", d=4, k=2, seed=0)
    noisy, plain = Problem(teacher, label_noise=0.3), Problem(teacher)
    student = teacher.with_theta(teacher.theta + 0.1)
    assert noisy.loss(student) == pytest.approx(plain.loss(student) + 0.15, rel=1e-12)
    np.testing.assert_array_equal(noisy.gradient(student), plain.gradient(student))
    default = noise_floor(noisy, learning_rate=0.01, batch=1)
    assert float(default) == float(noise_floor(plain, learning_rate=0.01, batch=1, label_noise=0.3))
    X = np.random.default_rng(0).standard_normal((40_000, 4))
    data = empirical.Problem.from_teacher(teacher, X, label_noise=0.3, seed=1)
    # 2ε of n samples is v χ²_n / n.
    assert abs(2 * data.loss(teacher) - 0.3) < 4 * 0.3 * math.sqrt(2 / len(X))
    assert data.optimum is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: sgd_stability(t, batch=0), "batch >= 1"),
        (lambda t: sgd_stability(np.eye(2), batch=1), "a problem or a Network"),
        (lambda t: noise_floor(t, learning_rate=0.1, batch=1, label_noise=-1.0), "label_noise >= 0"),
        (lambda t: noise_floor(t, learning_rate=0.0, batch=1, label_noise=1.0), "learning_rate > 0"),
        (lambda t: Problem(t, label_noise=-0.1), "label_noise >= 0"),
        (lambda t: predict_sgd(t, np.ones(3), learning_rate=0.1, batch=1, steps=[0]), "length of the start"),
        (lambda t: sgd_stability(empirical.Problem.from_teacher(t, np.eye(4)), batch=5), "at most the n = 4"),
        (lambda t: empirical.Problem.from_teacher(t, np.eye(4)).objective([t], 5), "at most the n = 4"),
        (lambda t: empirical.Problem.from_teacher(t, np.eye(4), label_noise=-1.0), "label_noise >= 0"),
    ],
)
def test_bad_input_says_what_was_expected(call, message):
    with pytest.raises(InputError, match=message):
        call(sample_teacher("linear", d=4, k=3, seed=0))


def test_a_problem_without_an_optimum_or_fresh_labels_has_no_floor():
    teacher = sample_teacher("linear", d=4, k=3, seed=0)
    with pytest.raises(NotAvailableError, match="knows its optimum"):
        sgd_stability(empirical.Problem(np.eye(4), np.ones(4)), batch=1)
    with pytest.raises(NotAvailableError, match="whose labels stay"):
        noise_floor(
            empirical.Problem.from_teacher(teacher, np.eye(4)), learning_rate=0.1, batch=1, label_noise=0.1
        )

"""Runs: exact on quadratic losses, near the prediction elsewhere, reproducible, and honest about
divergence."""

import dataclasses
import math

import jax
import numpy as np
import optax
import pytest

from tutelage import Network, Problem, empirical, predict_run, sample_teacher
from tutelage.base.errors import InputError
from tutelage.dynamics import (
    CustomFilter,
    GradientDescent,
    HeavyBall,
    Nesterov,
    NoisyTeacher,
    RandomStart,
    StabilityWarning,
    descent,
    flow,
    lanczos_loss,
    log_steps,
    log_times,
    predict_loss,
    predict_parameters,
    simulate,
    spectral_measure,
)


@pytest.fixture(scope="module")
def quadratic():
    rng = np.random.default_rng(2)
    rotation, _ = np.linalg.qr(rng.standard_normal((8, 8)))
    H = (rotation * np.array([0.0, 0.0, 1e-4, 1e-2, 0.3, 0.7, 1.0, 2.0])) @ rotation.T
    return (H + H.T) / 2, rng.standard_normal(8)


@pytest.mark.parametrize("rule", [GradientDescent(0.9), HeavyBall(0.5, 0.9), Nesterov(0.5, 0.9)])
def test_on_a_quadratic_loss_steps_equal_the_prediction(quadratic, rule):
    H, start = quadratic
    steps = log_steps(3000, 40)
    run = simulate(H, start, rule, steps=steps)
    predicted = predict_loss(spectral_measure(H, start), steps=steps, rule=rule)
    assert np.max(np.abs(run.loss - predicted.loss)) < 1e-9 * predicted.loss[0]
    np.testing.assert_allclose(run.distance, predicted.distance, rtol=1e-9)
    assert run.relative_difference(predicted)[:10] == pytest.approx(0.0, abs=1e-11)


def test_on_a_quadratic_loss_the_flow_equals_the_prediction(quadratic):
    H, start = quadratic
    times = np.concatenate([[0.0], log_times(0.01, 1e5, 30)])
    run = simulate(H, start, times=times, rtol=1e-11, atol=1e-12)
    predicted = predict_loss(spectral_measure(H, start), times)
    assert run.meta["status"] == "finished"
    assert np.max(np.abs(run.loss - predicted.loss)) < 1e-9 * predicted.loss[0]


def test_the_mean_and_spread_of_500_starts_are_the_isotropic_prediction(quadratic):
    H, _ = quadratic
    steps, rule = np.array([0, 3, 30, 300, 3000]), GradientDescent(0.9)
    run = simulate(H, NoisyTeacher(0.1), rule, steps=steps, runs=500, seed=4)
    predicted = predict_loss(spectral_measure(H, NoisyTeacher(0.1)), steps=steps, rule=rule)
    assert run.runs.shape == (500, 5)
    assert np.all(np.abs(run.loss - predicted.loss) < 4 * predicted.std / np.sqrt(500))
    kurtosis = ((run.runs - run.loss) ** 4).mean(axis=0) / run.std**4
    assert np.all(np.abs(run.std / predicted.std - 1) < 4 * np.sqrt((kurtosis - 1) / 4 / 500))


@pytest.fixture(scope="module")
def linear():
    return sample_teacher("linear", d=4, k=3, seed=5)


def test_population_descent_from_little_noise_follows_the_prediction(linear):
    steps, rule = log_steps(120, 15), GradientDescent(0.2)
    displacement = NoisyTeacher(1e-6).displacement(linear.n_params, seed=0)
    run = simulate(Problem(linear), NoisyTeacher(1e-6), rule, steps=steps)
    predicted = predict_loss(spectral_measure(linear, displacement), steps=steps, rule=rule)
    early = predicted.loss > 1e-6 * predicted.loss[0]
    assert np.max(np.abs(run.relative_difference(predicted)[early])) < 1e-3
    # An array start is that displacement: the same run.
    again = simulate(Problem(linear), displacement, rule, steps=steps)
    np.testing.assert_allclose(again.loss, run.loss, rtol=1e-9)


def test_online_sgd_reaches_zero_loss_and_repeats_by_seed(linear):
    steps = np.array([0, 50, 2000])
    go = dict(rule=GradientDescent(0.1), steps=steps, batch=4, runs=3)
    first = simulate(Problem(linear), NoisyTeacher(0.1), seed=7, **go)
    again = simulate(Problem(linear), NoisyTeacher(0.1), seed=7, **go)
    other = simulate(Problem(linear), NoisyTeacher(0.1), seed=8, **go)
    np.testing.assert_array_equal(first.runs, again.runs)
    # The last record is round-off around 0, where runs may agree.
    assert np.all(first.runs[:, :2] != other.runs[:, :2])
    assert np.all(first.runs[:, -1] < 1e-12 * first.runs[:, 0])
    assert len(set(first.runs[:, 1])) == 3


@pytest.mark.parametrize("steps", [[150], range(151), [3, 64, 150]])
def test_a_run_draws_what_a_loop_over_its_steps_draws(linear, steps):
    rate, v, batch, runs = 0.05, 0.01, 3, 2
    problem = Problem(linear, label_noise=v)
    found = simulate(
        problem, NoisyTeacher(0.1), GradientDescent(rate), steps=steps, batch=batch, runs=runs, seed=7
    )
    with jax.enable_x64(True):
        for run, key in enumerate(jax.random.split(jax.random.key(7), runs)):
            start = linear.theta + NoisyTeacher(0.1).displacement(linear.n_params, 7, run)
            student = linear.with_theta(start)
            for step in range(150):
                own = jax.random.fold_in(key, step)
                X = np.asarray(jax.random.normal(own, (batch, linear.d)))
                noise = np.asarray(jax.random.normal(jax.random.fold_in(own, 1), (batch,)))
                e = (student(X) - linear(X) - math.sqrt(v) * noise) / batch
                slope = [np.outer(student.a, e @ X).reshape(-1), e @ X @ student.W.T]
                student = student.with_theta(student.theta - rate * np.concatenate(slope))
            np.testing.assert_allclose(found.final[run].theta, student.theta, rtol=0, atol=1e-13)


def test_full_gradients_are_compiled_once_for_all_schedules(linear, monkeypatch):
    """Where nothing is drawn, the steps that are drawn for at once are no constant of the program, and there are no keys."""
    seen = []
    advance = descent._advance
    monkeypatch.setattr(descent, "_advance", lambda *args: seen.append(args[3:]) or advance(*args))
    for last in (3, 40, 300):
        simulate(linear, NoisyTeacher(1e-3), "gd:learning_rate=0.05", steps=[0, last // 2, last], runs=2)
    assert {at_once for *_, at_once in seen} == {64}
    assert all(keys is None for keys, *_ in seen)


def test_finite_data_is_learned_and_the_test_loss_recorded(linear):
    X = np.random.default_rng(1).standard_normal((30, 4))
    data = empirical.Problem.from_teacher(linear, X)
    population = Problem(linear)
    run = simulate(
        data, NoisyTeacher(0.1), GradientDescent(0.1), steps=[0, 100, 1500], batch=5, teacher=linear,
        test=population, record=lambda student: {"norm": np.linalg.norm(student.W)},
    )  # fmt: skip
    start = Network(linear.W, linear.a, linear.activation).with_theta(
        linear.theta + NoisyTeacher(0.1).displacement(linear.n_params, 0)
    )
    assert run.loss[0] == pytest.approx(data.loss(start))
    assert run.records["test"][0] == pytest.approx(population.loss(start))
    assert run.records["norm"][0] == pytest.approx(np.linalg.norm(start.W))
    assert run.loss[-1] < 1e-9 * run.loss[0]
    assert run.records["test"][-1] < 1e-9 * run.records["test"][0]


def test_full_batch_data_descent_is_predicted_by_the_empirical_hessian(linear):
    X = np.random.default_rng(1).standard_normal((30, 4))
    data = empirical.Problem.from_teacher(linear, X)
    displacement = 1e-6 * np.random.default_rng(0).standard_normal(linear.n_params)
    steps, rule = np.array([0, 1, 10, 60]), GradientDescent(0.2)
    run = simulate(data, displacement, rule, steps=steps, teacher=linear)
    assert run.resolved.all()
    predicted = predict_loss(spectral_measure(data.hessian(linear), displacement), steps=steps, rule=rule)
    np.testing.assert_allclose(run.loss, predicted.loss, rtol=1e-3)


def test_any_optax_optimiser_runs_and_sgd_is_gradient_descent(quadratic):
    H, start = quadratic
    ours = simulate(H, start, GradientDescent(0.5), steps=[0, 5, 50])
    theirs = simulate(H, start, optax.sgd(0.5), steps=[0, 5, 50], learning_rate=0.5)
    np.testing.assert_allclose(theirs.loss, ours.loss, rtol=1e-12)
    np.testing.assert_array_equal(theirs.times, ours.times)
    adam = simulate(H, start, optax.adam(0.05), steps=[0, 500])
    assert adam.loss[1] < 1e-3 * adam.loss[0]


def test_frozen_layers_stay_and_the_rest_learns(linear):
    problem = Problem(linear, trainable=("a",))
    seen = []
    run = simulate(
        problem,
        NoisyTeacher(0.1),
        GradientDescent(0.2),
        steps=[0, 40],
        record=lambda s: seen.append(s) or 0.0,
    )
    assert all(np.array_equal(student.W, linear.W) for student in seen)
    assert not np.array_equal(seen[0].a, linear.a)
    measure = spectral_measure(problem.hessian(linear), NoisyTeacher(0.1).displacement(3, 0))
    predicted = predict_loss(measure, steps=[0, 40], rule=GradientDescent(0.2))
    # Only read-outs move: the loss is exactly quadratic.
    np.testing.assert_allclose(run.loss, predicted.loss, rtol=1e-9)


def test_divergence_is_a_step_and_the_loss_after_it_nan(quadratic):
    H, start = quadratic
    with pytest.warns(StabilityWarning):
        run = simulate(H, start, GradientDescent(1.5), steps=[0, 10, 40, 400], record=np.linalg.norm)
    # |1 - 1.5·2| = 2: growth beyond 1e8 takes 27 doublings, give or take the start's size.
    assert 24 <= run.diverged_at <= 30
    np.testing.assert_array_equal(np.isnan(run.loss), [False, False, True, True])
    assert "diverged at step" in repr(run)
    assert run.meta["status"] == "diverged"


@pytest.mark.parametrize(
    "rule",
    [
        GradientDescent(1.01),
        HeavyBall(1.01 * 1.5, 0.5),
        Nesterov(1.01 * 1.5 / 2, 0.5),
    ],
)
def test_a_rate_above_the_limit_warns_with_the_limit_in_every_function(rule):
    # Largest eigenvalue 2: the limits are 1, 2(1 + β)/2 and 2(1 + β)/(2(1 + 2β)).
    H, start = np.diag([0.5, 2.0]), np.ones(2)
    limit = f"learning rate {rule.learning_rate:g} .* {rule.learning_rate / 1.01:.6g} of {rule.name}"
    calls = (
        lambda at: simulate(H, start, at, steps=[0, 1]),
        lambda at: predict_loss(spectral_measure(H, start), steps=[0, 1], rule=at),
        lambda at: predict_parameters(H, start, steps=[0, 1], rule=at),
        lambda at: lanczos_loss(lambda v: H @ v, start, steps=[0, 1], rule=at),
    )
    for call in calls:
        with pytest.warns(StabilityWarning, match=limit) as caught:
            call(rule)
        assert len(caught) == 1 and caught[0].filename == __file__
        call(dataclasses.replace(rule, learning_rate=0.98 * rule.learning_rate))


@pytest.mark.parametrize("trainable", [("W", "a"), ("W",), ("a",)])
@pytest.mark.parametrize("data", [False, True])
def test_the_limit_is_that_of_the_problem_that_is_trained(linear, trainable, data):
    problem = Problem(linear, trainable=trainable)
    if data:
        X = np.random.default_rng(1).standard_normal((30, 4))
        problem = empirical.Problem(X, linear(X), trainable=trainable)
    limit = 2 / np.linalg.eigvalsh(problem.hessian(linear).dense())[-1]
    go = dict(start=NoisyTeacher(1e-3), steps=[0, 1], teacher=linear)
    with pytest.warns(StabilityWarning, match=f"rate {limit:.6g} of gd"):
        simulate(problem, rule=GradientDescent(1.001 * limit), **go)
    simulate(problem, rule=GradientDescent(0.999 * limit), **go)


def test_a_random_start_with_the_teachers_seed_is_not_the_teacher(linear):
    student = RandomStart().sample(linear, seed=5)
    assert not np.allclose(student.W, linear.W)
    assert RandomStart(k=7).sample(linear, seed=5).W.shape == (7, 4)
    run = simulate(Problem(linear), RandomStart(k=7), GradientDescent(0.05), steps=[0, 3])
    assert run.loss[1] < run.loss[0] and run.distance is None


def test_progress_reaches_one(quadratic):
    seen = []
    simulate(*quadratic, GradientDescent(0.1), steps=[0, 5, 10], progress=seen.append)
    assert seen == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": "linear"}, "simulate: expected a Network .* a problem"),
        ({"problem": np.eye(2), "start": sample_teacher("linear", 4, 3)}, "NoisyTeacher"),
        ({"start": np.ones(3)}, r"start of shape \(15,\)"),
        ({"start": Network(np.ones((2, 5)), np.ones(2), "linear")}, "input dimensions"),
        ({"start": Network(np.ones((2, 4)), np.ones(2), "erf")}, "teacher's activation"),
        ({"steps": None, "times": [-1.0]}, "times >= 0"),
        ({"steps": [3, 1]}, "ascending steps"),
        ({"rule": "adam"}, "unknown name"),
        ({"rule": CustomFilter(lambda x, t: x)}, "only predict"),
        ({"rule": "flow", "steps": None, "times": [1.0], "batch": 3}, "stepping rule with batches"),
        ({"batch": 0}, "batch >= 1"),
        ({"runs": 0}, "runs >= 1"),
        ({"problem": np.eye(2), "start": np.ones(2), "batch": 3}, "no samples"),
        ({"problem": np.eye(2), "start": RandomStart()}, "NoisyTeacher"),
    ],
)
def test_bad_input_says_what_was_expected(linear, change, message):
    good = {
        "problem": Problem(linear),
        "start": NoisyTeacher(0.1),
        "rule": GradientDescent(0.1),
        "steps": [0, 1],
    }
    with pytest.raises(InputError, match=message):
        simulate(**(good | change))


def test_a_network_alone_is_its_own_teacher_wherever_a_problem_is_wanted(linear):
    problem, how = (
        Problem(linear),
        {"start": NoisyTeacher(0.1), "rule": GradientDescent(0.1), "steps": [0, 5]},
    )
    alone, named = simulate(linear, **how, test=linear), simulate(problem, **how, test=problem)
    assert np.array_equal(alone.loss, named.loss) and np.array_equal(alone.final.theta, named.final.theta)
    assert alone.records["test"] == pytest.approx(alone.loss, rel=1e-12)
    assert np.array_equal(predict_run(linear, **how).loss, predict_run(problem, **how).loss)
    with pytest.raises(InputError, match="a problem"):
        simulate(linear, **how, test="linear")


@pytest.mark.parametrize("last", [1e12, 1e100, 1e-12])
def test_the_flow_answers_at_any_last_time(last):
    curve = simulate(np.diag([1.0, 1e-3, 0.0]), [1.0, 1.0, 1.0], times=[0.0, last])
    assert curve.meta["status"] == "finished" and 0 <= curve.loss[-1] <= 0.5005 * (1 + 1e-12)


def test_a_last_time_that_the_flow_cannot_divide_by_is_refused():
    with pytest.raises(InputError, match="last time of 1e-100 or more, got 1e-200"):
        simulate(np.diag([1.0, 2.0]), [1.0, 1.0], times=[0.0, 1e-200])


def test_a_flow_beyond_the_limit_of_its_solver_says_so(monkeypatch):
    monkeypatch.setattr(flow, "_MAX_STEPS", 3)
    curve = simulate(np.diag([1.0, 2.0, 3.0, 4.0]), np.ones(4), times=np.linspace(0.0, 5.0, 9))
    assert curve.meta["status"].startswith("stopped: 3 steps") and np.isnan(curve.loss[-1])


def test_data_without_a_teacher_needs_a_network_to_start_from(linear):
    data = empirical.Problem(np.eye(4), linear(np.eye(4)))
    with pytest.raises(InputError, match="pass teacher="):
        simulate(data, NoisyTeacher(0.1), GradientDescent(0.1), steps=[0])
    labelled = empirical.Problem.from_teacher(linear, np.eye(4))
    named = simulate(data, NoisyTeacher(0.1), GradientDescent(0.1), steps=[0, 5], teacher=linear)
    known = simulate(labelled, NoisyTeacher(0.1), GradientDescent(0.1), steps=[0, 5])
    assert np.array_equal(known.loss, named.loss) and np.array_equal(known.distance, named.distance)
    frozen = Problem(linear, trainable=("a",))
    with pytest.raises(InputError, match="one frozen W"):
        simulate(frozen, RandomStart(k=6), GradientDescent(0.1), steps=[0], runs=2)

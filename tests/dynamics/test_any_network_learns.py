"""Biases, input laws and several outputs through every kind of run: predicted, simulated, diagnosed."""

import equinox as eqx
import jax
import numpy as np
import pytest

from tutelage import (
    GaussianInputs,
    NoisyTeacher,
    Problem,
    RandomStart,
    empirical,
    predict_loss,
    sample_teacher,
    simulate,
    spectral_measure,
    timescales,
)
from tutelage.dynamics import diagnose, match_neurons

D, K = 3, 2
LAW = GaussianInputs([0.5, -0.3, 0.2], np.diag([2.0, 1.0, 0.5]))


def teacher(activation="erf", outputs=2, seed=0):
    return sample_teacher(activation, D, K, seed, biases="normal", outputs=outputs)


def test_a_sampled_teacher_keeps_its_weights_when_it_gets_biases():
    plain, biased = sample_teacher("erf", 5, 4, seed=3), sample_teacher("erf", 5, 4, seed=3, biases="uniform")
    assert np.array_equal(plain.W, biased.W) and np.array_equal(plain.a, biased.a)
    many = np.concatenate([sample_teacher("erf", 4, 2000, seed=s, biases="normal").b for s in range(10)])
    assert many.var() == pytest.approx(1 / 4, rel=0.05)
    assert biased.c.shape == () and sample_teacher("erf", 5, 4, biases="normal", outputs=3).c.shape == (3,)


@pytest.mark.parametrize("rule", ("flow", "heavy_ball:learning_rate=0.05"))
def test_near_the_optimum_runs_follow_their_prediction(rule):
    problem = Problem(teacher(), LAW)
    start, times = NoisyTeacher(1e-5), np.array([0.0, 0.5, 2.0, 10.0])
    displacement = start.displacement(problem.teacher.n_params, 0)
    predicted = predict_loss(spectral_measure(problem, displacement), times, rule)
    run = simulate(problem, start, rule, times=times, seed=0)
    assert np.abs(run.loss / predicted.loss - 1).max() < 2e-3


def test_the_flow_descends_from_a_random_start_and_records_what_the_problem_says():
    problem = Problem(teacher("relu"), LAW)
    losses = []
    run = simulate(
        problem,
        RandomStart(k=3),
        "flow",
        times=[0.0, 1.0, 5.0],
        record=lambda s: losses.append(problem.loss(s)) or 0.0,
    )
    assert np.all(np.diff(run.loss) < 0)
    assert np.allclose(run.loss, losses, rtol=1e-9)


def test_the_mean_of_online_gradients_is_the_gradient():
    problem = Problem(teacher(), LAW)
    student = sample_teacher("erf", D, K, seed=9, biases="normal", outputs=2)
    with jax.enable_x64(True):
        objective = problem.objective([student], batch=4000)
        drawn = eqx.filter_jit(lambda objective, key: objective.gradient(student.theta, objective.draw(key)))
        samples = np.array([drawn(objective, jax.random.key(i)) for i in range(40)])
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert np.abs(samples.mean(axis=0) - problem.gradient(student)).max() <= 4 * error.max()


def test_sgd_and_data_descend_with_every_layer():
    problem = Problem(teacher(), LAW)
    run = simulate(problem, NoisyTeacher(0.05), "gd:learning_rate=0.05", steps=[0, 200], batch=20)
    assert run.loss[-1] < 0.5 * run.loss[0]
    X = LAW.sample(50, seed=1)
    data = empirical.Problem.from_teacher(problem.teacher, X)
    run = simulate(data, NoisyTeacher(0.05), "gd:learning_rate=0.05", steps=[0, 200], batch=20)
    assert run.loss[-1] < 0.5 * run.loss[0]


def test_sampled_hessians_lie_within_four_standard_errors_of_the_population():
    problem = Problem(teacher("gelu"), LAW)
    student = sample_teacher("gelu", D, 3, seed=7, biases="normal", outputs=2)
    population, samples = problem.hessian(student).dense(), []
    for X in LAW.sample(160_000, seed=2).reshape(40, -1, D):
        samples.append(empirical.Problem.from_teacher(problem.teacher, X).hessian(student).dense())
    error = np.std(samples, axis=0, ddof=1) / np.sqrt(len(samples))
    deviation = np.abs(np.mean(samples, axis=0) - population) / (error + 1e-12)
    assert np.sqrt(np.mean(deviation**2)) < 1.3 and deviation.max() < 4.5  # 484 correlated entries


def test_matching_sees_biases_and_all_read_outs():
    whole = teacher()
    turned = whole.with_layers({"W": -whole.W[::-1], "b": -whole.b[::-1], "a": -whole.a[:, ::-1]})
    match = match_neurons(turned, whole)
    assert match.distance == 0 and match.permutation.tolist() == [1, 0] and match.signs.tolist() == [-1, -1]


def test_diagnosis_of_a_student_with_biases():
    whole = teacher(outputs=1)
    student = whole.with_theta(whole.theta + 1e-3)
    found = diagnose(student, whole)
    assert found.second_order_holds and found.converged and found.distance < 1e-2


@pytest.mark.slow
def test_diagnosis_under_other_inputs_is_that_of_their_problem():
    problem = Problem(teacher(outputs=1), LAW)
    student = problem.teacher.with_theta(problem.teacher.theta + 1e-3)
    found = diagnose(student, problem)
    assert found.loss == problem.loss(student) and found.converged and found.kind.name == "exact"
    # No flat directions: the optimum is the teacher, and its rates are those under its inputs.
    assert found.at_optimum.largest == pytest.approx(timescales(problem).largest, rel=1e-12)
    assert found.at_optimum.largest != pytest.approx(timescales(problem.teacher).largest, rel=1e-3)
    assert problem.loss(found.limit) < 1e-14 * found.loss

"""Problems are what runs and questions are asked of: their own parameters, their objectives, problems of a user."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import (
    AbstractProblem,
    Layout,
    Network,
    NoisyTeacher,
    Problem,
    empirical,
    hessian_of,
    sample_teacher,
    simulate,
)
from tutelage.base.errors import InputError
from tutelage.population import loss_and_gradient
from tutelage.problem import Objective

TEACHER, STUDENT = sample_teacher("erf", 3, 2, seed=1), sample_teacher("erf", 3, 2, seed=2)
X = np.random.default_rng(0).standard_normal((11, 3))
PROBLEMS = {
    "population": lambda trainable: Problem(TEACHER, trainable=trainable),
    "data": lambda trainable: empirical.Problem(X, np.sin(np.arange(11.0)), trainable),
}


@pytest.mark.parametrize("make", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("trainable", [None, "W", ("a",), ["a", "W"]])
def test_objectives_are_the_problem_as_functions_of_its_parameters(make, trainable):
    problem = make(trainable)
    theta = problem.theta(STUDENT)
    assert theta.shape == (problem.layout(STUDENT).size,) == problem.gradient(STUDENT).shape
    moved = problem.with_theta(STUDENT, theta + 0.1)
    assert np.array_equal(problem.theta(moved), theta + 0.1)
    for name, array in STUDENT.layers.items():
        assert np.array_equal(moved.layers[name], array) == (name not in problem.layout(STUDENT).trained)
    objective = problem.objective([STUDENT])
    with jax.enable_x64(True):
        assert float(objective.loss(jnp.asarray(theta + 0.1))) == pytest.approx(
            problem.loss(moved), rel=1e-12
        )
        slopes = objective.gradient(theta + 0.1, None), objective.smooth_gradient(theta + 0.1)
        slopes = [np.asarray(slope) for slope in slopes]
        curvature = np.asarray(jax.jacfwd(objective.smooth_gradient)(theta + 0.1))
    for slope in slopes:
        assert np.abs(slope - problem.gradient(moved)).max() < 1e-13
    assert np.abs(curvature - problem.hessian(moved).dense()).max() < 1e-12


@pytest.mark.parametrize("make", PROBLEMS.values(), ids=PROBLEMS)
def test_gradients_of_batches_have_the_mean_of_the_full_one(make):
    problem, n = make(None), 2000
    theta, objective = problem.theta(STUDENT), problem.objective([STUDENT], batch=5)
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), n)
        drawn = np.asarray(jax.vmap(lambda key: objective.gradient(theta, objective.draw(key)))(keys))
        assert objective.recorded.loss(theta) == objective.loss(theta)
    error = drawn.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(drawn.mean(axis=0) - problem.gradient(STUDENT)) < 5 * error)


@pytest.mark.parametrize("sigma", ["erf", "quadratic:alpha=0.5", "normal_cdf"])
@pytest.mark.parametrize(("trainable", "outputs"), [(None, 1), ("W", 1), (None, 2)])
def test_few_losses_in_numpy_are_the_compiled_ones(sigma, trainable, outputs):
    teacher, student = (sample_teacher(sigma, 3, k, seed=k, outputs=outputs) for k in (2, 4))
    problem = Problem(teacher, trainable=trainable)
    objective, theta = problem.objective([student]), problem.theta(student)
    with jax.enable_x64(True):
        loss, floor = (float(x) for x in objective.observed(jnp.asarray(theta)))
    plain = objective.plain()(theta)
    assert all(isinstance(x, float) for x in plain)
    assert abs(plain[0] - loss) <= floor and plain[1] == pytest.approx(floor, rel=1e-12)


@pytest.mark.parametrize("sigma", ["erf", "quadratic:alpha=0.5", "linear"])
@pytest.mark.parametrize(("size", "outputs"), [(1e-3, 1), (1e-6, 1), (1e-3, 2)])
def test_losses_near_the_teacher_in_numpy_are_the_compiled_ones(sigma, size, outputs):
    teacher = sample_teacher(sigma, 3, 2, seed=0, outputs=outputs)
    theta = teacher.theta + size * np.random.default_rng(0).standard_normal(teacher.n_params)
    student, problem = teacher.with_theta(theta), Problem(teacher)
    objective = problem.objective([student])
    with jax.enable_x64(True):
        loss, floor = (float(x) for x in objective.observed(jnp.asarray(theta)))
        slope = np.asarray(objective.gradient(jnp.asarray(theta), None))
    # The step of a neuron is known to the rounding of its weights: 1e-16 over its size.
    assert objective.plain()(theta) == pytest.approx((loss, floor), rel=1e-15 / size)
    assert problem.loss(student) == pytest.approx(loss, rel=1e-15 / size)
    assert problem.gradient(student) == pytest.approx(slope, rel=1e-14 / size, abs=1e-13 * size)


def test_near_a_teacher_of_other_width_nothing_is_left_to_jax():
    """Which would compile a program for every loss: a loop outside of any function is one."""
    teacher = sample_teacher("erf", 3, 2, seed=0)
    wider = Network(
        np.vstack([teacher.W, teacher.W[:1]]), [0.5 * teacher.a[0], teacher.a[1], 0.5 * teacher.a[0]], "erf"
    )
    for student, other in ((wider, teacher), (teacher, wider)):
        rule = loss_and_gradient.segment_rule(4)
        layers = (student.activation, student.layers, other.layers, rule)
        values = [loss_and_gradient.path_loss(*layers), *loss_and_gradient.path_gradient(*layers).values()]
        assert all(isinstance(value, (float, np.ndarray)) for value in values) and values[0] < 1e-16


def test_what_numpy_has_no_quick_losses_of_is_compiled():
    biased, tanh = sample_teacher("erf", 3, 2, biases="normal"), sample_teacher("tanh", 3, 2)
    wide = sample_teacher("erf", 3, 400)
    problems = [(Problem(n), n) for n in (biased, tanh, wide)]
    problems.append((empirical.Problem(X, np.sin(np.arange(11.0))), STUDENT))
    assert all(problem.objective([student]).plain() is None for problem, student in problems)


def test_frozen_layers_are_shared_by_the_runs_of_one_objective():
    other = sample_teacher("erf", 3, 2, seed=5)
    with pytest.raises(InputError, match="one frozen W"):
        Problem(TEACHER, trainable="a").objective([STUDENT, other])
    Problem(TEACHER, trainable="a").objective([STUDENT, STUDENT.with_layers({"a": other.a})])


class Well(Objective):
    centre: jax.Array

    def loss(self, theta):
        return jnp.sum((theta - self.centre) ** 2)

    def gradient(self, theta, key):
        return 2 * (theta - self.centre)


class Wells(AbstractProblem):
    """A user's own problem: students are plain vectors."""

    def __init__(self, centre):
        self.optimum_there = np.asarray(centre)

    @property
    def optimum(self):
        return self.optimum_there

    def loss(self, student):
        return float(np.sum((student - self.optimum_there) ** 2))

    def gradient(self, student):
        return 2 * (student - self.optimum_there)

    def hessian(self, student):
        return hessian_of((lambda v: 2 * v, student.size), semidefinite=True)

    def layout(self, student):
        return Layout({"x": student.shape})

    def theta(self, student):
        return student

    def with_theta(self, student, theta):
        return theta

    def objective(self, students, batch=None):
        return Well(self.optimum_there)


def test_a_problem_of_ones_own_can_be_asked_everything():
    problem = Wells([1.0, -2.0, 0.5])
    assert np.array_equal(hessian_of(problem).dense(), 2 * np.eye(3))
    curve = simulate(problem, NoisyTeacher(0.5), "gd:learning_rate=0.1", steps=[0, 1, 20], record=np.array)
    assert curve.loss[1:] == pytest.approx(curve.loss[0] * 0.8 ** (2 * np.array([1, 20])))
    assert curve.distance == pytest.approx(curve.loss)
    assert np.sum((curve.records["record"][-1] - problem.optimum) ** 2) == pytest.approx(curve.loss[-1])
    flow = simulate(problem, NoisyTeacher(0.5), times=[0.0, 1.0])
    assert flow.loss[1] == pytest.approx(flow.loss[0] * np.exp(-4.0), rel=1e-6)

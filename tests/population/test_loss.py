"""The population loss and gradient: closed forms, no cancellation, never negative."""

import jax
import mpmath
import numpy as np
import pytest

from tutelage import GaussianInputs, Network, Problem, sample_teacher
from tutelage.base.errors import InputError
from tutelage.population import loss_and_gradient

SMOOTH = ("linear", "quadratic:alpha=0.7", "erf", "sin")


def mpmath_loss(student, teacher):
    """½ cᵀκc for erf in 60 digits: cancellation is no matter there."""
    with mpmath.workdps(60):
        Z = [[mpmath.mpf(float(x)) for x in row] for row in np.concatenate([student.W, teacher.W])]
        c = [mpmath.mpf(float(x)) for x in np.concatenate([student.a, -teacher.a])]

        def dot(u, v):
            return mpmath.fsum(x * y for x, y in zip(u, v, strict=True))

        def kappa(u, v):
            return (
                2
                / mpmath.pi
                * mpmath.asin(2 * dot(u, v) / mpmath.sqrt((1 + 2 * dot(u, u)) * (1 + 2 * dot(v, v))))
            )

        terms = (c[i] * c[j] * kappa(Z[i], Z[j]) for i in range(len(c)) for j in range(len(c)))
        return mpmath.fsum(terms) / 2


@pytest.mark.parametrize("noise", [1.0, 1e-2, 1e-4, 1e-7, 1e-10])
def test_loss_keeps_its_digits_next_to_the_teacher(noise):
    teacher = sample_teacher("erf", d=3, k=2, seed=1)
    shift = noise * np.random.default_rng(2).standard_normal(teacher.n_params)
    student = teacher.with_theta(teacher.theta + shift)
    value = Problem(teacher).loss_with_error(student)
    exact = float(mpmath_loss(student, teacher))
    assert abs(value.value - exact) <= value.error + 1e-12 * exact
    assert value.value == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("activation", SMOOTH)
def test_path_and_expanded_forms_agree_where_both_are_accurate(activation):
    teacher = sample_teacher(activation, d=4, k=3, seed=3)
    student = sample_teacher(activation, d=4, k=5, seed=4)
    rule = loss_and_gradient.segment_rule(12, length=13)
    for s, t in ((student, teacher), (teacher, student)):
        arrays = (s.layers, t.layers)
        with jax.enable_x64(True):
            expanded = float(jax.jit(loss_and_gradient.loss, static_argnums=0)(s.activation, *arrays))
            path = float(jax.jit(loss_and_gradient.path_loss, static_argnums=0)(s.activation, *arrays, rule))
            slow = jax.jit(loss_and_gradient.gradient, static_argnums=0)(s.activation, *arrays)
            fast = jax.jit(loss_and_gradient.path_gradient, static_argnums=0)(s.activation, *arrays, rule)
        assert path == pytest.approx(expanded, rel=1e-8)
        assert all(np.allclose(slow[name], fast[name], atol=1e-8) for name in ("W", "a"))


@pytest.mark.parametrize("activation", (*SMOOTH, "relu", "abs", "tanh"))
def test_loss_is_zero_at_the_teacher_and_never_negative_around_it(activation):
    teacher = sample_teacher(activation, d=3, k=3, seed=5)
    problem = Problem(teacher)
    assert problem.loss(teacher) <= problem.loss_with_error(teacher).error
    for exponent in range(-16, 0, 3):
        shift = 10.0**exponent * np.random.default_rng(exponent + 50).standard_normal(teacher.n_params)
        assert problem.loss(teacher.with_theta(teacher.theta + shift)) >= 0


@pytest.mark.parametrize("activation", (*SMOOTH, "relu", "abs"))
def test_gradient_is_the_difference_quotient_of_the_loss(activation):
    teacher = sample_teacher(activation, d=3, k=2, seed=6)
    student = sample_teacher(activation, d=3, k=3, seed=7)
    problem, h = Problem(teacher), 1e-5
    gradient = problem.gradient(student)
    quotient = []
    for i in range(student.n_params):
        step = np.zeros(student.n_params)
        step[i] = h
        up, down = (problem.loss(student.with_theta(student.theta + s * step)) for s in (1, -1))
        quotient.append((up - down) / (2 * h))
    assert np.abs(gradient - quotient).max() < 1e-8


def test_gradient_near_the_teacher_is_the_hessian_times_the_step():
    teacher = sample_teacher("erf", d=3, k=2, seed=8)
    shift = 1e-11 * np.random.default_rng(0).standard_normal(teacher.n_params)
    student = teacher.with_theta(teacher.theta + shift)
    problem = Problem(teacher)
    expected = problem.hessian(teacher).dense() @ (student.theta - teacher.theta)
    assert np.abs(problem.gradient(student) - expected).max() < 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda t: Problem("erf"), "expected a Network"),
        (lambda t: Problem(t, inputs="normal"), r"expected GaussianInputs\(mean, covariance\)"),
        (lambda t: Problem(t, inputs=GaussianInputs(mean=[1.0])), "dimension of the input law"),
        (lambda t: Problem(t, trainable=("w",)), "unknown trainable layer 'w'"),
        (lambda t: Problem(t, trainable=()), "one or more of 'W', 'b', 'a', 'c'"),
        (lambda t: Problem(t, trainable=("W", "W")), "each once"),
        (lambda t: Problem(t, trainable="b").gradient(t), "unknown trainable layer 'b'; known: W, a"),
        (lambda t: Problem(t).loss(t.theta), "Problem: expected a Network, got ndarray"),
        (lambda t: Problem(t).loss(sample_teacher("linear", 3, 2)), "teacher's activation erf"),
        (lambda t: Problem(t).loss(sample_teacher("erf", 4, 2)), "input dimensions"),
        (lambda t: t.with_theta([1.0]), "length of theta"),
        (lambda t: jax.jit(lambda W: Network(W, [1.0, 1.0], "erf").W)(t.W), "JAX tracer"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call(sample_teacher("erf", d=3, k=2))

"""Losses and gradients: against autodiff, sampling with its standard error, and the definition."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    QuadraticTeacher,
    as_network,
    empirical_gradient,
    empirical_loss,
    matrix_of,
    population_gradient,
    population_loss,
    relative_error,
    sample_inputs,
    sample_quadratic_teacher,
    sample_start,
    weight_gradient,
    weight_hessian,
)
from tutelage.quadratic.losses import empirical_energy

D, M_STAR, M, N = 5, 2, 7, 12
TEACHER = sample_quadratic_teacher(D, M_STAR, seed=3)
W = sample_start(M, D, seed=3)
A = matrix_of(W)
X = sample_inputs(N, D, seed=3)


def sampled_population_loss(n: int) -> tuple[float, float]:
    x = np.random.default_rng(0).standard_normal((n, D))
    values = 0.25 * np.einsum("ni,ij,nj->n", x, A - TEACHER.matrix, x) ** 2
    return values.mean(), values.std() / np.sqrt(n)


def test_population_loss_is_the_mean_over_samples_within_its_standard_error():
    mean, error = sampled_population_loss(400_000)
    assert abs(population_loss(A, TEACHER) - mean) < 4 * error
    assert error < 0.01 * mean


def test_population_gradient_is_the_mean_of_empirical_gradients_within_standard_errors():
    chunks = np.random.default_rng(1).standard_normal((200, 2000, D))
    values = np.array([empirical_gradient(A, TEACHER, chunk) for chunk in chunks])
    error = values.std(axis=0, ddof=1) / np.sqrt(len(chunks))
    z = (values.mean(axis=0) - population_gradient(A, TEACHER)) / error
    assert np.abs(z).max() < 4.5
    assert error.max() < 0.01 * np.abs(population_gradient(A, TEACHER)).max()


def test_many_differences_on_the_same_inputs_have_the_losses_of_each_alone():
    many = np.random.default_rng(2).standard_normal((12_345, D))
    deltas = np.array([[A, TEACHER.matrix, A - TEACHER.matrix], [A @ A, np.eye(D), np.zeros((D, D))]])
    alone = [[empirical_energy(delta, many) for delta in row] for row in deltas]
    np.testing.assert_allclose(empirical_energy(deltas, many), alone, rtol=1e-13)


def _jax_losses(W, x):
    import jax.numpy as jnp

    delta = W.T @ W / W.shape[0] - TEACHER.matrix
    empirical = jnp.mean(jnp.sum((x @ delta) * x, axis=1) ** 2) / 4
    return empirical, jnp.sum(delta**2) / 2 + jnp.trace(delta) ** 2 / 4


@pytest.mark.parametrize("which", [0, 1])
def test_weight_gradients_and_hessians_equal_automatic_differentiation(which):
    inputs = X if which == 0 else None
    G = empirical_gradient(A, TEACHER, X) if which == 0 else population_gradient(A, TEACHER)
    with jax.enable_x64(True):
        loss = lambda v: _jax_losses(v.reshape(M, D), X)[which]  # noqa: E731
        gradient = np.asarray(jax.jit(jax.grad(loss))(W.ravel()))
        hessian = np.asarray(jax.jit(jax.hessian(loss))(W.ravel()))
    np.testing.assert_allclose(weight_gradient(W, G).ravel(), gradient, rtol=0, atol=1e-13)
    np.testing.assert_allclose(weight_hessian(W, TEACHER, inputs), hessian, rtol=0, atol=1e-12)


def test_matrix_gradients_are_directional_derivatives():
    direction = np.random.default_rng(2).standard_normal((D, D))
    direction += direction.T
    for loss, gradient in (
        (lambda a: population_loss(a, TEACHER), population_gradient(A, TEACHER)),
        (lambda a: empirical_loss(a, TEACHER, X), empirical_gradient(A, TEACHER, X)),
    ):
        # Both losses are quadratic in A, so the central difference is exact up to rounding.
        slope = (loss(A + direction) - loss(A - direction)) / 2
        assert slope == pytest.approx(np.sum(gradient * direction), rel=1e-12)


def test_the_network_computes_the_quadratic_form():
    np.testing.assert_allclose(as_network(W)(X), np.einsum("ni,ij,nj->n", X, A, X), rtol=1e-12)
    np.testing.assert_allclose(TEACHER.network(X), np.einsum("ni,ij,nj->n", X, TEACHER.matrix, X), rtol=1e-12)


def test_losses_broadcast_over_students():
    stack = np.stack([A, TEACHER.matrix, 2 * A])
    assert population_loss(stack, TEACHER) == pytest.approx([population_loss(a, TEACHER) for a in stack])
    assert relative_error(stack, TEACHER)[1] == 0
    assert relative_error(0 * A, TEACHER) == 1


def test_the_teacher_is_the_one_of_sample_teacher():
    from tutelage import sample_teacher

    np.testing.assert_array_equal(TEACHER.W, sample_teacher("erf", D, M_STAR, seed=3).W)
    rademacher = sample_quadratic_teacher(D, M_STAR, seed=3, weights="rademacher")
    np.testing.assert_allclose(np.abs(rademacher.W), 1 / np.sqrt(D))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: QuadraticTeacher([1.0, 2.0]), "expected W with 2 dimension"),
        (lambda: QuadraticTeacher([[np.nan, 2.0]]), "finite W"),
        (lambda: population_loss(A, np.ones((2, 3))), "square teacher matrix"),
        (lambda: population_loss(A, [[0.0, 1.0], [0.0, 0.0]]), "symmetric teacher matrix"),
        (lambda: population_loss(A, -np.eye(D)), "positive semidefinite teacher matrix"),
        (lambda: population_loss(np.eye(D + 1), TEACHER), "share the input dimension"),
        (lambda: empirical_loss(A, TEACHER, np.ones((3, D + 1))), "expected inputs X of shape"),
        (lambda: weight_gradient(W, np.eye(D + 1)), "weight_gradient: expected W"),
        (lambda: relative_error(A, np.zeros((D, D))), "the teacher matrix is zero"),
        (lambda: sample_quadratic_teacher(0, 1), "expected d >= 1"),
        (lambda: sample_quadratic_teacher(3, 0), "expected width >= 1"),
        (lambda: sample_inputs(0, 3), "expected n >= 1"),
        (lambda: sample_start(0, 3), "expected m >= 1"),
        (lambda: weight_hessian(np.ones((2, D + 1)), TEACHER), "student weights of shape"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

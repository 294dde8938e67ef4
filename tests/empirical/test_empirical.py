"""The empirical problem against autodiff of its own loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import empirical, sample_teacher
from tutelage.activations import derivatives as module
from tutelage.activations import parse_activation
from tutelage.activations.derivatives import derivative_tables, derivatives
from tutelage.base.errors import InputError


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    teacher, student = sample_teacher("erf", 3, 2, seed=1), sample_teacher("erf", 3, 4, seed=2)
    X = rng.standard_normal((17, 3))
    return empirical.Problem(X, teacher(X) + 0.1 * rng.standard_normal(17)), student


def autodiff(problem, student):
    k, d = student.W.shape

    def loss(theta):
        W, a = theta[: k * d].reshape(k, d), theta[k * d :]
        return 0.5 * jnp.mean((student.activation(problem.X @ W.T) @ a - problem.y) ** 2)

    with jax.enable_x64(True):
        theta = jnp.asarray(student.theta)
        return float(loss(theta)), np.asarray(jax.grad(loss)(theta)), np.asarray(jax.hessian(loss)(theta))


def test_loss_gradient_and_hessian_equal_autodiff(case, monkeypatch):
    problem, student = case
    loss, gradient, hessian = autodiff(problem, student)
    for chunk_bytes in (3e7, 64 * 8 * 4):
        monkeypatch.setattr("tutelage.empirical.problem._CHUNK_BYTES", chunk_bytes)
        operator = problem.hessian(student)
        assert problem.loss(student) == pytest.approx(loss, rel=1e-14)
        assert np.abs(problem.gradient(student) - gradient).max() < 1e-14
        assert np.abs(operator.dense() - hessian).max() < 1e-14
        v = np.linspace(-1, 1, student.n_params)
        assert np.abs(operator.matvec(v) - hessian @ v).max() < 1e-13
        assert operator.trace() == pytest.approx(np.trace(hessian), rel=1e-13)
        assert operator.frobenius_norm() == pytest.approx(np.linalg.norm(hessian), rel=1e-13)
        parts = operator.outer.dense() + operator.functional.dense()
        assert np.abs(parts - hessian).max() < 1e-14


def test_chunks_pad_without_changing_the_product(case, monkeypatch):
    _, student = case
    X = np.random.default_rng(3).standard_normal((150, 3))  # chunks of 64: the last is padded
    monkeypatch.setattr("tutelage.empirical.problem._CHUNK_BYTES", 8.0)
    problem = empirical.Problem(X, np.ones(150))
    operator = problem.hessian(student)
    assert operator.X.shape == (3, 64, 3)
    v = np.linspace(-1, 1, student.n_params)
    assert np.abs(operator.matvec(v) - operator.dense() @ v).max() < 1e-13
    assert np.abs(problem.gradient(student) - autodiff(problem, student)[1]).max() < 1e-14


def test_outer_product_hessian_and_ntk_share_their_nonzero_eigenvalues(case):
    problem, student = case
    outer = problem.hessian(student).outer
    factor = outer.structure.factor.rows()
    assert factor.shape == (17, 16)
    n = min(factor.shape)
    ntk, hessian = (np.linalg.eigvalsh(m)[-n:] for m in (factor @ factor.T, outer.dense()))
    assert np.allclose(ntk, hessian, atol=1e-13)


@pytest.mark.parametrize("layers", [("W",), ("a",)])
def test_frozen_layers_are_left_out(case, layers):
    problem, student = case
    part = empirical.Problem(problem.X, problem.y, layers)
    whole = autodiff(problem, student)
    kept = slice(0, student.W.size) if layers == ("W",) else slice(student.W.size, None)
    assert np.abs(part.gradient(student) - whole[1][kept]).max() < 1e-14
    operator = part.hessian(student)
    assert np.abs(operator.dense() - whole[2][kept, kept]).max() < 1e-14
    v = np.linspace(-1, 1, operator.n_params)
    assert np.abs(operator.matvec(v) - whole[2][kept, kept] @ v).max() < 1e-13


@pytest.mark.parametrize(
    "X, y, layers, message",
    [
        ([[1.0]], [1.0, 2.0], ("W",), "numbers of rows"),
        ([1.0], [1.0], ("W",), "2 dimension"),
        ([[np.nan]], [1.0], ("W",), "finite X"),
        ([[1.0]], [1j], ("W",), "real y"),
        ([[1.0]], [1.0], ("w",), "unknown trainable"),
    ],
)
def test_bad_data_is_named(X, y, layers, message):
    with pytest.raises(InputError, match=message):
        empirical.Problem(X, y, layers)


@pytest.mark.parametrize("spec", ["erf", "relu", "tanh", "polynomial:coefficients=1,0,2"])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (7, 5), (1024, 1), (30, 50), (2**18 + 1, 1)])
def test_derivative_tables_are_the_derivatives(spec, shape):
    activation, u = parse_activation(spec), np.random.default_rng(0).normal(size=shape)
    found = derivative_tables(activation, u)
    with jax.enable_x64(True):
        for ours, theirs in zip(found, derivatives(activation, jnp.asarray(u)), strict=True):
            assert ours.shape == shape
            np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


def test_derivative_tables_are_compiled_for_few_lengths(monkeypatch):
    lengths = []
    monkeypatch.setattr(module, "_compiled", lambda activation, u: lengths.append(u.size) or (u, u, u))
    for size in (0, 1, 1023, 1024, 1025, 2**18, 2**18 + 1):
        derivative_tables(parse_activation("erf"), np.ones(size))
    assert lengths == [1024, 1024, 1024, 1024, 2048, 2**18, 2**18 + 1]

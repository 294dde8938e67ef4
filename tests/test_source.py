"""hessian_of: everything a Hessian can be made of, and what is said of everything else."""

import sys
import types

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest
import scipy.sparse

from tutelage import (
    Problem,
    eigensystem,
    empirical,
    explain_method,
    hessian_at_optimum,
    hessian_of,
    sample_teacher,
    simulate,
    spectral_density,
    spectrum,
)
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.dynamics import lanczos_loss, predict_parameters, spectral_measure, timescales
from tutelage.operators import MatrixOperator

MATRIX = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
TEACHER, STUDENT = sample_teacher("erf", 3, 2, seed=1), sample_teacher("erf", 3, 2, seed=2)
X = np.random.default_rng(0).standard_normal((9, 3))


def half_square(params):
    return 0.5 * params["v"] @ MATRIX @ params["v"]


def rosenbrock(theta):
    return jnp.sum(100 * (theta[1:] - theta[:-1] ** 2) ** 2 + (1 - theta[:-1]) ** 2)


class Model(eqx.Module):
    w: jax.Array
    b: jax.Array

    def __call__(self, x):
        return jnp.tanh(x @ self.w) + self.b


def in_double(make):
    with jax.enable_x64(True):
        return make()


SOURCES = {
    "an array": (MATRIX, MATRIX),
    "nested lists": (MATRIX.tolist(), MATRIX),
    "tuples": (((2.0, 1.0), (1.0, 3.0)), MATRIX[:2, :2]),
    "integers": (np.array([[2, 1], [1, 3]]), MATRIX[:2, :2]),
    "a JAX array in float32": (jnp.asarray(MATRIX, dtype=jnp.float32), MATRIX),
    "a sparse array": (scipy.sparse.coo_array(MATRIX), MATRIX),
    "a sparse matrix": (scipy.sparse.csc_matrix(MATRIX), MATRIX),
    "a SciPy operator": (scipy.sparse.linalg.aslinearoperator(MATRIX), MATRIX),
    "a product in JAX": ((lambda v: jnp.asarray(MATRIX) @ v, 3), MATRIX),
    "a product in NumPy": ((lambda v: np.add(MATRIX @ v, 0.0, dtype=float), 3), MATRIX),
    "a loss of a pytree": ((half_square, {"v": np.ones(3)}), MATRIX),
    "a loss of float32 numbers": ((half_square, {"v": jnp.ones(3, dtype=jnp.float32)}), MATRIX),
    "a loss of one float": ((lambda t: 3.0 * t**2, 1.5), [[6.0]]),
    "a lineax matrix": (in_double(lambda: lx.MatrixLinearOperator(jnp.asarray(MATRIX), lx.symmetric_tag)), MATRIX),
    "a lineax matrix in float32": (
        lx.MatrixLinearOperator(jnp.asarray(MATRIX, dtype=jnp.float32), lx.symmetric_tag), MATRIX),
    "a lineax Hessian of a pytree": (
        in_double(lambda: lx.TaggedLinearOperator(
            lx.JacobianLinearOperator(lambda p, _: jax.grad(half_square)(p), {"v": jnp.ones(3)}), lx.symmetric_tag)),
        MATRIX,
    ),
    "a network": (TEACHER, hessian_at_optimum(TEACHER).dense()),
    "a problem": (Problem(TEACHER, trainable="W"), Problem(TEACHER, trainable="W").hessian(TEACHER).dense()),
    "a problem and a student": ((Problem(TEACHER), STUDENT), Problem(TEACHER).hessian(STUDENT).dense()),
    "data with its teacher": (
        empirical.Problem.from_teacher(TEACHER, X), empirical.Problem(X, TEACHER(X)).hessian(TEACHER).dense()),
    "data and a student": (
        (empirical.Problem(X, np.ones(9)), STUDENT), empirical.Problem(X, np.ones(9)).hessian(STUDENT).dense()),
    "an operator": (MatrixOperator(MATRIX), MATRIX),
}  # fmt: skip


@pytest.mark.parametrize(("source", "matrix"), SOURCES.values(), ids=SOURCES)
def test_every_source_has_its_hessian(source, matrix):
    operator = hessian_of(source)
    assert np.abs(operator.dense() - matrix).max() <= 1e-13 * np.abs(matrix).max()
    expected = np.linalg.eigvalsh(matrix)
    found = spectrum(source)
    assert np.all(np.abs(found.eigenvalues - expected) <= found.errors.max() + 1e-13 * expected[-1])


def test_every_question_enters_by_the_same_door():
    n = TEACHER.n_params
    source, dense = (Problem(TEACHER), TEACHER), hessian_at_optimum(TEACHER).dense()
    delta = np.random.default_rng(1).standard_normal(n)
    assert np.allclose(eigensystem(source).apply(np.square, delta), dense @ dense @ delta, atol=1e-12)
    assert explain_method(source).n_params == n
    assert spectral_density(source, probes=2).mass == pytest.approx(n)
    assert spectral_measure(source, delta).mass == pytest.approx(delta @ delta)
    assert timescales(source).n_params == n
    assert predict_parameters(source, delta, [0.0])[0] == pytest.approx(delta)
    exact = simulate(dense, delta, times=[0.5]).loss
    assert simulate(hessian_of(source), delta, times=[0.5]).loss == pytest.approx(exact, rel=1e-6)
    assert lanczos_loss(source, delta, [0.5], products=n).loss == pytest.approx(exact, rel=1e-6)


def test_a_loss_has_the_hessian_of_autodiff_and_its_vectors_come_back_as_the_pytree():
    rng = np.random.default_rng(0)
    inputs, y = rng.standard_normal((20, 4)), rng.standard_normal(20)
    model = Model(jnp.asarray(rng.standard_normal(4)), jnp.asarray(0.3))

    def loss(model):
        return 0.5 * jnp.mean((jax.vmap(model)(inputs) - y) ** 2)

    operator = hessian_of((loss, model))
    with jax.enable_x64(True):
        w, b = jnp.asarray(model.w, jnp.float64), jnp.asarray(model.b, jnp.float64)
        expected = np.asarray(jax.hessian(lambda t: loss(Model(t[:4], t[4])))(jnp.append(w, b)))
    assert np.abs(operator.dense() - expected).max() < 1e-13
    back = operator.unravel(np.arange(5.0))
    assert isinstance(back, Model) and back.w.dtype == np.float64
    assert np.array_equal(back.w, np.arange(4.0)) and back.b == 4.0


def test_asymmetry_is_judged_by_the_precision_of_the_array():
    start = jnp.asarray(np.random.default_rng(0).standard_normal(30), dtype=jnp.float32)
    hessian = np.array(jax.hessian(rosenbrock)(start))
    hessian[0, 1] *= 1 + 1e-6  # round-off in float32, an error in float64
    found = spectrum(jnp.asarray(hessian))
    exact = np.linalg.eigvalsh((hessian.astype(float) + hessian.T.astype(float)) / 2)
    assert np.abs(found.eigenvalues - exact).max() < 1e-13 * exact[-1]
    assert found.errors[0] > 1e-8 * exact[-1]  # no better than its entries
    with pytest.raises(InputError, match="symmetric matrix"):
        spectrum(hessian.astype(np.float64))
    with pytest.raises(InputError, match="symmetric matrix"):
        spectrum((hessian + np.triu(np.full((30, 30), 1e-2 * np.abs(hessian).max()), 1)).astype(np.float32))


def test_definiteness_is_declared_and_never_guessed():
    assert not hessian_of(np.eye(3)).semidefinite
    assert hessian_of(np.eye(3), semidefinite=True).semidefinite
    assert hessian_of((lambda v: v, 3), semidefinite=True).semidefinite
    assert not hessian_of((half_square, {"v": np.ones(3)})).semidefinite
    assert hessian_of(TEACHER).semidefinite
    assert not hessian_of((Problem(TEACHER), STUDENT)).semidefinite


WRONG = {
    "a string": ("erf", "expected a Network .* got str"),
    "nothing": (None, "expected a Network .* got NoneType"),
    "a number": (3.0, "dimension|got float"),
    "a vector": (np.ones(3), "2 dimension"),
    "a table that is not square": (np.ones((2, 3)), "square matrix"),
    "no numbers": ([], "dimension"),
    "complex numbers": ([[1j]], "expected real matrix"),
    "NaN": ([[1.0, np.nan], [np.nan, 1.0]], "finite"),
    "a masked array": (np.ma.masked_greater(np.eye(2), 0.5), "without masked entries"),
    "words": ([["a", "b"], ["b", "a"]], "numbers"),
    "not symmetric": ([[1.0, 2.0], [0.0, 1.0]], "symmetric matrix"),
    "sparse and not symmetric": (scipy.sparse.csr_array([[1.0, 2.0], [0.0, 1.0]]), "uᵀHv ≠ vᵀHu"),
    "sparse and not square": (scipy.sparse.csr_array(np.ones((2, 3))), "square operator"),
    "sparse and complex": (scipy.sparse.csr_array([[1j]]), "real numbers"),
    "a function alone": (np.sin, "the function alone.*size n"),
    "a product of another size": ((lambda v: v[:2], 3), "v -> H v of 3 real numbers"),
    "a product of none": ((lambda v: v, 0), "size n >= 1"),
    "a product that is not symmetric": ((lambda v: jnp.cumsum(v), 5), "uᵀHv ≠ vᵀHu"),
    "a product that is not finite": ((lambda v: v / 0.0 * v, 3), "finite products"),
    "a loss with three arguments": ((half_square, {"v": np.ones(3)}, X), "a tuple of 3.*make a loss"),
    "a loss of many values": ((lambda p: p, np.ones(3)), "one real number"),
    "a loss of a dictionary": ((lambda p: {"loss": p[0]}, np.ones(3)), "one real number"),
    "a loss of integers": (
        (half_square, {"v": np.arange(3)}),
        r"params of floats, got params\['v'\] of type int64",
    ),
    "a loss of words": ((half_square, {"v": "w"}), r"got params\['v'\] of type str"),
    "a loss of nothing": ((half_square, {}), "expected parameters"),
    "a loss of NaN": ((half_square, {"v": [np.nan]}), r"finite params\['v'\]\[0\]"),
    "a loss in NumPy": ((lambda p: np.linalg.norm(np.asarray(p)), np.ones(3)), "loss written in JAX"),
    "two networks": ((TEACHER, STUDENT), r"pass \(Problem\(teacher\), student\)"),
    "a problem without optimum": (empirical.Problem(X, np.ones(9)), r"pass \(problem, student\)"),
    "a problem and no student": ((Problem(TEACHER), np.ones(8)), "expected a Network, got ndarray"),
    "lineax, not tagged": (lx.MatrixLinearOperator(jnp.eye(2)), "lx.symmetric_tag"),
}


@pytest.mark.parametrize(("source", "words"), WRONG.values(), ids=WRONG)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_no_source_is_told_what_would_have_worked(source, words):
    with pytest.raises(InputError, match=f"(?s){words}"):
        hessian_of(source)
    with pytest.raises(InputError):
        spectrum(source)


def test_a_torch_module_is_told_the_way_in(monkeypatch):
    torch = types.ModuleType("torch")
    torch.nn = types.SimpleNamespace(Module=type("Module", (), {}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    with pytest.raises(NotAvailableError, match="torch module; pass a product"):
        hessian_of(torch.nn.Module())


def test_the_message_begins_with_the_function_that_was_called():
    for call in (spectrum, eigensystem, spectral_density, explain_method):
        with pytest.raises(InputError, match=f"^{call.__name__}: expected a Network"):
            call("erf")

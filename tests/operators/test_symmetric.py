"""The contract of every operator: products, NumPy faces, honesty about definiteness, arrays that stay where they are."""

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest
import scipy.sparse.linalg

from tutelage import hessian_at_optimum, sample_teacher, spectrum
from tutelage.base.errors import AllocationError, InputError
from tutelage.operators import MatrixOperator
from tutelage.operators.base import SymmetricOperator


def test_all_faces_show_one_matrix(operator):
    n = operator.size
    dense, rng = operator.dense(), np.random.default_rng(0)
    V, scale = rng.standard_normal((n, 3)), np.abs(dense).max()
    assert dense.shape == (n, n) and dense.dtype == np.float64 and np.array_equal(dense, dense.T)
    assert np.abs(operator.matmat(V) - dense @ V).max() < 1e-12 * scale
    assert np.abs(operator.matvec(V[:, 0]) - dense @ V[:, 0]).max() < 1e-12 * scale
    assert np.abs(operator.as_scipy() @ V[:, 0] - dense @ V[:, 0]).max() < 1e-12 * scale
    assert operator.trace() == pytest.approx(np.trace(dense), rel=1e-12, abs=1e-13 * scale)
    assert operator.frobenius_norm() == pytest.approx(np.linalg.norm(dense), rel=1e-12)
    with jax.enable_x64(True):
        for matrix in (operator.as_matrix(), jax.jit(lambda op: op.as_matrix())(operator)):
            assert matrix.dtype == np.float64 and np.abs(matrix - dense).max() < 1e-13 * scale
        assert (
            np.abs(jax.jit(lambda op, v: op.mv(v))(operator, V[:, 0]) - dense @ V[:, 0]).max() < 1e-12 * scale
        )
        assert np.abs(lx.diagonal(operator) - np.diag(dense)).max() < 1e-13 * scale
        assert np.abs(operator.mv(jnp.asarray(V[:, 0])) - dense @ V[:, 0]).max() < 1e-12 * scale


def test_what_is_called_semidefinite_is(operator):
    smallest = np.linalg.eigvalsh(operator.dense())[[0, -1]]
    assert operator.semidefinite is lx.is_positive_semidefinite(operator)
    if operator.semidefinite:
        assert smallest[0] > -1e-13 * smallest[1]


def test_nothing_is_claimed_of_a_matrix():
    assert not lx.is_positive_semidefinite(MatrixOperator(np.diag([-1.0, 2.0])))
    assert not lx.is_positive_semidefinite(MatrixOperator(np.diag([1.0, 2.0])))
    assert lx.is_positive_semidefinite(MatrixOperator(np.diag([1.0, 2.0]), semidefinite=True))
    teacher = sample_teacher("erf", 3, 2)
    assert hessian_at_optimum(teacher).semidefinite


def test_products_and_matrices_refuse_32_bits_rather_than_round(operator):
    vector = np.ones(operator.size)
    with pytest.raises(InputError, match="64-bit"):
        operator.mv(vector)
    with pytest.raises(InputError, match="64-bit"):
        operator.as_matrix()
    with pytest.raises(InputError, match="64-bit"):
        jax.jit(lambda op: op.as_matrix())(operator)
    if type(operator).__module__.startswith("tutelage"):
        with pytest.raises(InputError, match="64-bit"):
            operator.product(vector)
    assert operator.matvec(vector).dtype == np.float64


def test_arrays_are_put_on_the_device_once(operator):
    vector = np.ones(operator.size)
    operator.matvec(vector)
    kept = operator.on_device
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(kept))
    assert all(leaf.dtype == np.float64 for leaf in jax.tree.leaves(kept) if leaf.dtype.kind == "f")
    operator.matvec(vector)
    assert operator.on_device is kept and kept.on_device.size == operator.size
    leaves = zip(jax.tree.leaves(kept.on_device), jax.tree.leaves(kept), strict=True)
    assert all(once is again for once, again in leaves)


def test_an_operator_first_used_inside_a_trace_keeps_arrays_and_no_tracers():
    operator = hessian_at_optimum(sample_teacher("erf", 3, 2))
    vector = np.ones(operator.size)
    with jax.enable_x64(True):
        traced = np.asarray(jax.jit(lambda v: operator.mv(v))(vector))
    assert np.abs(operator.matvec(vector) - traced).max() < 1e-15


def test_an_operator_that_went_through_jax_gives_the_same_numpy(operator):
    there = operator.on_device
    assert np.array_equal(there.dense(), operator.dense())
    assert there.trace() == operator.trace() and there.frobenius_norm() == operator.frobenius_norm()
    assert np.array_equal(spectrum(there).values, spectrum(operator).values)


@pytest.mark.parametrize(("method", "shape"), [("matvec", (4,)), ("matmat", (4, 2)), ("matvec", (3, 1))])
def test_vectors_of_the_wrong_shape_are_named(method, shape):
    operator = hessian_at_optimum(sample_teacher("erf", 1, 1))
    with pytest.raises(InputError, match=r"length of the vector|rows of V|1 dimension"):
        getattr(operator, method)(np.ones(shape))


def test_a_matrix_that_does_not_fit_is_refused_with_its_size(monkeypatch):
    operator = hessian_at_optimum(sample_teacher("erf", 9, 10))
    monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 10_000)
    with pytest.raises(AllocationError, match=r"P = 100 .*largest feasible: P = 23"):
        operator.dense()
    with pytest.raises(AllocationError):
        SymmetricOperator.dense(operator)


def test_products_that_are_not_finite_are_named():
    class Overflowing(SymmetricOperator):
        size, semidefinite = 2, False

        def product(self, vector):
            return vector * jnp.inf

    with pytest.raises(InputError, match="finite products"):
        Overflowing().dense()


def test_scipy_solves_with_it(operator):
    if operator.size < 3:
        return
    largest = scipy.sparse.linalg.eigsh(operator.as_scipy(), 1, which="LM", return_eigenvectors=False)
    values = np.linalg.eigvalsh(operator.dense())
    assert np.abs(largest[0]) == pytest.approx(np.abs(values).max(), rel=1e-10)

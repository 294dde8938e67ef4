"""Arrays filled up to a few sizes give what the arrays themselves give, and few sizes are compiled."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import Problem, moments, sample_teacher
from tutelage.activations import (
    ACTIVATIONS,
    Abs,
    Activation,
    Numerical,
    Polynomial,
    Relu,
    Softplus,
    close_pairs,
    parse_activation,
    quadrature,
)
from tutelage.activations import pair_geometry as pair_geometry_module
from tutelage.activations.closed_form import ClosedForm
from tutelage.activations.pair_geometry import filled, pair_geometry, plain_geometry
from tutelage.moments import own_tables, pair_moments, pair_tables, plane_terms
from tutelage.population import loss_and_gradient
from tutelage.population import problem as population


@dataclasses.dataclass(frozen=True)
class Square(Activation):
    """u^2 with nothing but its kernel."""

    name: ClassVar[str] = "square"

    def __call__(self, u):
        return u * u

    def dual(self, m_u, m_v, q_uu, q_uv, q_vv):
        return (m_u * m_u + q_uu) * (m_v * m_v + q_vv) + 4 * m_u * m_v * q_uv + 2 * q_uv * q_uv


QUICK = [parse_activation(n) for n in ACTIVATIONS if n != "polynomial"] + [
    Polynomial((0, 1, -0.3)),
    Numerical(jnp.arctan),
]


@pytest.mark.parametrize(
    "shape, size",
    [
        ((3, 5), (16, 16)),
        ((17, 9), (32, 16)),
        ((16, 33), (16, 64)),
        ((257, 2), (257, 16)),
        ((3, 256), (16, 256)),
        ((3, 257), (3, 257)),
    ],
)
def test_filled_arrays_are_the_arrays_within_zeros(shape, size):
    rows = np.random.default_rng(1).normal(size=shape)
    found = filled(rows)
    assert found.shape == size
    np.testing.assert_array_equal(found[: shape[0], : shape[1]], rows)
    assert np.count_nonzero(found) == rows.size


@pytest.mark.parametrize("shape", [(3, 5), (17, 9), pytest.param((260, 2), marks=pytest.mark.slow)])
@pytest.mark.parametrize("activation", QUICK, ids=lambda activation: activation.spec)
def test_tables_of_filled_arrays_are_those_of_the_arrays(activation, shape):
    rng = np.random.default_rng(5)
    W, Z = rng.normal(size=shape) / np.sqrt(shape[1]), rng.normal(size=(5, shape[1])) / np.sqrt(shape[1])
    Z[0], Z[1], Z[2], W[1] = -2 * W[0], W[-1], 0.0, 0.0
    assert activation.quick_pairs
    found = pair_tables(activation, W, Z)
    with jax.enable_x64(True):
        expected = pair_moments(activation, W, Z)
    for name, table, wanted in zip(found._fields, found, expected, strict=True):
        wanted = np.asarray(wanted)
        assert table.shape == wanted.shape == (shape[0], 5)
        assert table.dtype == float and table.flags.c_contiguous
        np.testing.assert_allclose(table, wanted, rtol=1e-13, atol=1e-14 * np.abs(wanted).max(), err_msg=name)


def test_one_compilation_of_the_tables_serves_many_sizes():
    activation, rng = parse_activation("leaky_relu:slope=0.0987654321"), np.random.default_rng(6)
    before = moments._quick_tables._cache_size()
    for k, d in ((2, 2), (3, 7), (9, 4), (16, 16)):  # with biases: few rows without them are NumPy's
        (W, b), (Z, c) = ((rng.normal(size=(k, d)), rng.normal(size=k)) for _ in range(2))
        pair_tables(activation, W, Z, b, c)
    assert moments._quick_tables._cache_size() == before + 1


@pytest.mark.parametrize("activation", [a for a in QUICK if isinstance(a, ClosedForm)], ids=lambda a: a.spec)
def test_few_neurons_of_closed_tables_compile_nothing_and_are_jaxs(activation, monkeypatch):
    """Nearly parallel, opposite and zero ones among them; the same table of rows with themselves and with others."""
    W = np.random.default_rng(8).normal(size=(6, 4)) / 2
    W[1], W[2], W[3], W[5] = W[0] * (1 + 1e-9), -W[0], W[0] + 1e-9 * W[4], 0.0
    with jax.enable_x64(True):
        expected = pair_moments(activation, W, W)
        exact = activation.own_square(jnp.sum(jnp.asarray(W) ** 2, axis=1))
    monkeypatch.setattr(moments, "_compiled_tables", None)
    monkeypatch.setattr(moments, "_compiled_own_square", None)
    for Z in (W, W.copy()):
        for table, wanted in zip(pair_tables(activation, W, Z), expected, strict=True):
            wanted = np.asarray(wanted)
            np.testing.assert_allclose(table, wanted, rtol=1e-13, atol=1e-15 * np.abs(wanted).max())
    own = moments._own_square(activation, W, 1)
    assert (own is None) == (exact is None)
    if own is not None:
        np.testing.assert_allclose(own, exact, rtol=1e-13)


def test_a_class_that_computes_its_moments_otherwise_is_asked_for_them():
    class Doubled(Relu):
        def moments(self, pair, order=2):
            return moments.PairMoments(*(2 * table for table in Relu().moments(pair, order)))

    W = np.random.default_rng(11).normal(size=(3, 2))
    for table, usual in zip(pair_tables(Doubled(), W, W), pair_tables(Relu(), W, W), strict=True):
        np.testing.assert_allclose(table, 2 * usual, rtol=1e-14)


@pytest.mark.parametrize("opposite", [False, True])
@pytest.mark.parametrize("angle", [1e-12, 1e-9, 1e-5, 0.1, 1.0])
def test_plain_angles_of_nearly_parallel_neurons_keep_their_digits(angle, opposite):
    """And |w|²|z|² sin² of the angle, which the difference of products loses below 1e-8."""
    basis = np.linalg.qr(np.random.default_rng(9).normal(size=(5, 2)))[0].T
    W = np.array([2.0 * basis[0], 3.0 * (np.cos(angle) * basis[0] + np.sin(angle) * basis[1])])
    W[1] *= -1 if opposite else 1
    found = plain_geometry(W, W)
    with jax.enable_x64(True):
        exact = pair_geometry(jnp.asarray(W), jnp.asarray(W))
    for name in ("determinant", "angle", "supplement"):
        np.testing.assert_allclose(getattr(found, name), getattr(exact, name), rtol=1e-13, err_msg=name)
    assert found.determinant[0, 1] == pytest.approx(36 * np.sin(angle) ** 2, rel=1e-3)
    assert (found.supplement if opposite else found.angle)[0, 1] == pytest.approx(angle, rel=1e-3)


def test_many_close_pairs_are_projected_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(12)
    W = rng.normal(size=5) + 1e-6 * rng.normal(size=(2, 4, 5))  # two networks, all of whose neurons are close
    expected = plain_geometry(W, W.copy())
    monkeypatch.setattr(pair_geometry_module, "_FEW_NUMBERS", 17)  # three pairs
    for found, known in zip(plain_geometry(W, W.copy())[:6], expected, strict=False):
        np.testing.assert_array_equal(found, known)
    assert 0 < np.sort(expected.determinant.ravel())[8] < 1e-8


@pytest.mark.parametrize("name", ["erf", "gelu", "quadratic", "relu", "cos"])
def test_plain_tables_of_a_stack_are_those_of_each_network(name, monkeypatch):
    """Bit for bit, nearly parallel neurons in one of them included; nothing is compiled."""
    activation = parse_activation(name)
    W = np.random.default_rng(10).normal(size=(3, 4, 5))
    W[1, 1], W[2, 3] = W[1, 0] * (1 + 1e-9) + 1e-9, -W[2, 2]
    monkeypatch.setattr(moments, "_compiled_stack", None)
    monkeypatch.setattr(moments, "_quick_tables", None)
    found = moments.stacked_tables(activation, W)
    for network, rows in enumerate(W):
        for table, alone in zip(found, own_tables(activation, rows), strict=True):
            np.testing.assert_array_equal(table[network], alone)


def test_nothing_is_filled_up_where_pairs_are_slow_or_inputs_many(monkeypatch):
    seen, rows = [], np.random.default_rng(7).normal(size=(3, 2))

    def tables(activation, W, *rest):
        seen.append(W.shape)
        return moments.PairMoments(*(np.zeros((3, 3)),) * 8)

    for name in ("_large_tables", "_quick_tables"):
        monkeypatch.setattr(moments, name, tables)
    pair_tables(Numerical(jnp.abs, kinks=(0.0,)), rows, rows)
    pair_tables(Square(), rows, rows)  # derivatives of its kernel
    pair_tables(Softplus(), np.ones((3, 257)), np.ones((3, 257)))
    pair_tables(Softplus(), rows, rows)
    assert seen == [(3, 2), (3, 2), (3, 257), (16, 16)]
    monkeypatch.setattr(quadrature, "filled", None)  # not called
    assert Numerical(jnp.abs, kinks=(0.0,)).quadrature_error(rows[:2]) < 1e-12


@pytest.mark.parametrize("activation", [Relu(), Numerical(jnp.abs, kinks=(0.0,))], ids=["relu", "numerical"])
def test_close_pairs_of_many_compiled_at_a_filled_size_are_those_of_few_in_numpy(activation, monkeypatch):
    rng = np.random.default_rng(8)
    W, Z = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    Z[0], Z[1] = 2 * W[0] + 1e-9 * W[1], -W[3] + 1e-4 * W[1]
    expected = plane_terms(activation, W, Z)
    monkeypatch.setattr(close_pairs, "few_pairs", lambda W, Z: False)
    found = plane_terms(activation, W, Z)
    assert {(0, 0), (3, 1)} <= set(zip(found.i.tolist(), found.j.tolist(), strict=True))
    for name, ours, theirs in zip(found._fields, found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15, err_msg=name)


def test_close_pairs_are_compiled_for_few_sizes_and_few_of_them_for_none(monkeypatch):
    def each():
        for k, d in ((2, 3), (3, 7), (9, 4), (16, 16)):
            W = np.random.default_rng(k).normal(size=(k, d))
            plane_terms(Abs(), W, W * (1 + 1e-3 * np.arange(d)))
        return close_pairs._compiled._cache_size()

    before = close_pairs._compiled._cache_size()
    assert each() == before
    monkeypatch.setattr(close_pairs, "few_pairs", lambda W, Z: False)
    assert each() <= before + 1


def test_the_quadrature_error_is_that_of_the_given_neurons(monkeypatch):
    # Too wide a strip: an error to be seen. At a zero neuron, which fills up, 1 / cosh has its largest mean.
    activation = Numerical(lambda u: 1 / jnp.cosh(u), strip=8.0)
    W = 5 * np.random.default_rng(9).normal(size=(3, 4))
    found = activation.quadrature_error(W, W[:2])
    monkeypatch.setattr(quadrature, "filled", lambda rows: rows)
    assert found > 1e-6
    assert found == pytest.approx(activation.quadrature_error(W, W[:2]), rel=1e-6)


def test_one_compilation_serves_both_rules_of_the_loss_near_the_teacher():
    # With biases, which NumPy has no tables for.
    teacher = sample_teacher("erf:scale=0.912345678", d=3, k=2, seed=0, biases="normal")
    student = dataclasses.replace(teacher, W=teacher.W + 1e-9)
    compiled = population._compiled(loss_and_gradient.path_loss)
    before = compiled._cache_size()
    assert Problem(teacher).loss_with_error(student).method == "path"
    assert compiled._cache_size() == before + 1

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
    close_pairs,
    parse_activation,
    quadrature,
)
from tutelage.activations.base import Elementary
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
    for k, d in ((2, 2), (3, 7), (9, 4), (16, 16)):
        pair_tables(activation, rng.normal(size=(k, d)), rng.normal(size=(k, d)))
    assert moments._quick_tables._cache_size() == before + 1


@pytest.mark.parametrize("activation", [a for a in QUICK if isinstance(a, Elementary)], ids=lambda a: a.spec)
def test_few_neurons_of_elementary_tables_compile_nothing_and_are_jaxs(activation, monkeypatch):
    W = np.random.default_rng(8).normal(size=(5, 4)) / 2
    W[1], W[2], W[3] = W[0] * (1 + 1e-9), -W[0], W[0] + 1e-9 * W[4]
    found, own = pair_tables(activation, W, W), moments._own_square(activation, W, 1)
    with jax.enable_x64(True):
        expected = pair_moments(activation, W, W)
        exact = activation.own_square(jnp.sum(jnp.asarray(W) ** 2, axis=1))
    for table, wanted in zip(found, expected, strict=True):
        wanted = np.asarray(wanted)
        np.testing.assert_allclose(table, wanted, rtol=1e-13, atol=1e-15 * np.abs(wanted).max())
    np.testing.assert_allclose(own, exact, rtol=1e-13)
    if activation.is_plain:
        monkeypatch.setattr(moments, "pair_moments", None)
        monkeypatch.setattr(moments, "_compiled_own_square", None)
        pair_tables(activation, W, W), moments._own_square(activation, W, 1)


@pytest.mark.parametrize("angle", [1e-12, 1e-9, 1e-5, 0.1, 1.0])
def test_plain_determinants_of_nearly_parallel_neurons_keep_their_digits(angle):
    """|w|²|z|² sin² of the angle, which the difference of products loses below 1e-8."""
    basis = np.linalg.qr(np.random.default_rng(9).normal(size=(5, 2)))[0].T
    W = np.array([2.0 * basis[0], 3.0 * (np.cos(angle) * basis[0] + np.sin(angle) * basis[1])])
    *_, determinant = plain_geometry(W, W)
    with jax.enable_x64(True):
        exact = np.asarray(pair_geometry(jnp.asarray(W), jnp.asarray(W)).determinant)
    np.testing.assert_allclose(determinant, exact, rtol=1e-13)
    assert determinant[0, 1] == pytest.approx(36 * np.sin(angle) ** 2, rel=1e-3)


@pytest.mark.parametrize("name", ["erf", "gelu", "quadratic"])
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

    for name in ("_tables", "_quick_tables"):
        monkeypatch.setattr(moments, name, tables)
    pair_tables(Numerical(jnp.abs, kinks=(0.0,)), rows, rows)
    pair_tables(Square(), rows, rows)  # derivatives of its kernel
    pair_tables(Relu(), np.ones((3, 257)), np.ones((3, 257)))
    pair_tables(Relu(), rows, rows)
    assert seen == [(3, 2), (3, 2), (3, 257), (16, 16)]
    monkeypatch.setattr(quadrature, "filled", None)  # not called
    assert Numerical(jnp.abs, kinks=(0.0,)).quadrature_error(rows[:2]) < 1e-12


@pytest.mark.parametrize("activation", [Relu(), Numerical(jnp.abs, kinks=(0.0,))], ids=["relu", "numerical"])
def test_close_pairs_of_filled_arrays_are_those_of_the_arrays(activation, monkeypatch):
    rng = np.random.default_rng(8)
    W, Z = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    Z[0], Z[1] = 2 * W[0] + 1e-9 * W[1], -W[3] + 1e-4 * W[1]
    found = plane_terms(activation, W, Z)
    monkeypatch.setattr(close_pairs, "filled", lambda rows: rows)
    expected = plane_terms(activation, W, Z)
    assert {(0, 0), (3, 1)} <= set(zip(found.i.tolist(), found.j.tolist(), strict=True))
    for name, ours, theirs in zip(found._fields, found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15, err_msg=name)


def test_close_pairs_are_compiled_for_few_sizes():
    plane_terms(Relu(), np.eye(2), np.eye(2))
    before = close_pairs._angles_and_close._cache_size(), close_pairs._normal_component._cache_size()
    for k, d in ((2, 3), (3, 7), (9, 4), (16, 16)):
        W = np.random.default_rng(k).normal(size=(k, d))
        plane_terms(Abs(), W, W * (1 + 1e-3 * np.arange(d)))
    assert before == (
        close_pairs._angles_and_close._cache_size(),
        close_pairs._normal_component._cache_size(),
    )


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

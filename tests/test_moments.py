"""Moment tables of neuron pairs: derivatives in the weights, geometry at nearly parallel neurons."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from tutelage import moments
from tutelage.activations import Erf, Numerical, parse_activation
from tutelage.activations.pairs import pair_geometry
from tutelage.moments import dual_matrix, first_moments, pair_moments, pair_tables


def two_neurons(angle, supplement=False, norms=(1.3, 0.4), d=4, seed=0):
    """Rows at a prescribed angle (or pi minus it), exact to rounding of the entries, and their mpmath angle."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.normal(size=(d, 2)))
    w = norms[0] * basis[:, 0]
    z = norms[1] * (np.cos(angle) * basis[:, 0] + np.sin(angle) * basis[:, 1]) * (-1 if supplement else 1)
    return w[None], z[None]


def test_weight_derivatives_are_those_of_the_kernel():
    activation = Erf()
    rng = np.random.default_rng(0)
    W, Z = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    Z[1] = W[0]
    with jax.enable_x64(True):

        def loss(W):
            return jnp.sum(jnp.sin(dual_matrix(activation, W, jnp.asarray(Z))))

        gradient = jax.jit(jax.grad(loss))
        hessian = jax.jit(jax.hessian(loss))(jnp.asarray(W))
        for i in range(2):
            for j in range(3):
                step = np.zeros_like(W)
                step[i, j] = 1e-4
                difference = (loss(W + step) - loss(W - step)) / 2e-4
                np.testing.assert_allclose(gradient(W)[i, j], difference, rtol=1e-6, atol=1e-6)
                column = (gradient(W + step) - gradient(W - step)) / 2e-4
                np.testing.assert_allclose(hessian[:, :, i, j], column, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("supplement", [False, True])
def test_angle_and_determinant_at_nearly_parallel_neurons(supplement):
    pairs = [two_neurons(10.0**-e, supplement) for e in range(1, 17)]
    W, Z = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
    with jax.enable_x64(True):
        geometry = pair_geometry(jnp.asarray(W), jnp.asarray(Z))
    with mpmath.workdps(60):
        for i in range(len(W)):
            w, z = (mpmath.matrix(row.tolist()) for row in (W[i], Z[i]))
            q_uu, q_uv, q_vv = ((a.T * b)[0] for a, b in ((w, w), (w, z), (z, z)))
            determinant = q_uu * q_vv - q_uv**2
            angle = mpmath.atan2(mpmath.sqrt(determinant), q_uv)
            assert abs(float(geometry.angle[i, i]) - angle) < 1e-15
            # relative to q_uu q_vv the sine is right to its rounding, 1e-16
            error = abs(mpmath.sqrt(float(geometry.determinant[i, i])) - mpmath.sqrt(determinant))
            assert error < 1e-15 * mpmath.sqrt(q_uu * q_vv)


def test_angles_of_few_neurons_with_many_inputs_need_little_memory():
    with jax.enable_x64(True):
        W = jax.ShapeDtypeStruct((64, 10**6), jnp.float64)
        memory = jax.jit(pair_geometry).lower(W, W).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 5 * 64 * 8e6  # a few copies of W; all residuals would be 32 GB


def test_tables_agree_with_sampling():
    rng = np.random.default_rng(3)
    W, Z = rng.normal(size=(2, 3)) / 2, rng.normal(size=(2, 3)) / 2
    activation = Erf()
    n = 40_000
    x = rng.normal(size=(n, 3))
    with jax.enable_x64(True):
        first = jax.vmap(jax.vmap(jax.grad(activation)))
        second = jax.vmap(jax.vmap(jax.grad(jax.grad(activation))))
        u, v = jnp.asarray(x @ W.T), jnp.asarray(x @ Z.T)
        s0, s1, s2 = (np.asarray(f(u)) for f in (activation, first, second))
        t0, t1, t2 = (np.asarray(f(v)) for f in (activation, first, second))
        tables = pair_moments(activation, jnp.asarray(W), jnp.asarray(Z))
        k00, _, _, k02 = first_moments(activation, jnp.asarray(W), jnp.asarray(Z))
    for table, f, g in (
        (k00, s0, t0),
        (tables.k11, s1, t1),
        (tables.k20, s2, t0),
        (k02, s0, t2),
        (tables.k22, s2, t2),
    ):
        products = f[:, :, None] * g[:, None, :]
        error = np.abs(products.mean(0) - np.asarray(table)) / (products.std(0) / np.sqrt(n))
        assert error.max() < 5  # standard errors


SPECS = (
    "linear",
    "quadratic:alpha=0.5",
    "polynomial:coefficients=0,1,-0.3",
    "erf",
    "gelu",
    "relu",
    "abs",
    "exp",
    "sin",
    "tanh",
    "softplus",
)


@pytest.mark.parametrize("shape", [(3, 5), (17, 9), (1, 257)])
@pytest.mark.parametrize("spec", SPECS)
def test_tables_of_filled_up_arrays_are_those_of_the_arrays(spec, shape):
    activation, rng = parse_activation(spec), np.random.default_rng(5)
    W, Z = rng.normal(size=shape) / np.sqrt(shape[1]), rng.normal(size=(4, shape[1])) / np.sqrt(shape[1])
    Z[0], Z[1] = -2 * W[0], W[-1]
    with jax.enable_x64(True):
        found, expected = pair_tables(activation, W, Z), pair_moments(activation, W, Z)
    for name, table, wanted in zip(found._fields, found, expected, strict=True):
        wanted = np.asarray(wanted)
        assert table.shape == wanted.shape == (shape[0], 4)
        np.testing.assert_allclose(table, wanted, rtol=1e-13, atol=1e-14 * np.abs(wanted).max(), err_msg=name)


def test_one_compilation_of_the_tables_serves_many_sizes():
    activation, rng = parse_activation("erf:scale=0.987654321"), np.random.default_rng(6)
    with jax.enable_x64(True):
        before = moments._tables._cache_size()
        for k, d in ((2, 2), (3, 7), (9, 4), (16, 16)):
            pair_tables(activation, rng.normal(size=(k, d)), rng.normal(size=(k, d)))
        assert moments._tables._cache_size() == before + 1


def test_nothing_is_filled_up_where_pairs_are_slow_or_inputs_many(monkeypatch):
    activation, seen, rng = Numerical(jnp.abs, kinks=(0.0,)), [], np.random.default_rng(7)
    monkeypatch.setattr(
        moments, "pair_moments", lambda a, W, Z: seen.append(W.shape) or (np.zeros((3, 3)),) * 8
    )
    pair_tables(activation, rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))
    pair_tables(Numerical(jnp.tanh), rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))
    pair_tables(parse_activation("erf"), np.ones((3, 257)), np.ones((3, 257)))
    assert seen == [(3, 2), (16, 16), (3, 257)]

"""Moment tables of neuron pairs: derivatives in the weights, geometry at nearly parallel neurons."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from tutelage.activations import Erf
from tutelage.activations.pair_geometry import pair_geometry
from tutelage.moments import dual_matrix, first_moments, pair_moments


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

"""Closed dual kernels and tables against quadrature of their defining integrals, means included."""

import functools
import itertools
import math

import flint
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.special

from tutelage.activations import (
    Abs,
    Cos,
    Erf,
    Exp,
    GaussianBump,
    Gelu,
    LeakyRelu,
    Linear,
    NormalCdf,
    Polynomial,
    Quadratic,
    Relu,
    Sin,
)
from tutelage.activations.arithmetic import arb_functions
from tutelage.activations.bivariate import correlated_signs
from tutelage.activations.pair_geometry import pair_geometry

SMOOTH = [
    Linear(),
    Quadratic(0.7),
    Polynomial((0.3, -1.0, 0.5, 0.2, 0.0, 0.1)),
    Erf(),
    Erf(0.7),
    NormalCdf(),
    Sin(),
    Cos(),
    Exp(),
    GaussianBump(),
    Gelu(),
]
KINKED = [Relu(), LeakyRelu(0.3), LeakyRelu(-0.4), Abs()]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(70)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
NAMES = ("k00", "k11", "k20", "k02", "k22", "k31", "k13", "k40")


def small_neurons():
    rng = np.random.default_rng(5)
    W, Z = rng.normal(size=(2, 3)) / 3, rng.normal(size=(3, 3)) / 3
    Z[0] = -0.7 * W[0]  # one singular pair
    return W, Z


def hermite_grid(m, C):
    """Nodes (u, v) of the product rule for a Gaussian pair."""
    a = np.sqrt(C[0, 0])
    b = C[0, 1] / a
    c = np.sqrt(max(C[1, 1] - b * b, 0.0))
    u = m[0] + a * NODES[:, None] + 0 * NODES[None, :]
    v = m[1] + b * NODES[:, None] + c * NODES[None, :]
    return u, v


def gauss_hermite(f, g, m, C):
    """E f(u) g(v); f and g vectorised."""
    u, v = hermite_grid(m, C)
    return WEIGHTS @ (np.asarray(f(u)) * np.asarray(g(v))) @ WEIGHTS


@functools.partial(jax.jit, static_argnums=0)
def _all_at(functions, u):
    return [jnp.vectorize(f)(u) for f in functions]


@functools.cache
def _nested(activation):
    functions = [activation]
    for _ in range(4):
        functions.append(jax.grad(functions[-1]))
    return tuple(functions)


def derivatives(activation, u):
    """sigma and its first four derivatives by nested autodiff."""
    return _all_at(_nested(activation), u)


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda s: s.spec)
def test_tables_are_the_moments_of_derivatives(activation):
    W, Z = small_neurons()
    with jax.enable_x64(True):
        tables = activation.moments(pair_geometry(jnp.asarray(W), jnp.asarray(Z)))
        for i, j in ((0, 0), (0, 1), (1, 2)):
            C = np.array([[W[i] @ W[i], W[i] @ Z[j]], [W[i] @ Z[j], Z[j] @ Z[j]]])
            u, v = hermite_grid((0, 0), C)
            at = np.asarray(derivatives(activation, jnp.stack([u, v])))
            for name, table in zip(NAMES, tables, strict=True):
                expected = WEIGHTS @ (at[int(name[1]), 0] * at[int(name[2]), 1]) @ WEIGHTS
                np.testing.assert_allclose(table[i, j], expected, rtol=1e-11, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda s: s.spec)
@pytest.mark.parametrize("means", [(0.0, 0.0), (0.4, -0.9), (0.6, 0.6)])
def test_dual_with_means_is_the_integral(activation, means):
    for C in ([[0.3, 0.1], [0.1, 0.2]], [[0.3, -0.2], [-0.2, 0.4 / 3]]):
        C = np.array(C)
        with jax.enable_x64(True):
            dual = activation.dual(*map(jnp.float64, (*means, C[0, 0], C[0, 1], C[1, 1])))
            expected = gauss_hermite(activation, activation, means, C)
        np.testing.assert_allclose(dual, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activation", KINKED, ids=lambda s: s.spec)
def test_kinked_dual_with_means_is_the_integral(activation):
    a, b, s, t = 0.8, 1.3, activation.slope, 1 - activation.slope

    def conditional_integral(means, correlation):
        spread = b * np.sqrt(1 - correlation**2)
        slope = correlation * b / a

        def integrand(u):
            m = means[1] + slope * (u - means[0])
            cdf, pdf = scipy.special.ndtr(m / spread), np.exp(-((m / spread) ** 2) / 2) / np.sqrt(2 * np.pi)
            density = np.exp(-((u - means[0]) ** 2) / (2 * a * a)) / np.sqrt(2 * np.pi) / a
            return density * (s * u + t * max(u, 0)) * (s * m + t * (m * cdf + spread * pdf))

        turn, layer = means[0] - means[1] / slope, 8 * spread / abs(slope)
        breaks = sorted([-9.0, 0.0, turn - layer, turn, turn + layer, 9.0])
        pieces = (
            scipy.integrate.quad(integrand, lo, hi, epsabs=1e-14, epsrel=1e-13, limit=200)[0]
            for lo, hi in itertools.pairwise(breaks)
        )
        return sum(pieces)

    cases = [((0.0, 0.0), 0.3), ((0.4, -0.9), 0.3), ((0.4, -0.9), -0.95), ((0.6, 0.61), 0.99999)]
    with jax.enable_x64(True):
        for means, correlation in cases:
            dual = activation.dual(*map(jnp.float64, (*means, a * a, correlation * a * b, b * b)))
            np.testing.assert_allclose(dual, conditional_integral(means, correlation), rtol=0, atol=1e-12)


def test_kinked_tables_are_the_derivatives_of_the_kernel():
    W, Z = np.array([[1.0, 0.2]]), np.array([[-0.3, 0.9]])
    activation = LeakyRelu(0.3)
    with jax.enable_x64(True):
        tables = activation.moments(pair_geometry(jnp.asarray(W), jnp.asarray(Z)))

    def kernel(a, q, b):  # the arc-cosine kernel as printed (Cho and Saul 2009)
        angle = mpmath.acos(q / mpmath.sqrt(a * b))
        arc = (
            mpmath.sqrt(a * b)
            * (mpmath.sin(angle) + (mpmath.pi - angle) * mpmath.cos(angle))
            / (2 * mpmath.pi)
        )
        return mpmath.mpf(0.3) * q + mpmath.mpf(0.7) ** 2 * arc

    orders = {"k00": (0, 0, 0), "k11": (0, 1, 0), "k20": (1, 0, 0), "k02": (0, 0, 1)}
    orders |= {"k22": (0, 2, 0), "k31": (1, 1, 0), "k13": (0, 1, 1), "k40": (2, 0, 0)}
    with mpmath.workdps(30):
        q = tuple(mpmath.mpf(float(x)) for x in (W[0] @ W[0], W[0] @ Z[0], Z[0] @ Z[0]))
        for name, order in orders.items():
            expected = 2 ** (order[0] + order[2]) * mpmath.diff(kernel, q, order)
            np.testing.assert_allclose(
                float(getattr(tables, name)[0, 0]), float(expected), rtol=1e-12, err_msg=name
            )


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda s: s.spec)
def test_the_same_formula_runs_in_balls_and_multiprecision(activation):
    flint = pytest.importorskip("flint")
    q = (1.0, -0.4, 2.0)
    with jax.enable_x64(True):
        double = activation.tables(*map(jnp.float64, q), jnp)
    with mpmath.workdps(40):
        multi = activation.tables(*map(mpmath.mpf, q), mpmath.mp)
    before = flint.ctx.prec
    try:
        flint.ctx.prec = 140
        balls = activation.tables(*map(flint.arb, q), arb_functions())
        balls = [flint.arb(b).mid().str(38, radius=False) for b in balls]
    finally:
        flint.ctx.prec = before
    with mpmath.workdps(40):
        for a, b, c in zip(double, multi, map(mpmath.mpf, balls), strict=True):
            assert abs(float(a) - b) <= 1e-14 * max(1, abs(b))
            assert abs(c - b) <= 1e-35 * max(1, abs(b))


def test_correlated_signs_resolve_a_layer_of_any_width_against_balls():
    """A rule with half the nodes left 2e-11 where the means differ by 4e-5 and the neurons are parallel."""
    exact = arb_functions().correlated_signs
    rng = np.random.default_rng(3)
    with flint.ctx.workprec(200), jax.enable_x64(True):
        for apart, angle in itertools.product(10.0 ** np.arange(-9, 1), (1e-13, 1e-6, 0.3, 1.5)):
            h = rng.standard_normal() * 10.0 ** rng.integers(-5, 1)
            for k, cosine in ((h + apart, math.cos(angle)), (-h + apart, -math.cos(angle))):
                given = (h, k, cosine, math.sin(angle))
                found = float(correlated_signs(*map(jnp.asarray, given)))
                assert found == pytest.approx(float(exact(*map(flint.arb, given))), abs=4e-15), given

"""Erf tables: against mpmath quadrature of the kernel's integrand, autodiff of the dual, and other arithmetics."""

import flint
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from tutelage.activations import Erf
from tutelage.activations.arithmetic import arb_functions
from tutelage.activations.base import Activation
from tutelage.activations.pairs import pair_geometry

CASES = [(1.0, 0.3, 2.0), (0.2, -0.4, 5.0), (3.0, 1.5, 0.75)]  # the last one is singular: v = u / 2


@pytest.mark.parametrize("scale", [1.0, 0.7])
def test_tables_are_the_derivatives_of_the_dual(scale):
    rng = np.random.default_rng(1)
    W, Z = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    with jax.enable_x64(True):
        pair = pair_geometry(jnp.asarray(W), jnp.asarray(Z))
        closed, generic = Erf(scale).moments(pair), Activation.moments(Erf(scale), pair)
        for name, a, b in zip(closed._fields, closed, generic, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("q", CASES)
def test_ball_and_mpmath_arithmetic_agree_with_double(q):
    with jax.enable_x64(True):
        double = Erf(0.7).tables(*map(jnp.float64, q), jnp)
    with mpmath.workdps(40):
        multi = Erf(0.7).tables(*map(mpmath.mpf, q), mpmath.mp)
    balls = Erf(0.7).tables(*map(flint.arb, q), arb_functions())
    for a, b, c in zip(double, multi, balls, strict=True):
        assert abs(float(a) - float(b)) <= 1e-14 * max(1, abs(b))
        assert abs(float(c) - float(b)) <= 1e-12 * max(1, abs(b))


def test_derivative_moments_equal_the_integral():
    # sigma' sigma' is a Gaussian integrand, so a plain 1-D mpmath quadrature of the conditional mean is independent.
    with mpmath.workdps(30):
        q_uu, q_uv, q_vv = map(mpmath.mpf, CASES[0])
        beta, rest = q_uv / q_uu, q_vv - q_uv**2 / q_uu

        def sigma1(u):
            return 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-u * u)

        def mean_sigma1(m):  # E sigma'(m + sqrt(rest) y)
            return sigma1(m / mpmath.sqrt(1 + 2 * rest)) / mpmath.sqrt(1 + 2 * rest)

        density = lambda u: mpmath.exp(-u * u / (2 * q_uu)) / mpmath.sqrt(2 * mpmath.pi * q_uu)  # noqa: E731
        k11 = mpmath.quad(lambda u: density(u) * sigma1(u) * mean_sigma1(beta * u), [-mpmath.inf, 0, mpmath.inf])
        k00 = mpmath.quad(
            lambda u: density(u) * mpmath.erf(u) * mpmath.erf(beta * u / mpmath.sqrt(1 + 2 * rest)),
            [-mpmath.inf, 0, mpmath.inf],
        )
        tables = Erf().tables(q_uu, q_uv, q_vv, mpmath.mp)
        assert abs(tables.k11 - k11) < 1e-20
        assert abs(tables.k00 - k00) < 1e-20

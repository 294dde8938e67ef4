"""Declared facts against the functions themselves; written forms; laws of the tables."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tutelage.activations import (
    ACTIVATIONS,
    Cos,
    Erf,
    Exp,
    GaussianBump,
    LeakyRelu,
    NormalCdf,
    Polynomial,
    Relu,
    Sigmoid,
    Sin,
    Tanh,
    parse_activation,
)
from tutelage.base.errors import InputError
from tutelage.moments import dual_matrix, pair_moments, plane_terms

EXAMPLES = [
    parse_activation({"polynomial": "polynomial:coefficients=0.5,1,-0.3,0.2"}.get(name, name))
    for name in ACTIVATIONS
]
SERIES = [
    (Erf(0.5), lambda u: mpmath.erf(u / 2)),
    (NormalCdf(), lambda u: mpmath.ncdf(u) - 0.5),
    (Sin(), mpmath.sin),
    (Cos(), mpmath.cos),
    (Exp(), mpmath.exp),
    (GaussianBump(), lambda u: mpmath.exp(-u * u / 2)),
    (Tanh(), mpmath.tanh),
    (Sigmoid(), lambda u: 1 / (1 + mpmath.exp(-u))),
]


@pytest.mark.parametrize("activation", EXAMPLES, ids=lambda s: s.spec)
def test_written_form_and_parity(activation):
    assert parse_activation(activation.spec) == activation
    u = np.linspace(0.1, 3.0, 7)
    with jax.enable_x64(True):
        right, left = np.asarray(activation(jnp.asarray(u))), np.asarray(activation(jnp.asarray(-u)))
    parity = {"odd": np.allclose(left, -right, atol=1e-15), "even": np.allclose(left, right, atol=1e-15)}
    assert activation.parity == next((p for p, holds in parity.items() if holds), None)
    assert (plane_terms(activation, np.eye(2), np.eye(2)) is None) == (activation.kinks == ())


@pytest.mark.parametrize(("activation", "function"), SERIES, ids=lambda s: getattr(s, "name", ""))
def test_taylor_coefficients_are_those_of_the_function_up_to_one_factor(activation, function):
    with mpmath.workdps(40):
        series = mpmath.taylor(function, 0, 9)
        ours = [mpmath.mpf(c.numerator) / c.denominator for c in activation.taylor(9)]
        pivot = max(range(10), key=lambda p: abs(ours[p]))
        factor = series[pivot] / ours[pivot]
        assert all(abs(factor * c - s) < 1e-25 for c, s in zip(ours, series, strict=True))


def test_polynomial_facts():
    activation = Polynomial((0.0, 0.5, 0.0, -0.25, 0.0))
    assert (activation.degree, activation.parity) == (3, "odd")
    assert [float(c) for c in activation.taylor(5)] == [0.0, 0.5, 0.0, -0.25, 0.0, 0.0]
    assert Polynomial((1.0, 0.0, 2.0)).parity == "even"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("leaky_rleu", "leaky_relu"),
        ("tan", "tanh"),
        ("normalcdf", "normal_cdf"),
        ("leaky_relu:slop=0.1", "slope"),
        ("relu:slope=0.1", "it takes none"),
        ("erf:scale=-1", "scale > 0"),
        ("leaky_relu:slope=inf", "finite"),
        ("polynomial", "missing parameter"),
    ],
)
def test_bad_names_and_parameters_say_what_to_do(text, hint):
    with pytest.raises(InputError, match=hint):
        parse_activation(text)


SIDE = st.floats(-3.0, 3.0).map(lambda x: round(x, 3))


@settings(max_examples=25)
@given(arrays(np.float64, (3, 2), elements=SIDE))
@pytest.mark.parametrize(
    "activation", [Erf(), Relu(), LeakyRelu(-0.5), Sin(), Polynomial((0.3, 1.0, 0.5, 0.1))]
)
def test_tables_form_kernels(activation, W):
    with jax.enable_x64(True):
        m = pair_moments(activation, W, W)
        k00, k11 = np.asarray(m.k00), np.asarray(m.k11)
        for table in (k00, k11):  # Gram matrices of random variables
            assert np.linalg.eigvalsh(table).min() > -1e-12 * max(1.0, np.abs(table).max())
        np.testing.assert_allclose(m.k31, m.k13.T, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(m.k20, m.k02.T, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(m.k22, m.k22.T, rtol=1e-11, atol=1e-12)
        # rotating the neurons changes nothing
        turned = W @ np.array([[0.6, -0.8], [0.8, 0.6]])
        np.testing.assert_allclose(dual_matrix(activation, turned, turned), k00, rtol=1e-12, atol=1e-11)

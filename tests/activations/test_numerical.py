"""Quadrature activations against closed forms and multiprecision integrals."""

import re

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.stats

from tutelage.activations import Abs, Erf, LeakyRelu, Numerical, Silu, Tanh
from tutelage.activations.pair_geometry import pair_geometry
from tutelage.base.errors import InputError, NoHessianError, QuadratureWarning
from tutelage.moments import pair_moments, plane_terms
from tutelage.network import Network
from tutelage.spectra import spectrum
from tutelage.teachers import sample_teacher


def neurons(norm, seed=0):
    """Generic, duplicated up to sign, and nearly parallel rows of one norm."""
    W = np.random.default_rng(seed).normal(size=(5, 4))
    W[1] = -W[0]
    W[2] = W[0] + 1e-9 * W[3]
    return norm * W / np.linalg.norm(W, axis=1, keepdims=True)


def as_numpy(tables):
    return {name: np.asarray(t) for name, t in zip(tables._fields, tables, strict=True)}


def test_quadrature_of_erf_equals_its_closed_tables():
    numerical = Numerical(jax.scipy.special.erf, strip=1.0)  # entire, but it grows like exp(y^2) off the axis
    for norm in (0.2, 1.0, 5.0):
        W = neurons(norm)
        with jax.enable_x64(True):
            ours, closed = as_numpy(pair_moments(numerical, W, W)), as_numpy(pair_moments(Erf(), W, W))
        for name, table in closed.items():
            assert np.abs(ours[name] - table).max() < 1e-13 * np.abs(table).max(), (norm, name)


def test_tanh_at_variance_25_against_multiprecision():
    W = neurons(5.0)
    with jax.enable_x64(True):
        tables = as_numpy(pair_moments(Tanh(), W, W))
    assert Tanh().quadrature_error(W) < 1e-12
    integrands = {
        "k00": lambda u: mpmath.tanh(u) ** 2,
        "k11": lambda u: mpmath.sech(u) ** 4,
        "k20": lambda u: -2 * mpmath.tanh(u) ** 2 * mpmath.sech(u) ** 2,
        "k22": lambda u: 4 * mpmath.tanh(u) ** 2 * mpmath.sech(u) ** 4,
    }
    with mpmath.workdps(20):
        for (
            name,
            f,
        ) in integrands.items():  # one neuron with itself, and with its opposite (odd: sign by the order)
            expected = float(
                2 * mpmath.quad(lambda u, f=f: f(u) * mpmath.npdf(u, 0, 5), [0, 1, 3, 7, 15, 45])
            )
            sign = -1 if name in ("k00", "k20", "k22") else 1
            assert abs(tables[name][0, 0] - expected) < 1e-12
            assert abs(tables[name][0, 1] - sign * expected) < 1e-12


def test_dual_with_means_and_its_derivatives():
    nodes, weights = np.polynomial.hermite_e.hermegauss(90)
    weights = weights / weights.sum()
    q = np.array([0.4, -0.9, 0.64, 0.3, 0.5])

    def silu(u):
        return u / (1 + np.exp(-u))

    def by_hermite(q):
        a = np.sqrt(q[2])
        u = q[0] + a * nodes[:, None]
        v = q[1] + q[3] / a * nodes[:, None] + np.sqrt(q[4] - q[3] ** 2 / q[2]) * nodes[None, :]
        return weights @ (silu(u) * silu(v)) @ weights

    with jax.enable_x64(True):
        value, gradient = jax.value_and_grad(lambda q: Silu().dual(*q))(jnp.asarray(q))
    np.testing.assert_allclose(value, by_hermite(q), rtol=1e-12)
    for axis in range(5):
        h = 1e-5 * np.eye(5)[axis]
        np.testing.assert_allclose(gradient[axis], (by_hermite(q + h) - by_hermite(q - h)) / 2e-5, atol=1e-8)


def test_a_declared_kink_gives_the_closed_tables_and_plane_terms():
    numerical, closed = Numerical(lambda u: jnp.where(u > 0, u, 0.3 * u), kinks=(0.0,)), LeakyRelu(0.3)
    W = neurons(1.3)
    with jax.enable_x64(True):
        ours, theirs = as_numpy(pair_moments(numerical, W, W)), as_numpy(pair_moments(closed, W, W))
    for name, table in theirs.items():
        np.testing.assert_allclose(ours[name], table, rtol=0, atol=1e-13, err_msg=name)
    ours, theirs = plane_terms(numerical, W, W), plane_terms(closed, W, W)
    # The closed form leaves out exactly parallel and opposite pairs, whose coefficients vanish.
    listed = set(zip(theirs.i.tolist(), theirs.j.tolist(), strict=True))
    shared = np.array([pair in listed for pair in zip(ours.i.tolist(), ours.j.tolist(), strict=True)])
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a[shared], b, rtol=0, atol=1e-13)
    assert shared.sum() == len(listed) < len(shared)
    np.testing.assert_allclose(ours.outer[~shared], 0.0, atol=1e-13)
    np.testing.assert_allclose(ours.functional[~shared], 0.0, atol=1e-13)
    with pytest.raises(NoHessianError, match="numerical"):
        plane_terms(numerical, np.zeros((1, 3)), W)


@pytest.mark.slow
def test_two_kinks_away_from_zero():
    clip = Numerical(lambda u: jnp.clip(u, -1.0, 1.0), kinks=(-1.0, 1.0))
    W = np.array([[1.1, 0.4], [-0.2, 0.7]])
    C = W @ W.T
    with jax.enable_x64(True):
        tables = as_numpy(clip.moments(pair_geometry(jnp.asarray(W[:1]), jnp.asarray(W[1:]))))
        # clip(u) = (|u + 1| - |u - 1|) / 2: four closed kernels with means
        terms = [
            s * t / 4 * float(Abs().dual(*map(jnp.float64, (s, t, C[0, 0], C[0, 1], C[1, 1]))))
            for s in (1.0, -1.0)
            for t in (1.0, -1.0)
        ]
        mean = clip.dual(*map(jnp.float64, (0.3, -0.2, C[0, 0], C[0, 1], C[1, 1])))
        shifted = [
            s * t / 4 * float(Abs().dual(*map(jnp.float64, (0.3 + s, t - 0.2, C[0, 0], C[0, 1], C[1, 1]))))
            for s in (1.0, -1.0)
            for t in (1.0, -1.0)
        ]
    law = scipy.stats.multivariate_normal(cov=C)
    # sigma'' is a delta up at -1 and one down at 1
    k22 = sum(s * t * law.pdf([s, t]) for s in (1.0, -1.0) for t in (1.0, -1.0))
    np.testing.assert_allclose(tables["k00"][0, 0], sum(terms), rtol=1e-12)
    np.testing.assert_allclose(mean, sum(shifted), rtol=1e-12)
    np.testing.assert_allclose(tables["k22"][0, 0], k22, rtol=1e-12)


def test_bad_numerical_parameters_are_refused():
    for arguments in ({"fn": 3.0}, {"fn": jnp.tanh, "strip": 0.0}, {"fn": jnp.tanh, "kinks": (np.nan,)}):
        with pytest.raises(InputError, match="Numerical: expected"):
            Numerical(**arguments)


@pytest.mark.parametrize("at", [-4.0, -1.0, -0.3, 0.0, 0.5, 2.0, 3.7])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_kink_that_is_not_declared_is_seen_and_placed(at, order):
    """A jump in the first, second or third derivative."""

    def bent(u):
        return jnp.tanh(u) + jnp.maximum(u - at, 0.0) ** order

    with pytest.warns(QuadratureWarning, match=r"Numerical\(bent\).*kinks=") as seen:
        Numerical(bent)
    low, high = (float(x) for x in re.findall(r"between u = (\S+) and (\S+):", str(seen[0].message))[0])
    assert low - 0.1 <= at <= high + 0.1  # as far as two digits tell
    assert Numerical(bent, kinks=(at,)).kinks == (at,)  # warnings are errors here


def test_one_missing_kink_of_two_and_a_strip_that_is_too_wide():
    with pytest.warns(QuadratureWarning, match="between u = -"):
        Numerical(lambda u: jnp.clip(u, -1.0, 1.0), kinks=(1.0,))
    with pytest.warns(QuadratureWarning, match=r"strip="):
        Numerical(lambda u: jnp.tanh(5 * u))
    assert Numerical(lambda u: jnp.tanh(5 * u), strip=0.3).quadrature_error(neurons(1.0)) < 1e-11


def test_smooth_functions_do_not_warn():
    for smooth in (jnp.tanh, jnp.sin, jax.nn.silu, jax.scipy.special.erf, lambda u: u**5, lambda u: 0.0 * u):
        Numerical(smooth)
    Numerical(lambda u: 1 / jnp.cosh(u / 9), strip=9.0)


@pytest.mark.slow
def test_the_bars_that_matter_are_printed():
    """The ReLU of the fault: 1.3064 is right, and the wrong answer says so itself."""
    network = sample_teacher("relu", d=3, k=2, seed=0)
    with pytest.warns(QuadratureWarning):
        careless = Numerical(jax.nn.relu)
    wrong = spectrum(Network(network.W, network.a, careless))
    assert re.search(r"\] ± 0\.\d", repr(wrong)) and "± 0." in wrong._repr_html_()
    declared = spectrum(Network(network.W, network.a, Numerical(jax.nn.relu, kinks=(0.0,))))
    np.testing.assert_allclose(declared.eigenvalues, spectrum(network).eigenvalues, rtol=0, atol=1e-11)
    assert "±" not in repr(declared) and "±" not in repr(spectrum(network))


def test_functions_that_jax_cannot_follow_and_values_that_are_no_numbers():
    with pytest.raises(InputError, match=r"tanh, which calls NumPy; write jnp\.tanh"):
        Numerical(np.tanh)
    with pytest.raises(InputError, match="nan for derivative 0 at u = -"):
        Numerical(jnp.log)
    with pytest.raises(InputError, match=r"grow slower than"):
        Numerical(lambda u: jnp.exp(jnp.exp(u * u / 10)))

"""Convolutions against closed forms, mpmath and scipy.integrate.quad, to 1e-10; atoms against the mixture."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tutelage.laws import ChiSquare, Convolution, LinearNetwork, MarchenkoPastur, Mixture, PointMass


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 2), (3, 5), (3, 1000), (1000, 3), (7.5, 0.5), (1e4, 1e5)])
def test_chi_square_variables_add(m, n):
    scale = 1 / (m + n)
    both, closed = Convolution(ChiSquare(m, scale), ChiSquare(n, scale)), ChiSquare(m + n, scale)
    x = closed.ppf(np.linspace(1e-4, 1 - 1e-4, 301))
    np.testing.assert_allclose(both.cdf(x), closed.cdf(x), atol=1e-10)
    np.testing.assert_allclose(both.cdf(x), closed.cdf(x), atol=5 * both.error)
    np.testing.assert_allclose(both.pdf(x), closed.pdf(x), rtol=1e-8)


def test_two_unlike_exponentials():
    """Hypoexponential law: P(X + Y > x) = (b e^(-x/b) - a e^(-x/a)) / (b - a)."""
    a, b = 0.01, 3.0
    law = Convolution(ChiSquare(2, a / 2), ChiSquare(2, b / 2))
    x = np.geomspace(1e-4, 60, 200)
    np.testing.assert_allclose(law.sf(x), (b * np.exp(-x / b) - a * np.exp(-x / a)) / (b - a), atol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 60])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_chi_square_and_marchenko_pastur_against_mpmath(k, ratio):
    scale = 1 / ratio
    law = Convolution(ChiSquare(k, 1 / k), MarchenkoPastur(ratio, scale))
    low, high = (scale * (1 + sign * np.sqrt(ratio)) ** 2 for sign in (-1, 1))
    atom = max(0.0, 1 - 1 / ratio)

    def chi(s):
        return mpmath.gammainc(mpmath.mpf(k) / 2, 0, k * s / 2, regularized=True) if s > 0 else mpmath.mpf(0)

    def marchenko_pastur(y):
        return mpmath.sqrt(abs((high - y) * (y - low))) / (2 * mpmath.pi * ratio * scale * y)

    for x in (0.4, 3.1):
        stops = [low, (low + min(x, high)) / 2, min(x, high)] if x > low else None
        with mpmath.workdps(30):
            inside = mpmath.quad(lambda y, x=x: marchenko_pastur(y) * chi(x - y), stops) if stops else 0
        assert law.cdf(x) == pytest.approx(float(atom * chi(mpmath.mpf(x)) + inside), abs=1e-10)


@settings(max_examples=15)
@example(ratio=0.99999, k=1, p=0.5)
@example(ratio=1.0, k=1, p=0.5)
@given(ratio=st.floats(0.05, 20.0), k=st.integers(1, 300), p=st.floats(0.02, 0.98))
def test_any_ratio_against_adaptive_quadrature(ratio, k, p):
    marchenko_pastur = MarchenkoPastur(ratio)
    law = Convolution(ChiSquare(k, 1 / k), marchenko_pastur)
    x = law.ppf(p)
    (atom_mass,) = marchenko_pastur.atoms()[1] if ratio > 1 else (0.0,)
    chi = scipy.stats.chi2(k, scale=1 / k)
    low, high = marchenko_pastur.edges()
    middle, radius = (low + high) / 2, (high - low) / 2

    def integrand(angle):  # y = middle - radius cos(angle) takes the square roots away
        s, c = np.maximum(np.sin(angle / 2), 1e-150), np.cos(angle / 2)
        y = low + 2 * radius * s * s
        return (2 * radius * s * c) ** 2 / (2 * np.pi * ratio * y) * chi.cdf(x - y)

    # Near ratio 1 the integrand bends within 1 - sqrt(ratio) of angle 0.
    kinks = [float(np.arccos(np.clip((middle - x) / radius, -1, 1))), *(10.0**-j for j in range(1, 8))]
    # Piece by piece, by a rule that takes the square roots which k = 1 has at their ends.
    stops = sorted({0.0, np.pi, *kinks})
    pieces = scipy.integrate.tanhsinh(integrand, np.array(stops[:-1]), np.array(stops[1:]), atol=1e-13)
    value, error = pieces.integral.sum(), pieces.error.sum()
    assert law.cdf(x) == pytest.approx(value + atom_mass * chi.cdf(x), abs=1e-9 + error)


def test_order_does_not_matter():
    parts = ChiSquare(10, 0.1), MarchenkoPastur(3.0)
    x = np.linspace(0, 14, 99)
    np.testing.assert_allclose(Convolution(*parts).cdf(x), Convolution(*parts[::-1]).cdf(x), atol=1e-10)
    np.testing.assert_allclose(
        Convolution(*parts).pdf(x[1:]), Convolution(*parts[::-1]).pdf(x[1:]), atol=1e-9
    )


def test_atoms_of_both_laws_meet():
    dice = Mixture([PointMass(0.0), PointMass(1.0)], [0.5, 0.5])
    points, weights = Convolution(dice, dice).atoms()
    assert points.tolist() == [0.0, 1.0, 2.0] and weights.tolist() == [0.25, 0.5, 0.25]
    assert Convolution(dice, dice).cdf([-0.1, 0.0, 1.5, 2.0]).tolist() == [0.0, 0.25, 0.75, 1.0]


def test_convolution_with_a_point_mass_is_a_shift():
    law, shifted = ChiSquare(3), Convolution(PointMass(2.0), ChiSquare(3))
    x = np.linspace(0.1, 9, 50)
    np.testing.assert_allclose(shifted.cdf(x + 2), law.cdf(x), atol=1e-14)
    np.testing.assert_allclose(shifted.pdf(x + 2), law.pdf(x), rtol=1e-12)


def test_a_sum_of_three_is_nested():
    three = Convolution(Convolution(ChiSquare(3), ChiSquare(4)), ChiSquare(5))
    x = np.linspace(1, 40, 6)
    np.testing.assert_allclose(three.cdf(x), ChiSquare(12).cdf(x), atol=1e-10)


@pytest.mark.parametrize(("d", "k"), [(30, 10), (1000, 3), (7, 6)])
def test_narrow_network_is_the_printed_mixture(d, k):
    chi = ChiSquare(k, 1 / k)
    mixture = Mixture([Convolution(chi, MarchenkoPastur(k / d, 1.0)), chi], [k / d, 1 - k / d])
    law = LinearNetwork(d, k)
    x = law.ppf(np.linspace(0.001, 0.999, 200))
    np.testing.assert_allclose(law.cdf(x), mixture.cdf(x), atol=1e-10)


@given(d=st.integers(1, 10**4), k=st.integers(1, 10**4))
def test_linear_network_has_no_atom_and_the_mean_of_the_trace(d, k):
    law = LinearNetwork(d, k)
    assert law.mean() == pytest.approx(1 + k / d)
    assert law.var() == pytest.approx(2 / k + k / d, rel=1e-6)
    assert law.atoms()[0].size == 0


def test_full_law_adds_the_zeros():
    law = LinearNetwork(30, 10)
    full = law.full()
    zeros = 1 - 30 / 310
    assert full.cdf(-1e-9) == 0.0 and full.cdf(0.0) == pytest.approx(zeros)
    assert full.cdf(1.0) == pytest.approx(zeros + (1 - zeros) * law.cdf(1.0))
    assert law.full(30).cdf(0.0) == 0.0

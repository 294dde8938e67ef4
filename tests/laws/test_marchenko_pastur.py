"""Marchenko-Pastur against mpmath quadrature of its density, the quarter circle and sampled matrices."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from hypothesis import strategies as st

from tutelage.laws import MarchenkoPastur

ratios = st.floats(1e-6, 1e6) | st.sampled_from([1.0, 1 - 1e-12, 1 + 1e-12, 1e-9])


@pytest.mark.parametrize("ratio", [0.004, 0.02, 0.5, 0.99, 1.0, 1.01, 3.0, 200.0])
def test_cdf_is_the_integral_of_the_printed_density(ratio):
    scale = 1.7
    law = MarchenkoPastur(ratio, scale)
    low, high = scale * (1 - np.sqrt(ratio)) ** 2, scale * (1 + np.sqrt(ratio)) ** 2

    def density(x):  # Couto et al. 2025, eq. (15), written out again
        return mpmath.sqrt((high - x) * (x - low)) / (2 * mpmath.pi * ratio * scale * x)

    atom = max(0.0, 1 - 1 / ratio)
    for share in (0.01, 0.7):
        x = low + share * (high - low)
        with mpmath.workdps(30):
            expected = atom + mpmath.quad(density, [low, x])
        assert law.cdf(x) == pytest.approx(float(expected), abs=1e-12)
        assert law.pdf(x) == pytest.approx(float(density(x)), rel=1e-12)


def test_ratio_one_is_the_square_of_a_quarter_circle():
    law = MarchenkoPastur(1.0)
    s = np.linspace(0.01, 1.99, 30)
    quarter_circle = [scipy.integrate.quad(lambda t: np.sqrt(4 - t * t) / np.pi, 0, end)[0] for end in s]
    np.testing.assert_allclose(law.cdf(s**2), quarter_circle, atol=1e-13)
    assert np.isfinite(law.pdf(1e-300)) and law.pdf(0.0) == np.inf and law.pdf(-1.0) == 0.0
    assert law.cdf(1e-20) == pytest.approx(2e-10 / np.pi, rel=1e-10)


@given(ratio=ratios, scale=st.floats(1e-3, 1e3))
def test_atom_mean_and_variance_for_any_ratio(ratio, scale):
    law = MarchenkoPastur(ratio, scale)
    assert law.mean() == pytest.approx(scale)
    assert law.var() == pytest.approx(
        ratio * scale**2, rel=1e-6 if ratio > 1e-3 else 1e-2, abs=1e-9 * scale**2
    )
    atom = 1 - 1 / ratio if ratio > 1 else 0.0
    assert law.atoms()[1].sum() == pytest.approx(atom)
    assert law.cdf(0.0) == pytest.approx(atom, abs=1e-14)
    assert law.cdf(law.edges()[1]) == pytest.approx(1.0, abs=1e-14)


@given(ratio=ratios, p=st.floats(1e-6, 1 - 1e-6))
def test_both_gram_matrices_share_their_nonzero_eigenvalues(ratio, p):
    """Continuous parts of (ratio c, scale 1) and (ratio 1/c, scale c) agree up to the mass c."""
    law, dual = MarchenkoPastur(ratio, 1.0), MarchenkoPastur(1 / ratio, ratio)
    low, high = law.edges()
    x = low + p * (high - low)
    assert law.distribution(np.array(x)) * ratio == pytest.approx(
        float(dual.distribution(np.array(x))), rel=1e-9, abs=1e-13 * max(ratio, 1)
    )


@pytest.mark.parametrize(("p", "n"), [(120, 240), (240, 120), (160, 160)])
def test_large_wishart_matrices_follow_the_law(p, n):
    """Deviations of eigenvalue counts are O(log n / n), far below the 1/sqrt(p) of independent points."""
    G = np.random.default_rng(3).standard_normal((p, n))
    eigenvalues = np.linalg.eigvalsh(G @ G.T / n)
    law = MarchenkoPastur(p / n)
    nonzero = np.sort(eigenvalues)[max(0, p - n) :]
    rank = (np.arange(nonzero.size) + 0.5 + max(0, p - n)) / p
    assert np.abs(law.cdf(nonzero) - rank).max() < 4 / min(p, n)
    assert np.abs(MarchenkoPastur(1.6 * p / n).cdf(nonzero) - rank).max() > 10 / min(p, n)

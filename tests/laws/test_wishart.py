"""The exact finite-size density against densities written out by hand, closed moments, quadrature and sampling."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.laws import ChiSquare, FiniteLinearNetwork, LinearNetwork, MarchenkoPastur, Wishart


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_one_row_is_chi_square(n):
    x = np.linspace(0.01, 3 * n, 50)
    np.testing.assert_allclose(Wishart(1, n).pdf(x), ChiSquare(n).pdf(x), rtol=1e-12)
    np.testing.assert_allclose(Wishart(1, n).cdf(x), ChiSquare(n).cdf(x), atol=1e-12)


@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 3), (2, 6), (3, 3), (3, 4), (3, 6)])
def test_two_and_three_rows_by_integrating_the_joint_density(m, n):
    """One-point density by quadrature over the other eigenvalues of prod x^((a-1)/2) e^(-x/2) prod |x_i - x_j|."""
    nodes, weights = np.polynomial.legendre.leggauss(60)

    def panels(x):  # |x - y| kinks at x; y = u^2 takes the root at 0 away
        u, w = [], []
        for low, high in ((0.0, np.sqrt(x)), (np.sqrt(x), 12.0)):
            u.append((low + high) / 2 + (high - low) / 2 * nodes)
            w.append((high - low) / 2 * weights)
        u, w = np.concatenate(u), np.concatenate(w)
        return u**2, 2 * u * w * weight(u**2)

    def weight(y):
        return y ** ((n - m - 1) / 2) * np.exp(-y / 2)

    def unnormalised(x):
        y, w = panels(x)
        if m == 2:
            return weight(x) * np.sum(w * np.abs(x - y))
        total = 0.0
        for yi, wi in zip(
            y, w, strict=True
        ):  # |y - z| kinks at y and x: both are panel ends for z in [.., y]
            z, wz = panels(yi)
            inner = np.abs(x - z) * np.abs(yi - z)
            total += wi * abs(x - yi) * np.sum(wz * inner)
        return weight(x) * total

    law = Wishart(m, n)
    x = np.array([0.3, 1.0, 2.5, 6.0, 11.0])
    values = np.array([unnormalised(point) for point in x])
    # The constant drops out of ratios. The inner rule for m = 3 crosses a kink: 60 nodes leave 1e-4.
    np.testing.assert_allclose(values / values[2], law.pdf(x) / law.pdf(x[2]), rtol=1e-11 if m == 2 else 1e-3)


def test_square_two_by_two_in_closed_form():
    """Eigenvalues of a 2 x 2 real Wishart, mpmath: rho(x) = c x^(-1/2) e^(-x/2) int y^(-1/2) e^(-y/2) |x - y| dy."""
    law = Wishart(2, 2)
    for x in (1e-6, 0.5, 3.0, 20.0):
        with mpmath.workdps(30):
            inner = mpmath.quad(
                lambda u, x=x: 2 * mpmath.exp(-u * u / 2) * abs(x - u * u), [0, mpmath.sqrt(x), 6, 20]
            )
            density = (
                inner * mpmath.exp(-mpmath.mpf(x) / 2) / mpmath.sqrt(x) / 8
            )  # 8 = normaliser of the joint law
        norm = 1.0
        assert law.pdf(x) == pytest.approx(norm * float(density), rel=1e-11)


@settings(max_examples=25)
@given(size=st.integers(1, 80), dof=st.integers(1, 80))
def test_mass_and_four_closed_moments_at_any_size(size, dof):
    law = Wishart(size, dof, 1 / size)
    measure = law.measure()
    for order in range(5):
        assert measure.moment(order) == pytest.approx(law.moment(order), rel=1e-11)


@pytest.mark.parametrize(("size", "dof"), [(200, 201), (150, 450), (10, 10**5)])
def test_large_sizes_lose_no_digits(size, dof):
    """psi_0 underflows at (200, 201) long before the upper edge; dof = 1e5 needs logarithms of factorials."""
    law = Wishart(size, dof, 1 / dof)
    low, high = law.breakpoints()
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(np.sqrt(low), np.sqrt(high), 61)  # composite, over sqrt(x)
    half = np.diff(edges)[:, None] / 2
    u = (edges[:-1, None] + half + half * nodes).ravel()
    w = (half * weights).ravel() * 2 * u * law.pdf(u * u)
    for order in range(3):
        assert w @ u ** (2 * order) == pytest.approx(law.moment(order), rel=1e-10)
    assert np.all(law.pdf(u * u) >= -1e-13 * law.pdf(u * u).max())


@pytest.mark.parametrize(("size", "dof"), [(2, 2), (4, 4), (5, 3), (10, 20), (11, 12)])
def test_sampled_matrices_follow_it(size, dof):
    G = np.random.default_rng(11).standard_normal((4000, dof, size))
    singular = np.linalg.svd(G, compute_uv=False)
    pick = np.random.default_rng(12).integers(min(size, dof), size=4000)
    eigenvalue = singular[np.arange(4000), pick] ** 2
    law = Wishart(size, dof)
    mass = 1 - law.atoms()[1].sum()
    assert scipy.stats.kstest(eigenvalue, lambda x: law.distribution(x) / mass).pvalue > 1e-3
    wrong = MarchenkoPastur(size / dof, float(dof))
    assert scipy.stats.kstest(eigenvalue, lambda x: wrong.distribution(x) / mass).pvalue < 0.5


def test_marchenko_pastur_is_its_limit():
    """sup |F_n - F| falls like 1/n: 10 times larger matrices, about 10 times nearer."""
    gaps = []
    for n in (8, 80):
        finite, limit = Wishart(n, 2 * n, 1 / n), MarchenkoPastur(0.5, 2.0)
        x = np.linspace(0.01, 6.5, 2000)
        gaps.append(np.abs(finite.cdf(x) - limit.cdf(x)).max())
    assert 6 < gaps[0] / gaps[1] < 14


def test_distribution_is_the_integral_of_the_density():
    law = Wishart(6, 4)
    for x in (0.5, 3.0, 9.0):
        integral = scipy.integrate.quad(lambda u: 2 * u * law.pdf(u * u), 0, np.sqrt(x), epsabs=1e-13)[0]
        assert law.cdf(x) == pytest.approx(1 / 3 + integral, abs=1e-12)


@given(d=st.integers(1, 500), k=st.integers(1, 500))
def test_finite_network_has_the_exact_mean_and_variance(d, k):
    law = FiniteLinearNetwork(d, k)
    assert law.mean() == pytest.approx(1 + k / d)
    assert law.var() == pytest.approx(2 / k + (k / d) * (1 + 1 / d))


@pytest.mark.parametrize(("d", "k", "distance"), [(10, 20, 0.013369), (30, 10, 0.002621)])
def test_limit_law_is_at_a_recorded_distance(d, k, distance):
    finite, limit = FiniteLinearNetwork(d, k), LinearNetwork(d, k)
    x = np.linspace(0, limit.ppf(0.9999), 5000)
    assert np.abs(finite.cdf(x) - limit.cdf(x)).max() == pytest.approx(distance, abs=2e-6)


def test_limit_law_comes_nearer_with_size():
    gaps = []
    for factor in (1, 4, 16):
        finite, limit = FiniteLinearNetwork(5 * factor, 10 * factor), LinearNetwork(5 * factor, 10 * factor)
        x = np.linspace(0, limit.ppf(0.9999), 1500)
        gaps.append(np.abs(finite.cdf(x) - limit.cdf(x)).max())
    assert gaps[0] > 2.5 * gaps[1] > 6 * gaps[2]

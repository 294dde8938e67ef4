"""MP ⊠ chi^2_1 against its defining equation by quadrature, free cumulants, and sampled matrices and networks."""

import mpmath
import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.laws import MarchenkoPastur, Nonzero, WeightedMarchenkoPastur, quadratic_bulk

RATIOS = [0.1, 1.0, 1.05, 60.0]
LAWS = {ratio: WeightedMarchenkoPastur(ratio) for ratio in (*RATIOS, 0.5, 2.0)}  # each keeps its table


def _integrand(g, m):
    return mpmath.exp(-g * g / 2) * mpmath.sqrt(2 / mpmath.pi) * g * g / (1 + g * g * m)


@pytest.mark.parametrize("ratio", RATIOS)
def test_transform_solves_the_printed_equation(ratio):
    """E[t/(1 + t m)] once more by quadrature over t = g^2, and the density by the same m."""
    law = LAWS[ratio]
    for x in (law.edge + 0.01, ratio + 5.0):
        m = mpmath.mpc(complex(law.stieltjes(np.array(x))))
        # The pole g^2 = -1/m lies above the positive axis, so the ray g = s e^(-i pi/8) passes below it.
        turn = mpmath.exp(-0.125j * mpmath.pi)
        mean = turn * mpmath.quad(
            lambda s, m=m, turn=turn: _integrand(s * turn, m), [0, 0.1, 0.5, 1, 2, 4, 8, 14]
        )
        assert abs(m * (-x + ratio * mean) - 1) < 1e-9
        assert law.pdf(x) == pytest.approx(float(m.imag / mpmath.pi), rel=1e-7)


@pytest.mark.parametrize("ratio", RATIOS)
def test_mass_and_moments_are_those_of_the_free_cumulants(ratio):
    """m_1 = r, m_2 = r^2 + 3r, m_3 = r^3 + 9r^2 + 15r: free cumulants r E t^n = r, 3r, 15r."""
    law = LAWS[ratio]
    by_hand = [1.0, ratio, ratio**2 + 3 * ratio, ratio**3 + 9 * ratio**2 + 15 * ratio]
    for order, moment in enumerate(by_hand):
        assert law.moment(order) == pytest.approx(moment, rel=1e-14)
        assert law.measure().moment(order) == pytest.approx(moment, rel=1e-8)
    assert law.cdf(law.breakpoints()[-1]) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.slow
def test_left_end_grows_as_told():
    x = np.array([1e-20, 1e-16])
    for ratio, power in ((0.5, -1 / 2), (1.0, -2 / 3)):
        low, high = LAWS[ratio].pdf(x)
        assert np.log(high / low) / np.log(1e4) == pytest.approx(power, abs=1e-4)
    above = LAWS[2.0]
    assert above.edge > 0.04 and above.pdf(above.edge - 1e-9) == 0.0 and above.cdf(above.edge) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(("d", "k"), [(120, 120), (80, 160), (160, 80)])
def test_sampled_bulks_follow_both_laws(d, k):
    """Eigenvalues of k W^T D^2 W, and every fifth of their pair sums, over 8 teachers."""
    rng = np.random.default_rng(2)
    single, pairs, rank = [], [], min(d, k)
    for _ in range(8):
        W, a = rng.standard_normal((k, d)) / np.sqrt(d), rng.standard_normal(k)
        squares = np.linalg.svd(a[:, None] * W, compute_uv=False) ** 2
        single.append(np.concatenate([squares, np.zeros(d - rank)]))
        i, j = np.triu_indices(d)
        pairs.append((single[-1][i] + single[-1][j])[::5])
    for law, values in ((LAWS[k / d], single), (quadratic_bulk(k / d), pairs)):
        values = np.sort(np.concatenate(values))
        values = values[values > 0]
        zeros = law.atoms()[1].sum()
        rank_below = zeros + (1 - zeros) * (np.arange(values.size) + 0.5) / values.size
        assert np.abs(law.cdf(values) - rank_below).max() < 0.035
        assert np.abs(law.cdf(3 * values) - rank_below).max() > 0.06


def test_conditioning_on_nonzero():
    law, dual = Nonzero(MarchenkoPastur(4.0)), MarchenkoPastur(0.25, 4.0)
    x = np.linspace(1.1, 8.9, 40)
    np.testing.assert_allclose(law.cdf(x), dual.cdf(x), atol=1e-14)
    np.testing.assert_allclose(law.pdf(x), dual.pdf(x), rtol=1e-12)
    assert law.moment(3) == pytest.approx(dual.moment(3)) and law.support() == pytest.approx(dual.support())
    assert quadratic_bulk(0.5).atoms()[0].size == 0
    assert quadratic_bulk(0.5).mean() == pytest.approx(2 * 0.5 / 0.75)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WeightedMarchenkoPastur(0), "expected ratio > 0"),
        (lambda: quadratic_bulk(-1.0), "expected ratio > 0"),
        (lambda: Nonzero("law"), "expected a tutelage law"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()

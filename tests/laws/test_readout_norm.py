"""Other weight laws: |a|^2 sampled from the public weight laws, and the facts of Figs. 8 and 9."""

import numpy as np
import pytest
import scipy.stats

from tutelage.base.errors import InputError
from tutelage.laws import LinearNetwork, PointMass, linear_network_of, pooled_distance, squared_norm
from tutelage.weights import as_weight_law

NAMES = ["normal", "uniform", "laplace"]


def _samples(name, k, n=3000, seed=4):
    return np.sum(as_weight_law(name).sample(np.random.default_rng(seed), (n, k), k) ** 2, axis=1)


@pytest.mark.parametrize(("name", "factor"), [("normal", 2.0), ("uniform", 0.8), ("laplace", 5.0)])
def test_variance_is_kurtosis_minus_one_over_k(name, factor):
    k, n = 40, 3000
    draws = _samples(name, k, n)
    assert squared_norm(k, name).var() == pytest.approx(factor / k, abs=1e-15)
    assert squared_norm(k, name).mean() == pytest.approx(1.0)
    error = np.sqrt(
        scipy.stats.moment(draws, order=4) / n
    )  # bounds the standard error of the sample variance
    assert abs(draws.var() - factor / k) < 4 * error


@pytest.mark.parametrize("name", NAMES)
def test_central_limit_is_accepted_at_k_1000(name):
    draws = _samples(name, 1000)
    assert scipy.stats.kstest(draws, squared_norm(1000, name).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", ["uniform", "laplace"])
def test_narrow_networks_keep_the_law_of_their_readout(name):
    """Fig. 9: for k < d the part 1 - k/d is |a|^2; at k = 1000 it is at distance 0.11 of the normal one."""
    x = np.linspace(0.7, 1.3, 4001)
    gap = np.abs(squared_norm(1000, name).cdf(x) - squared_norm(1000).cdf(x)).max()
    assert gap == pytest.approx(0.11, abs=0.01)
    d, k = 3000, 1000
    x = np.linspace(0.7, 1.3, 1001)
    network_gap = np.abs(linear_network_of(d, k, name).cdf(x) - LinearNetwork(d, k).cdf(x)).max()
    assert network_gap == pytest.approx((1 - k / d) * gap, abs=0.002)


def test_rademacher_has_an_atom_at_one():
    law = linear_network_of(30, 10, "rademacher")
    assert law.atoms()[0].tolist() == [1.0] and law.atoms()[1] == pytest.approx([2 / 3])
    rng = np.random.default_rng(0)
    W = as_weight_law("rademacher").sample(rng, (300, 10, 30), 30)
    eigenvalues = 1 + np.linalg.svd(W, compute_uv=False) ** 2
    multiplicities = np.ones((300, 11))
    multiplicities[:, 0] = 20
    values = np.concatenate([np.ones((300, 1)), eigenvalues], axis=1)
    assert pooled_distance(values, law, multiplicities, 99).value < 0.015
    assert pooled_distance(values, LinearNetwork(30, 10), multiplicities, 99).value > 0.3


@pytest.mark.parametrize("name", ["uniform", "laplace", "rademacher"])
def test_wide_networks_forget_the_law_of_their_weights(name):
    """Fig. 8: k >= d and large."""
    gaps = []
    for k in (20, 2000):
        x = np.linspace(0.5, 7, 400)
        gaps.append(np.abs(linear_network_of(k // 2, k, name).cdf(x) - LinearNetwork(k // 2, k).cdf(x)).max())
    assert gaps[1] < 0.004 and gaps[0] > 8 * gaps[1]


def test_heavy_tails_are_refused():
    for name in ("student_t:nu=4", "student_t:nu=3", "cauchy"):
        with pytest.raises(InputError, match="finite fourth moment"):
            squared_norm(10, name)
    assert squared_norm(10, "student_t:nu=5").var() == pytest.approx(0.8)
    assert squared_norm(7, "rademacher") == PointMass(1.0)

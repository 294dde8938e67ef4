"""Odd networks: constants by quadrature, groups against the block matrix they come from, laws against exact spectra."""

import numpy as np
import pytest
import scipy.special

from tutelage.laws import OddGroups, OddNetwork, distance, odd_constants
from tutelage.network import Network
from tutelage.population import hessian_at_optimum
from tutelage.teachers import sample_teacher

SHAPES = [(3, 6), (6, 3), (4, 4), (5, 1), (1, 5)]


def weights(d, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((k, d)) / np.sqrt(d), rng.standard_normal(k) / np.sqrt(k)


@pytest.mark.parametrize(
    ("activation", "sigma", "slope"),
    [
        (
            "erf:scale=0.8",
            lambda x: scipy.special.erf(0.8 * x),
            lambda x: 1.6 / np.sqrt(np.pi) * np.exp(-0.64 * x**2),
        ),
        ("sin", np.sin, np.cos),
        ("tanh", np.tanh, lambda x: 1 / np.cosh(x) ** 2),
        ("polynomial:coefficients=0,1,0,-0.3", lambda x: x - 0.3 * x**3, lambda x: 1 - 0.9 * x**2),
    ],
)
def test_constants_are_averages_over_a_normal_variable(activation, sigma, slope):
    x = np.linspace(-12, 12, 4001)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    found, strength = odd_constants(activation), (density @ slope(x)) ** 2
    assert found.strength == pytest.approx(strength, rel=1e-11)
    assert found.level == pytest.approx(density @ sigma(x) ** 2 - strength, rel=1e-10)
    assert found.bulk == pytest.approx(density @ slope(x) ** 2 - strength, rel=1e-10)


@pytest.mark.parametrize(("d", "k"), SHAPES)
def test_groups_are_the_eigenvalues_of_their_block_matrices(d, k):
    """Top and middle: one matrix of size d + k that no singular value enters; the bulk: its secular equation."""
    W, a = weights(d, k)
    b, level, spread = odd_constants("erf")
    length = np.sqrt(a @ a)
    matrix = np.block(
        [[b * length**2 * np.eye(d), b * length * W.T], [b * length * W, b * W @ W.T + level * np.eye(k)]]
    )
    groups = OddGroups(W, a, "erf")
    together = np.sort(np.concatenate([groups.top, groups.middle]))
    np.testing.assert_allclose(together, np.linalg.eigvalsh(matrix), atol=1e-14)
    assert [g.size for g in (groups.top, groups.middle, groups.bulk)] == [d, k, (k - 1) * d]
    for value in groups.bulk[::d]:  # 1 + b Σ a_i²/(ν' a_i² − λ) = 0
        assert 1 + b * np.sum(a**2 / (spread * a**2 - value)) == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(groups.lower, np.sort(np.concatenate([groups.middle, groups.bulk]))[::-1])


@pytest.mark.parametrize(("d", "k"), [(300, 600), (600, 300), (400, 400)])
def test_the_limit_is_what_one_large_network_has(d, k):
    """Eigenvalues of one matrix repel each other: distance of the order of 1/size. The bulk: k independent a_i²."""
    W, a = weights(d, k)
    law, groups = OddNetwork("sin", d, k, length=float(a @ a)), OddGroups(W, a, "sin")
    for group, values in ((law.top, groups.top), (law.middle, groups.middle)):
        roots, atom = group.laws
        at_atom = np.abs(values - atom.position) < 1e-10
        assert at_atom.mean() == pytest.approx(group.weights[1], abs=1e-12)
        assert distance.distance(values[~at_atom], roots.cdf) < 6 / min(d, k)
    assert distance.kolmogorov(groups.bulk[::d], law.bulk.cdf) < distance.KOLMOGOROV_1E3
    assert distance.distance(groups.top, OddNetwork("erf", d, k).top.cdf) > 0.1


def test_exact_spectra_come_to_the_law_as_networks_grow():
    """Top, then everything: mean over teachers of the distance, |a|² given. Another activation's law stays away."""

    def mean_distances(n):
        found = []
        for r in range(4):
            teacher = sample_teacher("erf", d=n, k=n, realization=r)
            values = np.linalg.eigvalsh(hessian_at_optimum(teacher).dense())
            law, other = (
                OddNetwork(name, n, n, length=float(teacher.a @ teacher.a)) for name in ("erf", "sin")
            )
            pairs = ((values[-n:], law.top), (values, law), (values, other))
            found.append([distance.distance(part, of.cdf) for part, of in pairs])
        return np.mean(found, axis=0)

    small, large = mean_distances(7), mean_distances(21)
    assert np.all(large[:2] < 0.75 * small[:2]) and large[0] < 0.25 and large[1] < 0.12
    assert large[2] > 1.2 * large[1]


def test_the_consequence_for_counting():
    """The group away from zero has d members, the INPUT dimension, whatever k is."""
    for d, k in ((12, 24), (24, 12)):
        law = OddNetwork("erf", d, k)
        assert law.rank == k * (d + 1)
        assert law.sf(law.top.support()[0] - 1e-9) == pytest.approx(d / law.rank, rel=0.02)
        assert law.top.support()[0] > law.middle.support()[1]


def test_groups_of_a_network_and_of_a_sign_flip_agree():
    W, a = weights(4, 3)
    signs = np.array([1.0, -1.0, -1.0])
    network = Network(signs[:, None] * W, signs * a, "erf")  # the same function
    same, other = OddGroups(network.W, network.a, "erf"), OddGroups(W, a, "erf")
    np.testing.assert_allclose(same.top, other.top, atol=1e-14)
    np.testing.assert_allclose(same.bulk, other.bulk, atol=1e-14)

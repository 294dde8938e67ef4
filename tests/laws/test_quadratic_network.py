"""Quadratic networks: counts, groups of given weights against exact spectra, and the limit against large networks."""

import numpy as np
import pytest

from tutelage.laws import QuadraticGroups, QuadraticNetwork, distance
from tutelage.rank.formulas import quadratic_count
from tutelage.spectra import spectrum
from tutelage.teachers import sample_teacher


def _exact(d, k, alpha, realization=0):
    teacher = sample_teacher(f"quadratic:alpha={alpha}", d=d, k=k, realization=realization)
    values = np.sort(spectrum(teacher).eigenvalues)[::-1]
    return teacher, values[: int(quadratic_count(d, k))]


def test_the_groups_count_what_equation_14_counts():
    for d in range(1, 10):
        for k in range(1, d * (d + 1) // 2 + 1):
            assert QuadraticNetwork(1.0, d, k).rank == quadratic_count(d, k)
            rng = np.random.default_rng(k)
            groups = QuadraticGroups(rng.standard_normal((k, d)), rng.standard_normal(k), 0.7)
            assert groups.group.size == d + k - 1
            assert 1 + groups.group.size + groups.bulk.size == quadratic_count(d, k)
            assert groups.bulk.size == 0 or groups.bulk.min() > 0


@pytest.mark.parametrize(("d", "k"), [(40, 40), (30, 50), (50, 30)])
def test_given_weights_predict_the_exact_spectrum(d, k):
    teacher, values = _exact(d, k, 0.8)
    groups = QuadraticGroups(teacher.W, teacher.a, 0.8)
    assert groups.outlier == pytest.approx(values[0], rel=0.05)
    group = values[1 : d + k]
    assert np.sqrt(np.mean((groups.group - group) ** 2)) < 0.25 * np.sqrt(np.mean(group**2))
    bulk, ascending = values[d + k :], groups.bulk[::-1]
    pairs = lambda x: np.searchsorted(ascending, x, side="right") / ascending.size  # noqa: E731
    assert distance.distance(bulk, pairs) < 0.09
    assert distance.distance(0.5 * bulk, pairs) > 0.18  # a wrong factor of two


@pytest.mark.slow
@pytest.mark.parametrize(("d", "k"), [(300, 300), (200, 400), (400, 200)])
def test_the_limit_is_what_one_large_network_has(d, k):
    rng = np.random.default_rng(5)
    W, a = rng.standard_normal((k, d)) / np.sqrt(d), rng.standard_normal(k) / np.sqrt(k)
    groups, law = QuadraticGroups(W, a, 0.7), QuadraticNetwork(0.7, d, k, length=float(a @ a))
    assert groups.outlier == pytest.approx(law.outlier, rel=0.02)
    assert distance.distance(groups.bulk, law.bulk.cdf) < 0.03
    assert (
        distance.distance(groups.bulk, QuadraticNetwork(0.7, d, k, length=1.3 * law.length).bulk.cdf) > 0.05
    )
    # One eigenvalue of the group, the outlier's, has left; those at |a|² and 2α² are equal to the last digits only.
    points, masses = law.group.atoms()
    at_atom = (np.abs(groups.group[:, None] - points) < 1e-9).any(axis=1)
    assert abs(at_atom.sum() - masses.sum() * (d + k)) <= 1
    found = np.sort(groups.group[~at_atom])
    roots = law.group.measure().distribution(found) / (1 - masses.sum())
    assert np.abs(roots - (np.arange(found.size) + 0.5) / found.size).max() < 0.01


def test_the_law_over_teachers_comes_nearer_as_networks_grow():
    def mean_distance(n):
        found = []
        for r in range(3):
            teacher, values = _exact(n, n, 1.0, r)
            law = QuadraticNetwork(1.0, n, n, length=float(teacher.a @ teacher.a))
            found.append(distance.distance(values, law.cdf))
        return np.mean(found)

    small, large = mean_distance(10), mean_distance(30)
    assert large < 0.8 * small and large < 0.13


def test_the_outlier_s_mean_is_that_of_the_prediction():
    """E|w|⁴ = 1 + 2/d and E|a|² = 1, over many teachers."""
    d, k, alpha = 24, 12, 0.6
    teachers = [sample_teacher("linear", d=d, k=k, realization=r) for r in range(400)]
    mean, error = distance.mean_and_error(
        np.array([QuadraticGroups(t.W, t.a, alpha).outlier for t in teachers])
    )
    assert abs(mean - QuadraticNetwork(alpha, d, k).outlier) < 4 * error


def test_the_sign_of_alpha_does_not_matter_and_its_size_does():
    law, flipped, other = (QuadraticNetwork(alpha, 20, 20) for alpha in (0.5, -0.5, 0.6))
    x = np.linspace(0.001, 10, 50)
    np.testing.assert_array_equal(law.cdf(x), flipped.cdf(x))
    assert np.abs(law.cdf(x) - other.cdf(x)).max() > 0.01

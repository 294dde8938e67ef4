"""Stacks of teachers are the teachers `sample_teacher` gives, and their eigenvalues those of dense Hessians."""

import numpy as np
import pytest

from tutelage.network import sample_teacher
from tutelage.studies import statistics
from tutelage.studies.erf_groups import erf_constants, predicted_groups
from tutelage.studies.teachers import linear_eigenvalues, teacher_weights


@pytest.mark.parametrize("law", ["normal", "uniform", "rademacher", "laplace", "student_t:nu=3", "cauchy"])
def test_a_stack_holds_the_teachers_of_sample_teacher(law):
    W, a = teacher_weights(4, 3, 5, seed=7, weights=law)
    for i in range(5):
        teacher = sample_teacher("linear", d=4, k=3, seed=7, weights=law, realization=i)
        np.testing.assert_array_equal(W[i], teacher.W)
        np.testing.assert_array_equal(a[i], teacher.a)


@pytest.mark.parametrize(("d", "k"), [(3, 6), (6, 3), (4, 4), (5, 1), (1, 5)])
def test_linear_eigenvalues_are_those_of_the_jacobian(d, k):
    """Unlike oracle: f is linear in x, so H = JᵀJ with J = d(Wᵀa)/dθ built entry by entry."""
    W, a = teacher_weights(d, k, 2, seed=1)
    for w, b, values in zip(W, a, linear_eigenvalues(W, a), strict=True):
        jacobian = np.concatenate([np.kron(b, np.eye(d)), w.T], axis=1)
        expected = np.linalg.svd(jacobian, compute_uv=False) ** 2
        np.testing.assert_allclose(np.sort(values), np.sort(expected), rtol=1e-12)


def test_constants_of_erf_by_quadrature():
    x, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()
    from scipy.special import erf

    slope = 2 / np.sqrt(np.pi) * 0.8 * np.exp(-((0.8 * x) ** 2))
    found = erf_constants(0.8)
    assert found.b0 == pytest.approx(weight @ slope, rel=1e-12)
    assert found.nu_prime == pytest.approx(weight @ slope**2 - found.b0**2, rel=1e-11)
    assert found.nu_2 == pytest.approx(weight @ erf(0.8 * x) ** 2 - found.b0**2, rel=1e-11)


@pytest.mark.parametrize(("d", "k"), [(3, 6), (6, 3), (4, 4)])
def test_groups_count_d_k_and_the_rest(d, k):
    rng = np.random.default_rng(0)
    W, a = rng.standard_normal((k, d)), rng.standard_normal(k)
    groups = predicted_groups(np.linalg.svd(W, compute_uv=False), a, d, erf_constants())
    assert [len(groups[name]) for name in ("top", "middle", "bulk")] == [d, k, (k - 1) * d]
    # Together they keep the trace of the leading-order matrix: |a|² and the neurons' lengths.
    c = erf_constants()
    trace = c.b0**2 * (d * (a @ a) + np.sum(W**2)) + k * c.nu_2
    assert groups["top"].sum() + groups["middle"].sum() == pytest.approx(trace, rel=1e-12)


def test_distance_sees_both_sides_of_a_jump():
    """For one atom at 0.5 against the uniform law the distance is 1/2; a missed side would give 0.5 too little."""
    uniform = lambda x: np.clip(x, 0, 1)  # noqa: E731
    assert statistics.distance(np.array([0.5]), uniform) == 0.5
    assert statistics.distance(np.array([0.9]), uniform) == pytest.approx(0.9)
    assert statistics.distance(np.array([0.1]), uniform) == pytest.approx(0.9)


def test_kolmogorov_accepts_the_true_law_and_rejects_a_shifted_one():
    rng = np.random.default_rng(3)
    from scipy.stats import norm

    draws = rng.standard_normal(4000)
    assert statistics.kolmogorov(draws, norm.cdf) < statistics.KOLMOGOROV_1E3
    assert statistics.kolmogorov(draws + 0.1, norm.cdf) > statistics.KOLMOGOROV_1E3


def test_bootstrap_over_rows_knows_that_equal_columns_carry_no_information():
    rng = np.random.default_rng(4)
    column = rng.standard_normal(500)
    repeated = np.repeat(column[:, None], 30, axis=1)
    error = statistics.bootstrap(repeated, np.mean, 400)
    assert error == pytest.approx(1 / np.sqrt(500), rel=0.15)
    assert statistics.mean_and_error(repeated)[1] == pytest.approx(1 / np.sqrt(500), rel=0.1)

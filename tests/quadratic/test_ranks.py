"""Ranks and thresholds: exact ranks mod p, closed counts, the Gaussian-ensemble mean against quadrature."""

from __future__ import annotations

import flint
import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    critical_samples,
    effective_parameters_frozen,
    sample_inputs,
    sample_quadratic_teacher,
    sampled_hessian_rank,
    statistical_dimension,
    statistical_dimension_limit,
    weight_hessian,
)


@pytest.mark.parametrize(("d", "width"), [(4, 1), (5, 2), (6, 3), (4, 4), (4, 9)])
def test_the_sampled_hessian_has_the_smaller_of_n_and_the_effective_parameters(d, width):
    W = sample_quadratic_teacher(d, width, seed=0).W
    n_eff = effective_parameters_frozen(d, width)
    for n in (1, n_eff - 1, n_eff, n_eff + 4):
        found = sampled_hessian_rank(W, sample_inputs(n, d, seed=1))
        assert found.rank == min(n, n_eff)
        assert found.gap > 1e6


@pytest.mark.parametrize(("d", "width"), [(4, 2), (5, 3), (3, 7)])
def test_the_sampled_rank_is_exact_modulo_a_prime(d, width):
    """Integer weights and inputs: rank of the rows (w_i·x)x over a prime field, no rounding anywhere."""
    rng = np.random.default_rng(0)
    n_eff = effective_parameters_frozen(d, width)
    W, X = rng.integers(-999, 1000, (width, d)), rng.integers(-999, 1000, (n_eff + 5, d))
    J = ((X @ W.T)[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    for n in (n_eff - 1, n_eff + 5):
        assert flint.nmod_mat(n, width * d, [int(v) for v in J[:n].ravel()], 2147483629).rank() == min(
            n, n_eff
        )


@pytest.mark.parametrize("m", [3, 6])
def test_the_population_hessian_at_zero_loss_has_the_rank_of_the_teacher_not_of_the_student(m):
    teacher = sample_quadratic_teacher(5, 2, seed=0)
    mixing = np.linalg.qr(np.random.default_rng(0).standard_normal((m, m)))[0][:, :2]
    W = np.sqrt(m / 2) * mixing @ teacher.W
    values = np.linalg.eigvalsh(weight_hessian(W, teacher))
    assert np.sum(values > 1e-12 * values[-1]) == effective_parameters_frozen(5, 2)


def test_thresholds_differ_by_the_codimension():
    for d in (4, 9, 17):
        for m_star in range(1, d):
            assert critical_samples(d, m_star) - effective_parameters_frozen(d, m_star) == d - m_star
    assert critical_samples(6, 5) == critical_samples(6, 6) == critical_samples(6, 60) == 21


def test_statistical_dimension_for_one_kernel_direction_is_an_integral():
    """d − r = 1: λ is N(0, 1), E(λ−τ)₊² = (1+τ²)Φ(−τ) − τφ(τ)."""
    from scipy.optimize import minimize_scalar
    from scipy.stats import norm

    d, r = 4, 3
    objective = lambda t: t**2 * r + (1 + t**2) * norm.sf(t) - t * norm.pdf(t)  # noqa: E731
    exact = r * (r + 1) / 2 + r + minimize_scalar(objective, bounds=(0, 5), method="bounded").fun
    found = statistical_dimension(d, r, draws=20_000)
    assert abs(found.value - exact) < 4 * found.error + 1e-6


def test_statistical_dimension_of_one_spare_neuron_is_an_integral_over_the_larger_eigenvalue():
    """d − r = 2, w − r = 1: the larger eigenvalue is m + R, m of N(0, ½), R of density 2 R exp(−R²)."""
    from scipy.optimize import minimize_scalar

    d, r = 4, 2
    m, weight = np.polynomial.hermite.hermgauss(60)
    R, step = np.linspace(0.0, 7.0, 4001, retstep=True)
    density = 2 * R * np.exp(-(R**2)) * step
    square = lambda t: np.maximum(m[:, None] + R - t, 0.0) ** 2  # noqa: E731
    objective = lambda t: t**2 * r + weight @ square(t) @ density / np.sqrt(np.pi)  # noqa: E731
    exact = r * (r + 1) / 2 + r * (d - r) + minimize_scalar(objective, bounds=(0, 5), method="bounded").fun
    found = statistical_dimension(d, r, draws=20_000, student_width=3)
    assert abs(found.value - exact) < 4 * found.error + 1e-3


def test_statistical_dimension_of_a_wide_student_follows_from_the_density_of_one_eigenvalue():
    """All eigenvalues: E Σ(λ − τ)₊² from the exact GOE density in Hermite functions (Mehta), no matrix drawn."""
    from scipy.optimize import minimize_scalar
    from scipy.special import eval_hermite, factorial

    d, r = 10, 4
    q = d - r  # even: the density needs no extra term
    x, step = np.linspace(-9.0, 9.0, 6001, retstep=True)
    phi = [
        np.exp(-(x**2) / 2) * eval_hermite(j, x) / np.sqrt(2.0**j * factorial(j) * np.sqrt(np.pi))
        for j in range(q + 1)
    ]
    integral = np.cumsum(phi[q]) * step - np.sum(phi[q]) * step / 2
    density = sum(p**2 for p in phi[:q]) + np.sqrt(q / 2) * phi[q - 1] * integral
    assert np.sum(density) * step == pytest.approx(q, abs=1e-5)
    objective = lambda t: t**2 * r + step * density @ np.maximum(x - t, 0.0) ** 2  # noqa: E731
    exact = r * (r + 1) / 2 + r * q + minimize_scalar(objective, bounds=(0, 9), method="bounded").fun
    found = statistical_dimension(d, r, draws=20_000)
    assert abs(found.value - exact) < 4 * found.error + 1e-3


def test_statistical_dimension_grows_with_the_width_from_the_effective_parameters_to_its_own():
    values = [statistical_dimension(20, 5, student_width=w).value for w in range(5, 21)]
    assert values[0] == effective_parameters_frozen(20, 5)
    assert (
        values[-1]
        == statistical_dimension(20, 5).value
        == statistical_dimension(20, 5, student_width=99).value
    )
    steps = np.diff(values)
    assert np.all(steps >= 0)
    assert steps[0] > sum(steps[1:])  # the first spare neuron pays most of the gap


def test_statistical_dimension_tends_to_its_semicircle_limit():
    gaps = [
        abs(statistical_dimension(d, d // 4, draws=50).value / d**2 - statistical_dimension_limit(0.25))
        for d in (8, 32, 128)
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.005


def test_at_fixed_width_the_statistical_dimension_tends_to_three_per_neuron_and_dimension():
    ratios = [statistical_dimension_limit(f) / f for f in (1e-2, 1e-4, 1e-6)]
    assert ratios[0] < ratios[1] < ratios[2] < 3.0
    assert ratios[2] > 2.97
    assert statistical_dimension(5, 5).value == 15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: critical_samples(0, 1), "expected d >= 1"),
        (lambda: critical_samples(4, 0), "expected width >= 1"),
        (lambda: effective_parameters_frozen(4, 1.5), "expected an integer width"),
        (lambda: statistical_dimension(4, 1, draws=1), "draws >= 2"),
        (lambda: statistical_dimension(9, 3, student_width=2), "student_width >= 3"),
        (lambda: sampled_hessian_rank(np.ones((2, 3)), np.ones((4, 2))), "expected inputs X"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

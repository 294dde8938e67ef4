"""Bayes-optimal errors: limits in closed form, moments of the spectrum, and optimal shrinkage of simulated matrices."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    bayes,
    bayes_optimal_error,
    effective_parameters_frozen,
    recovery_threshold,
    shrinkage_mmse,
    statistical_dimension_limit,
)


@pytest.mark.parametrize("kappa", [0.02, 0.1, 0.5, 0.9])
def test_the_error_per_noise_tends_to_the_threshold_and_that_to_the_effective_parameters(kappa):
    found = shrinkage_mmse(kappa, t=1e-7)
    assert found.value / (2 * found.t) == pytest.approx(recovery_threshold(kappa), abs=2e-5)
    d = 1000
    assert effective_parameters_frozen(d, int(kappa * d)) / d**2 == pytest.approx(
        recovery_threshold(kappa), abs=1e-3
    )


def test_a_wide_teacher_is_a_semicircle_for_which_shrinkage_is_linear():
    for t in (1e-9, 1e-6, 1e-3):
        assert shrinkage_mmse(1e6, t).value == pytest.approx(t / (1 + 1e6 * t), rel=1e-5)


@pytest.mark.parametrize("kappa", [0.05, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("t", [1e-4, 0.05, 2.0, 1e3])
def test_shrinkage_is_better_than_any_linear_estimate_and_not_by_much_in_much_noise(kappa, t):
    variance = 1 / kappa
    linear = variance * t / (variance + t)
    found = shrinkage_mmse(kappa, t)
    assert 0 < found.value < linear
    assert found.error < 1e-9 * found.value
    if t == 1e3:
        assert found.value == pytest.approx(linear, rel=0.02 * variance)


@pytest.mark.parametrize(("kappa", "t"), [(0.5, 1e-3), (0.5, 0.3), (0.1, 0.02), (1.0, 1e-4), (3.0, 0.5)])
def test_the_density_has_the_moments_of_a_free_sum(kappa, t):
    """Mass 1, mean 1, variance 1/κ + t, third central moment 1/κ² (free cumulants add; the noise has two)."""
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000
    moments = np.zeros(4)
    for low, high in bayes._edges(kappa, t):
        z = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
        weight = bayes._density(z, kappa, t) * np.sin(angle) * (high - low) / 2 * np.pi / angle.size
        moments += [float(weight @ (z - 1) ** order) for order in range(4)]
    assert moments == pytest.approx([1.0, 0.0, 1 / kappa + t, 1 / kappa**2], abs=1e-7 / kappa**2)


def test_the_fixed_point_is_met_and_the_error_falls_to_zero_at_the_threshold():
    for noise in (0.0, 0.4):
        values = []
        for alpha in (0.05, 0.2, 0.34, 0.374):
            found = bayes_optimal_error(0.5, alpha, noise)
            assert 2 * alpha * found.t == pytest.approx(found.value + noise / 2, rel=1e-10)
            values.append(found.value)
        assert np.all(np.diff(values) < 0)
        assert bayes_optimal_error(0.5, 0.0, noise).relative == pytest.approx(2 / 3)
    assert values[-1] > 0.1
    assert bayes_optimal_error(0.5, 0.3749).value < 5e-4
    assert bayes_optimal_error(0.5, 0.375).value == 0.0
    assert bayes_optimal_error(2.0, 5.0, 0.1).value > 0
    tiny = bayes_optimal_error(0.5, 10.0, noise=1e-12)
    assert tiny.value == pytest.approx(0.75 * tiny.t, rel=1e-4)
    assert tiny.t == pytest.approx(0.5e-12 / (20 - 0.75), rel=1e-4)


def test_not_knowing_the_rank_costs_most_where_the_teacher_is_narrow():
    """Semidefinite fitting needs δ, the Bayes-optimal estimate κ − κ²/2."""
    kappas = (0.02, 0.1, 0.25, 0.5, 0.75)
    price = [statistical_dimension_limit(kappa) / recovery_threshold(kappa) for kappa in kappas]
    assert price == pytest.approx([2.16, 1.66, 1.34, 1.13, 1.03], abs=0.01)


def test_an_error_of_the_authors_programs_is_met():
    """κ MMSE = 0.1841 at κ = 0.5, α = 0.275 ([M24], their theory curve)."""
    assert 0.5 * bayes_optimal_error(0.5, 0.275).value == pytest.approx(0.1841, abs=5e-5)


def shrunk(kappa, t, d, seed):
    """Error of the oracle that keeps the eigenvectors of the noisy matrix and gives each its best eigenvalue vᵀSv.
    One draw fluctuates by 1 % at κ = 0.1, d = 600."""
    rng = np.random.default_rng(seed)
    m = round(kappa * d)
    W = rng.standard_normal((m, d))
    S = W.T @ W / m
    G = rng.standard_normal((d, d))
    V = np.linalg.eigh(S + np.sqrt(t / d) * (G + G.T) / np.sqrt(2))[1]
    best = np.sum(V * (S @ V), axis=0)
    return np.sum(((V * best) @ V.T - S) ** 2) / d


def test_simulated_matrices_are_shrunk_with_the_predicted_error():
    found = np.mean([shrunk(0.5, 0.3, 150, seed) for seed in range(4)])
    assert found == pytest.approx(shrinkage_mmse(0.5, 0.3).value, rel=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("kappa", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("t", [0.01, 0.2, 2.0])
def test_oracle_shrinkage_at_dimension_600_is_within_one_percent(kappa, t):
    found = np.mean([shrunk(kappa, t, 600, seed) for seed in range(12)])
    assert found == pytest.approx(shrinkage_mmse(kappa, t).value, rel=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recovery_threshold(0.0), "kappa > 0"),
        (lambda: shrinkage_mmse(0.5, 0.0), "t > 0"),
        (lambda: shrinkage_mmse(-1.0, 1.0), "kappa > 0"),
        (lambda: bayes_optimal_error(0.5, -0.1), "alpha >= 0"),
        (lambda: bayes_optimal_error(0.5, 0.1, noise=-1.0), "noise >= 0"),
        (lambda: bayes_optimal_error(0.5, 0.375 * (1 - 1e-15)), "below the threshold"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

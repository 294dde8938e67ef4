"""One large step: spiked matrices drawn directly, and networks that take the step."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.activations import Polynomial
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.landscape import large_step, one_step, simulate_large_step


def test_a_small_step_leaves_the_edge_of_independent_entries():
    for k in (100, 400, 900):
        step = large_step("erf", d=400, k=k, n=1200, learning_rate=1e-6)
        assert step.top == pytest.approx((1 + np.sqrt(k / 400)) ** 2)
        assert step.overlap == 0.0


@pytest.mark.parametrize(("k", "learning_rate"), [(150, 4.0), (300, 3.0), (600, 6.0)])
def test_the_spike_is_that_of_a_matrix_with_one_row_direction_replaced(k, learning_rate):
    """W_0 shrunk along â, plus η c_1 |a| â (c_1 w_* + noise)ᵀ: drawn here without any network."""
    d, n = 300, 900
    linear = Polynomial((0.0, 0.8))  # c_1² = ν = 0.64: E e² = 1.28
    step = large_step(linear, d, k, n, learning_rate)
    tops, overlaps = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        W = rng.standard_normal((k, d)) / np.sqrt(d)
        along = rng.standard_normal(k)
        along /= np.linalg.norm(along)
        teacher = rng.standard_normal(d)
        teacher /= np.linalg.norm(teacher)
        noise = rng.standard_normal(d) * np.sqrt(1.28 / n)
        W = (
            W
            - learning_rate * 0.64 * np.outer(along, along @ W)
            + learning_rate * 0.8 * np.outer(along, 0.8 * teacher + noise)
        )
        values, vectors = np.linalg.eigh(W.T @ W)
        tops.append(values[-1])
        overlaps.append((vectors[:, -1] @ teacher) ** 2)
    for found, predicted in ((tops, step.top), (overlaps, step.overlap)):
        error = np.std(found, ddof=1) / np.sqrt(8)
        assert abs(np.mean(found) - predicted) < 4 * error + 0.01 * predicted


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4)])
def test_the_top_is_that_of_the_whole_gram_matrix(shape):
    W = np.random.default_rng(0).standard_normal(shape)
    top, vector = one_step._top_of_gram(W)
    values, vectors = np.linalg.eigh(W.T @ W)
    assert top == pytest.approx(values[-1], rel=1e-13)
    assert abs(vector @ vectors[:, -1]) == pytest.approx(1.0, abs=1e-13)


def test_a_network_takes_the_step_that_is_predicted():
    shape = {"d": 200, "k": 150, "n": 600, "learning_rate": 4.0}
    step = large_step("erf", **shape)
    runs = [simulate_large_step("erf", **shape, seed=seed) for seed in range(6)]
    assert np.mean([r.top for r in runs]) == pytest.approx(step.top, rel=0.12)
    assert np.mean([r.overlap for r in runs]) == pytest.approx(step.overlap, abs=0.06)
    assert np.mean([r.kernel_top for r in runs]) == pytest.approx(step.kernel_top, rel=0.15)
    assert np.mean([r.error for r in runs]) == pytest.approx(step.error, rel=0.15)


def test_without_the_shrinking_the_spike_would_be_too_large():
    """A mutant of the formula: ℓ with 1 in place of (1 − η c_1²|a|²)² is off by more than the finite-size error."""
    shape = {"d": 400, "k": 200, "n": 600, "learning_rate": 1.0}
    linear = Polynomial((0.0, 1.0))
    runs = [simulate_large_step(linear, **shape, seed=seed).top for seed in range(4)]
    step = large_step(linear, **shape)
    spike = 1 + 1.0 * (1.0 + 2 / 1.5)
    wrong = spike * (1 + 0.5 / (spike - 1))
    assert abs(np.mean(runs) - step.top) < 0.3 * abs(np.mean(runs) - wrong)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "k", "ratio"), [(600, 600, 3.0), (400, 800, 3.0), (800, 400, 1.5)])
def test_means_at_learning_rate_four_are_within_eight_percent(d, k, ratio):
    runs = [simulate_large_step("erf", d, k, int(ratio * d), 4.0, seed=seed) for seed in range(4)]
    step = large_step("erf", d, k, int(ratio * d), 4.0, error=float(np.mean([r.error for r in runs])))
    assert np.mean([r.top for r in runs]) == pytest.approx(step.top, rel=0.08)
    assert np.mean([r.kernel_top for r in runs]) == pytest.approx(step.kernel_top, rel=0.08)
    assert np.mean([r.overlap for r in runs]) == pytest.approx(step.overlap, rel=0.08)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: large_step("relu", 10, 10, 10, 1.0), NotAvailableError, "subtract the mean"),
        (lambda: large_step("erf", 0, 10, 10, 1.0), InputError, "d >= 1"),
        (lambda: large_step("erf", 10, 10, 10, 0.0), InputError, "learning_rate > 0"),
        (lambda: large_step("erf", 10, 10, 10, 1.0, readout_norm=0.0), InputError, "readout_norm > 0"),
        (lambda: simulate_large_step("erf", 10, 10, 10, -1.0), InputError, "learning_rate > 0"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()

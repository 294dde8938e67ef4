"""Soft counts tend to the rank; the rank seen by n samples is min(n, N_eff)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage import InputError, sample_teacher
from tutelage.rank import hessian_rank, participation_ratio, rank_at_time, rank_with_samples, ridge_count


@given(st.integers(1, 30), st.integers(0, 30), st.floats(1e-3, 1e3))
def test_equal_eigenvalues_count_alike(r, zeros, size):
    values = np.concatenate([np.full(r, size), np.zeros(zeros)])
    assert participation_ratio(values) == pytest.approx(r)
    assert ridge_count(values, size) == pytest.approx(r / 2)
    assert rank_at_time(values, np.log(2) / (2 * size)) == pytest.approx(r / 2)
    assert rank_at_time(values, 0.0) == 0


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20), st.integers(0, 9))
def test_limits_are_the_rank(positive, zeros):
    values = np.concatenate([positive, np.zeros(zeros)])
    assert ridge_count(values, 1e-13) == pytest.approx(len(positive))
    assert rank_at_time(values, 1e4) == pytest.approx(len(positive))
    assert participation_ratio(values) <= len(positive) + 1e-9


def test_multiplicities_stand_for_repeated_values():
    values, counts = [0.5, 2.0], [3, 4]
    repeated = np.repeat(values, counts)
    assert ridge_count(values, 0.3, counts) == pytest.approx(ridge_count(repeated, 0.3))
    assert participation_ratio(values, counts) == pytest.approx(participation_ratio(repeated))


@pytest.mark.parametrize("n", [3, 9, 40])
def test_samples_see_at_most_their_number(n):
    network = sample_teacher("quadratic", 3, 4)
    X = np.random.default_rng(0).normal(size=(n, 3))
    slope = 1 + 2 * X @ network.W.T
    gradients = np.concatenate(
        [
            (network.a * slope)[:, :, None] * X[:, None, :],
            (X @ network.W.T + (X @ network.W.T) ** 2)[:, :, None],
        ],
        axis=2,
    )
    effective = hessian_rank(network, floating=False).rank
    assert np.linalg.matrix_rank(gradients.reshape(n, -1)) == rank_with_samples(n, effective)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="is this an optimum"):
        ridge_count([-1.0, 1.0], 0.1)
    with pytest.raises(InputError, match="alpha > 0"):
        ridge_count([1.0], 0.0)
    with pytest.raises(InputError, match="time >= 0"):
        rank_at_time([1.0], -1.0)

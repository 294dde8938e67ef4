"""Phase retrieval at a random start: integrals by brute force, the law by sampled matrices, the transition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad

from tutelage.base.errors import InputError
from tutelage.landscape import (
    phase_retrieval_start,
    phase_retrieval_transition,
    random_start,
    simulate_phase_retrieval_start,
)


@pytest.mark.parametrize(
    ("c", "offset", "power"), [(0.3, 1.0, 0), (0.9, 1.0, 2), (0.05, 0.1, 2), (0.5, 4.0, 0)]
)
def test_the_averages_are_double_integrals(c, offset, power):
    def integrand(u, v):
        T = (3 * u * u - v * v) / (offset + v * v)
        return 4 * T / (1 + c * T) * v**power * np.exp(-(u * u + v * v) / 2) / (2 * np.pi)

    exact = dblquad(integrand, 0, 1, 0, 12)[0] + dblquad(integrand, 1, 12, 0, 12)[0]
    assert random_start._mean(c, offset, power) == pytest.approx(exact, abs=1e-9)


def test_the_edge_solves_the_equation_of_the_resolvent_of_sampled_matrices():
    """Below the spectrum, tr(H − z)⁻¹/d of a drawn matrix is the m at which z(m) = z."""
    d, alpha = 500, 5.0
    rng = np.random.default_rng(0)
    X = rng.standard_normal((int(alpha * d), d))
    u, v = X[:, 0], X[:, 1]
    values = np.linalg.eigvalsh((X.T * ((3 * u**2 - v**2) / (1 + v**2))) @ X / len(X))
    for z in (-0.5, -1.0, -3.0):
        m = np.mean(1 / (values - z))
        assert random_start._z(m, alpha, 1.0) == pytest.approx(
            z, abs=0.06
        )  # the mean of T alone fluctuates by 0.04


def test_the_transition_is_where_the_overlap_starts():
    alpha = phase_retrieval_transition()
    assert alpha == pytest.approx(1.135, abs=0.02)
    below, above = phase_retrieval_start(0.999 * alpha), phase_retrieval_start(1.001 * alpha)
    assert below.overlap == 0.0
    assert below.lowest == below.edge
    assert 0 < above.overlap < 0.01
    assert above.lowest < above.edge


def test_the_overlap_grows_to_one_and_the_outlier_ends_positive():
    """α → ∞: H → E T x xᵀ, whose eigenvalue along w_* is E T v²."""
    starts = [phase_retrieval_start(alpha) for alpha in (2.0, 5.0, 6.1, 6.3, 20.0, 1e4)]
    assert np.all(np.diff([s.overlap for s in starts]) > 0)
    assert starts[-1].overlap > 0.999
    assert starts[2].lowest < 0 < starts[3].lowest
    v = np.random.default_rng(0).standard_normal(10**6)
    limit = (3 - v**2) / (1 + v**2) * v**2
    assert starts[-1].lowest == pytest.approx(limit.mean(), abs=4 * limit.std() / 1e3 + 1e-3)


def test_a_small_offset_needs_more_samples():
    assert (
        phase_retrieval_transition(0.01) > phase_retrieval_transition(0.1) > phase_retrieval_transition(1.0)
    )


@pytest.mark.parametrize(("alpha", "seeds"), [(10.0, 3)])
def test_a_drawn_hessian_has_the_predicted_outlier(alpha, seeds):
    limit = phase_retrieval_start(alpha)
    runs = [simulate_phase_retrieval_start(300, int(300 * alpha), seed=seed) for seed in range(seeds)]
    assert np.mean([r.lowest for r in runs]) == pytest.approx(limit.lowest, abs=0.05)
    assert np.mean([r.overlap for r in runs]) == pytest.approx(limit.overlap, abs=0.05)
    assert np.mean([r.edge for r in runs]) == pytest.approx(limit.edge, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [5.0, 10.0, 20.0])
def test_overlaps_at_dimension_800_are_within_three_hundredths(alpha):
    runs = [simulate_phase_retrieval_start(800, int(800 * alpha), seed=seed) for seed in range(3)]
    limit = phase_retrieval_start(alpha)
    assert np.mean([r.overlap for r in runs]) == pytest.approx(limit.overlap, abs=0.03)
    assert np.mean([r.lowest for r in runs]) == pytest.approx(limit.lowest, abs=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: phase_retrieval_start(0.0), "alpha > 0"),
        (lambda: phase_retrieval_start(1.0, offset=0.0), "offset > 0"),
        (lambda: phase_retrieval_transition(-1.0), "offset > 0"),
        (lambda: simulate_phase_retrieval_start(2, 10), "d >= 3"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

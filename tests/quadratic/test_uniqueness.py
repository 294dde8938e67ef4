"""Certificates: against brute force, random-start minimisation, and a conic solver; never a silent guess."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    barrier,
    certify_batch,
    certify_uniqueness,
    critical_samples,
    effective_parameters_frozen,
    minimise,
    witnesses,
)
from tutelage.quadratic.barrier import definite_alternative
from tutelage.quadratic.symmetric import from_vector, to_vector


def test_the_vector_form_is_an_isometry():
    rng = np.random.default_rng(0)
    M = rng.standard_normal((3, 4, 4))
    M += np.swapaxes(M, 1, 2)
    np.testing.assert_allclose(np.sum(to_vector(M) ** 2, axis=1), np.sum(M**2, axis=(1, 2)))
    np.testing.assert_allclose(from_vector(to_vector(M), 4), M)


def brute_force(A: np.ndarray, X: np.ndarray, directions: int = 5_000) -> float:
    """The best min eigenvalue, over unit Δ in L, of Δ compressed to the kernel of A_*.

    Positive: moving along Δ keeps A_* + εΔ semidefinite (not unique); negative by more than the grid's coarseness:
    no direction does (unique). Exhaustive up to three free dimensions, then refined by random local search.
    """
    d = len(A)
    values, vectors = np.linalg.eigh(A)
    V = vectors[:, values < 1e-10]
    forms = to_vector(X[:, :, None] * X[:, None, :])
    _, singular, right = np.linalg.svd(forms, full_matrices=True)
    rank = np.sum(singular > 1e-10)
    basis = from_vector(right[rank:], d)
    if len(basis) == 0:
        return -np.inf
    if V.shape[1] == 0:
        return np.inf
    compressed = V.T @ basis @ V
    rng = np.random.default_rng(0)
    best, centre, width = -np.inf, np.zeros(len(basis)), np.inf
    for _ in range(25):
        trial = rng.standard_normal((directions // 5, len(basis)))
        if np.isfinite(width):
            trial = centre + width * trial
        trial /= np.linalg.norm(trial, axis=1)[:, None]
        lowest = np.linalg.eigvalsh(np.einsum("cb,bij->cij", trial, compressed))[:, 0]
        if lowest.max() > best:
            best, centre = lowest.max(), trial[np.argmax(lowest)]
        else:
            width *= 0.5
        width = min(width, 1.0)
    return float(best)


@pytest.mark.parametrize(("d", "m_star"), [(2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3), (4, 4)])
def test_certificates_agree_with_brute_force_in_both_directions(d, m_star, instances):
    seen = set()
    n_c = critical_samples(d, m_star)
    for n in (n_c - 1, n_c, n_c + 1):
        A, X, _ = instances(d, m_star, n, 6, seed=n)
        for a, x, certificate in zip(A, X, certify_batch(A, X), strict=True):
            best = brute_force(a, x)
            seen.add(certificate.status)
            if certificate.status == "not unique":
                assert best > 0
            else:
                assert certificate.status == "unique"
                assert best < 0
    assert seen == {"unique", "not unique"}


def test_a_second_solution_fits_the_data_and_is_positive_definite(instances):
    A, X, _ = instances(6, 2, 14, 20)
    refuted = [
        (a, x, c) for a, x, c in zip(A, X, certify_batch(A, X), strict=True) if c.status == "not unique"
    ]
    assert refuted
    for a, x, certificate in refuted:
        difference = certificate.second - a
        assert np.linalg.eigvalsh(certificate.second)[0] > 0
        assert np.linalg.norm(difference) > 1e-4 * np.linalg.norm(a)
        assert np.abs(np.einsum("ni,ij,nj->n", x, difference, x)).max() < 1e-12


def test_a_dual_witness_proves_uniqueness_by_itself(instances):
    """Σ y x xᵀ is zero on the range of A_* and positive on its kernel: checked here from its definition."""
    A, X, _ = instances(6, 2, 17, 20)
    confirmed = [(a, x, c) for a, x, c in zip(A, X, certify_batch(A, X), strict=True) if c.status == "unique"]
    assert confirmed
    for a, x, certificate in confirmed:
        witness = np.einsum("n,ni,nj->ij", certificate.dual, x, x)
        assert np.abs(witness @ a).max() < 1e-10
        assert np.sum(np.linalg.eigvalsh(witness) > 1e-9) == 4
        assert np.linalg.eigvalsh(witness)[0] > -1e-10


def test_certificates_agree_with_minimisation_from_a_start(instances):
    A, X, S = instances(8, 2, 21, 60)
    statuses = np.array([c.status for c in certify_batch(A, X)])
    run = minimise(A, X, S)
    assert run.arrived.all()
    np.testing.assert_array_equal(run.error < 1e-6, statuses == "unique")
    assert 10 < np.sum(statuses == "unique") < 50


def test_certificates_agree_with_a_conic_solver(instances):
    pytest.importorskip("cvxpy")
    from tutelage.quadratic.convex import conic_value

    A, X, _ = instances(5, 2, 11, 12)
    statuses = {c.status for c in certify_batch(A, X)}
    assert statuses == {"unique", "not unique"}
    for a, x, certificate in zip(A, X, certify_batch(A, X), strict=True):
        value = conic_value(a, x)
        assert (value > 1e-7) == (certificate.status == "unique")
        assert (value < -1e-7) == (certificate.status == "not unique")


def test_below_the_local_count_nothing_is_unique(instances):
    n = effective_parameters_frozen(6, 2) - 1
    A, X, _ = instances(6, 2, n, 10)
    assert {c.status for c in certify_batch(A, X)} == {"not unique"}


@pytest.mark.parametrize(
    ("m_star", "n", "status"),
    [(5, 20, "not unique"), (5, 21, "unique"), (8, 20, "not unique"), (8, 21, "unique")],
)
def test_from_rank_d_minus_one_on_the_threshold_is_exact(m_star, n, status, instances):
    A, X, _ = instances(6, m_star, n, 10)
    assert {c.status for c in certify_batch(A, X)} == {status}


def test_uniqueness_is_monotone_in_the_samples(instances):
    A, X, _ = instances(6, 1, 20, 15)
    rank = {"not unique": 0, "undecided": 1, "unique": 2}
    table = np.array([[rank[c.status] for c in certify_batch(A, X[:, :n])] for n in range(6, 21)])
    assert np.all(np.diff(table, axis=0) >= 0)
    assert np.all(table[0] == 0)
    assert np.all(table[-1] == 2)


def test_degenerate_data_is_undecided_or_right_never_wrong():
    """Repeated samples add nothing: the status is that of the distinct ones, or undecided."""
    A = np.diag([1.0, 0.0, 0.0])
    x = np.random.default_rng(5).standard_normal((5, 3))
    plain = certify_uniqueness(A, x).status
    repeated = certify_uniqueness(A, np.concatenate([x, x])).status
    assert repeated in (plain, "undecided")
    # Data inside a plane can never see the third direction: A_* + c e₃e₃ᵀ always fits.
    flat = x.copy()
    flat[:, 2] = 0.0
    assert certify_uniqueness(A, flat).status != "unique"


def test_repeated_samples_prove_nothing_new(instances):
    """Their witnesses are differences of equal terms, rounding of either sign: no ratio of two negatives is a proof."""
    A, X, _ = instances(3, 1, 3, 60)
    assert {c.status for c in certify_batch(A, X)} == {"not unique"}
    repeated = np.concatenate([X, X[:, :2]], axis=1)
    assert "unique" not in {c.status for c in certify_batch(A, repeated)}


def test_the_alternative_finds_planted_matrices_on_either_side():
    rng = np.random.default_rng(0)
    q, p = 5, 6
    for sign in (1, -1):
        bases = []
        for _ in range(10):
            B = rng.standard_normal((q, q))
            planted = to_vector(B @ B.T + 0.1 * np.eye(q))
            M = rng.standard_normal((p, q * (q + 1) // 2))
            if sign == 1:
                M[0] = planted
            else:
                M -= np.outer(M @ planted, planted) / (planted @ planted)
            bases.append(from_vector(np.linalg.qr(M.T)[0].T, q))
        assert np.all(definite_alternative(np.array(bases)).verdict == sign)


def test_the_line_search_ends_at_the_zero_of_the_slope_or_at_its_reach():
    rng = np.random.default_rng(0)
    values = np.sort(rng.standard_normal((300, 6)) * 10.0 ** rng.uniform(-2, 2, (300, 1)), axis=1)
    slope = rng.uniform(-1, 300, 300) * values.sum(axis=1)
    falling = values.sum(axis=1) > 0
    values, slope = values[falling], slope[falling]
    found = barrier._longest_rise(values, slope)
    pole = np.where(values[:, 0] < 0, -1 / np.minimum(values[:, 0], -1e-300), np.inf)
    reach = np.minimum(0.99 * pole, 1e3)
    at = lambda alpha: slope + np.sum(values / (1 + alpha[:, None] * values), axis=1)  # noqa: E731
    inside = found < (1 - 1e-8) * reach
    assert 20 < np.sum(inside) < len(values) - 20
    assert np.all(at(found - 1e-8 * reach) > 0)
    assert np.all(at(found + 1e-8 * reach)[inside] < 0)
    assert np.all(found <= (1 + 1e-12) * reach)


def test_the_second_solution_is_the_most_positive_of_all_halvings(instances):
    A, _, S = instances(6, 2, 10, 30)
    delta = (S - A) * np.geomspace(1e-3, 1e3, 30)[:, None, None]
    step = np.linalg.norm(A, axis=(1, 2)) / np.linalg.norm(delta, axis=(1, 2))
    all_ = [A + (step * 0.5**i)[:, None, None] * delta for i in range(40)]
    lowest = np.linalg.eigvalsh(all_)[..., 0].max(axis=0)
    found = np.linalg.eigvalsh(witnesses._most_positive(A, delta))[:, 0]
    np.testing.assert_allclose(found, lowest, rtol=1e-12)


def test_a_certificate_is_not_a_truth_value():
    with pytest.raises(TypeError, match="three statuses"):
        bool(certify_uniqueness(np.eye(2), np.eye(2)))


@pytest.mark.parametrize(
    ("A", "X", "message"),
    [
        (np.eye(3), np.ones((4, 2)), "expected inputs X of shape"),
        (np.ones((2, 3)), np.ones((4, 3)), "square teacher matrix"),
        (np.eye(3), np.full((4, 3), np.inf), "finite X"),
        (np.eye(3), np.ones(3), "2 dimension"),
    ],
)
def test_bad_input_is_named(A, X, message):
    with pytest.raises(InputError, match=message):
        certify_uniqueness(A, X)


def test_mixed_ranks_are_certified_as_each_alone(instances):
    A = np.concatenate([instances(5, width, 12, 4)[0] for width in (1, 3, 5)])
    X = np.concatenate([instances(5, width, 12, 4)[1] for width in (1, 3, 5)])
    together = [c.status for c in certify_batch(A, X)]
    assert together == [certify_uniqueness(a, x).status for a, x in zip(A, X, strict=True)]
    assert len(set(together)) == 2


def test_the_zero_teacher_is_unique_once_the_inputs_span():
    """Σ x xᵀ is its witness: xᵀAx = 0 with A ⪰ 0 means A x = 0 on every input."""
    x = np.random.default_rng(0).standard_normal((3, 3))
    assert certify_uniqueness(np.zeros((3, 3)), x).status == "unique"
    assert certify_uniqueness(np.zeros((3, 3)), x[:2]).status == "not unique"


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(InputError, match="stack the instances"):
        certify_batch(np.ones((2, 3, 3)), np.ones((2, 4, 5)))

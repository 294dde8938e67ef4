"""Recovery curves, unique counts, sizes of the set of fits: against definitions, conic programmes, other routes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    RecoveryCurve,
    RecoverySettings,
    certify_uniqueness,
    critical_samples,
    curve_dataset,
    feasible_size,
    feasible_sizes,
    full_map_dataset,
    map_dataset,
    recover,
    sample_inputs,
    sample_instances,
    sample_quadratic_teacher,
    two_papers,
    unique_counts,
    wilson_interval,
)
from tutelage.store import Store


def test_the_wilson_interval_is_scipys_and_covers_as_promised():
    for successes in (0, 3, 20):
        low, high = wilson_interval(successes, 20)
        expected = scipy.stats.binomtest(successes, 20).proportion_ci(method="wilson")
        assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_unique_count_is_where_the_certificate_changes():
    found = unique_counts(5, 2, 6, seed=3)
    for realization, n in enumerate(found.counts):
        teacher = sample_quadratic_teacher(5, 2, 3, realization=realization)
        X = sample_inputs(15, 5, 3, realization)
        assert certify_uniqueness(teacher, X[:n]).status == "unique"
        assert certify_uniqueness(teacher, X[: n - 1]).status == "not unique"


@pytest.mark.parametrize(
    ("d", "width"), [(4, 1), (4, 2), (4, 3), (6, 1), (6, 2), (6, 3), (8, 1), (8, 2), (8, 3)]
)
def test_small_sizes_cross_one_half_within_three_samples_of_n_c(d, width):
    found = unique_counts(d, width, 40)
    assert abs(found.half_point - critical_samples(d, width)) < 3
    assert found.undecided == 0


def test_a_larger_size_crosses_above_n_c():
    """The falsifier of n_c as the threshold: at (16, 2) the 50 % point lies several standard errors above 45."""
    found = unique_counts(16, 2, 24)
    assert found.half_point > critical_samples(16, 2) + 3 * found.half_point_error()


def test_the_half_point_interpolates_and_says_when_there_is_none():
    curve = RecoveryCurve("x", np.array([1, 2, 3]), np.array([0, 4, 10]), 10)
    assert curve.half_point == pytest.approx(2 + 1 / 6)
    assert np.isnan(RecoveryCurve("x", np.array([1, 2]), np.array([0, 4]), 10).half_point)


def test_a_stored_run_resumes_and_gives_the_same_counts(tmp_path):
    store = Store(tmp_path)
    first = unique_counts(4, 1, 60, store=store)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == 2
    again = unique_counts(4, 1, 60, store=store)
    np.testing.assert_array_equal(first.counts, again.counts)
    np.testing.assert_array_equal(first.counts, unique_counts(4, 1, 60).counts)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept
    unique_counts(4, 1, 60, seed=1, store=store)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(("d", "width", "n"), [(4, 1, 5), (5, 2, 9)])
def test_the_size_of_the_set_of_fits_is_that_of_a_conic_solver(d, width, n):
    cp = pytest.importorskip("cvxpy")
    A, X = sample_quadratic_teacher(d, width).matrix, sample_inputs(n, d)
    size = feasible_size(A, X, directions=2, seed=1)
    G = np.random.default_rng(1).standard_normal((2, d, d))
    directions = [np.eye(d) / np.sqrt(d), *(g + g.T for g in G)]
    extent = []
    for C in directions:
        C = C / np.linalg.norm(C)
        B = cp.Variable((d, d), PSD=True)
        fits = [cp.sum(cp.multiply(B, np.outer(x, x))) == x @ A @ x for x in X]
        values = [
            cp.Problem(cp.Maximize(s * cp.trace(C @ B)), fits).solve(solver="CLARABEL") for s in (1, -1)
        ]
        extent.append(values[0] + values[1])
    assert size.status == "not unique"
    assert size.width == pytest.approx(np.mean(extent[1:]) / np.linalg.norm(A), abs=2 * size.gap)
    assert size.trace[1] - size.trace[0] == pytest.approx(extent[0] * np.sqrt(d) / np.trace(A), abs=0.01)


def test_the_size_is_zero_when_unique_and_infinite_when_samples_do_not_span():
    teacher = sample_quadratic_teacher(4, 1)
    unique = feasible_size(teacher, sample_inputs(10, 4))
    assert (unique.status, unique.width, unique.trace) == ("unique", 0.0, (1.0, 1.0))
    open_ = feasible_size(teacher, sample_inputs(3, 4))
    assert open_.status == "not unique"
    assert np.isinf(open_.width)


def test_a_size_does_not_depend_on_those_measured_beside_it():
    A, X = sample_instances(5, 2, 9, range(8))
    together = feasible_sizes(A, X, directions=3)
    assert {size.status for size in together} == {"not unique"}
    for a, x, size in zip(A, X, together, strict=True):
        alone = feasible_sizes(a[None], x[None], directions=3)[0]
        assert alone.width == pytest.approx(size.width, abs=alone.gap + size.gap)
        assert alone.gap < 0.01 * size.width


def test_instances_are_those_drawn_one_by_one():
    A, X = sample_instances(5, 2, 9, range(3, 6), seed=4)
    for i, (a, x) in enumerate(zip(A, X, strict=True)):
        np.testing.assert_array_equal(a, sample_quadratic_teacher(5, 2, 4, realization=i + 3).matrix)
        np.testing.assert_array_equal(x, sample_inputs(9, 5, 4, realization=i + 3))


def test_minimisation_and_certificates_agree_and_the_target_matters():
    outcome = recover(8, 3, 26, 40, settings=RecoverySettings("interior"))
    assert np.array_equal(outcome.error <= 1e-6, outcome.status == "unique")
    assert np.mean(outcome.error <= 1e-1) > np.mean(outcome.error <= 1e-4) + 0.2
    assert outcome.disagreements(1e-1) > outcome.disagreements(1e-6) == 0


def test_a_narrow_student_still_runs():
    outcome = recover(5, 1, 9, 5, settings=RecoverySettings(student_width=2))
    assert np.all(np.isfinite(outcome.error))


def test_a_curve_dataset_counts_what_recover_finds(tmp_path):
    data = curve_dataset(4, 1, [4, 8], 8, store=Store(tmp_path))
    direct = recover(4, 1, 8, 8, settings=RecoverySettings(sizes=True))
    assert int(data.unique.sel(sample=8)) == np.sum(direct.status == "unique")
    assert int(data.success.sel(sample=8, target=1e-2)) == np.sum(direct.error <= 1e-2)
    assert float(data.fits.sel(sample=8)) == pytest.approx(direct.width.mean())
    assert data.equals(curve_dataset(4, 1, [4, 8], 8, store=Store(tmp_path)))
    assert data.n_c == 7
    low, high = wilson_interval(data.success.values, 8)
    np.testing.assert_array_equal(data.success_low, low)
    np.testing.assert_array_equal(data.success_high, high)


def test_the_half_points_of_a_curve_carry_their_profile_interval():
    curve = RecoveryCurve("x", np.arange(5), np.array([0, 10, 50, 90, 100]), 100)
    low, high = curve.half_interval
    assert low < curve.half_point == 2 < high
    # Four times the instances: half the width, for the ends lie on straight pieces of the bands.
    finer = RecoveryCurve("x", np.arange(5), np.array([0, 40, 200, 360, 400]), 400)
    assert (finer.half_interval[1] - finer.half_interval[0]) / (high - low) == pytest.approx(0.5, abs=0.1)


def test_a_full_map_holds_the_curves_of_every_width():
    data = full_map_dataset(4, [1, 3], [5, 8], 6)
    single = curve_dataset(4, 3, [5, 8], 6)
    assert data.sel(width=3)["success"].equals(single["success"].assign_coords(width=3, ratio=data.ratio))
    np.testing.assert_array_equal(data.ratio, [1.25, 2.0])
    assert data.n_c.values.tolist() == [7, 10]
    assert np.all(data.fits.sel(width=1) <= data.fits.sel(width=3))


def test_chunks_do_not_change_an_instance(tmp_path):
    """Realization 50 starts a new chunk: alone or after fifty others, it is the same instance."""
    long = recover(4, 1, 7, 53)
    short = recover(4, 1, 7, 3)
    np.testing.assert_array_equal(long.status[:3], short.status)
    np.testing.assert_allclose(long.error[:3], short.error, rtol=1e-6)
    store = Store(tmp_path)
    seen = []
    kept = recover(4, 1, 7, 53, store=store, progress=seen.append)
    assert seen == [50 / 53, 1.0]
    assert len(store.keys()) == 2
    np.testing.assert_array_equal(kept.status, long.status)
    np.testing.assert_array_equal(recover(4, 1, 7, 53, store=store).error, kept.error)
    assert len(store.keys()) == 2


def test_the_bootstrap_error_is_that_of_a_median():
    """Counts spread evenly over many values: s.e. of the 50 % point is range/(2 sqrt B)."""
    from tutelage.quadratic import UniqueCounts

    found = UniqueCounts(20, 1, np.arange(400) % 100 + 30, 0)
    assert found.half_point == pytest.approx(79, abs=0.5)
    assert found.half_point_error() == pytest.approx(100 / (2 * 20), rel=0.15)
    # The same number from the curve, by its own interpolation.
    assert found.curve().half_point == pytest.approx(found.half_point, abs=1e-12)


def test_a_map_reaches_the_exact_edge():
    data = map_dataset(4, [1, 3, 4], 12)
    assert float(data.half_point.sel(width=3)) == 9.5
    assert np.all(data.counts.sel(width=[3, 4]) == 10)
    assert np.all(data.counts.sel(width=1) < 10)


def test_the_bridge_has_the_three_counts_in_order():
    bridge = two_papers(6, 2, 20)
    np.testing.assert_array_equal(bridge.rank, np.minimum(bridge.samples, bridge.n_eff))
    assert bridge.gap > 1e6
    assert (bridge.n_eff, bridge.n_c) == (11, 15)
    assert bridge.n_eff + 1 < bridge.curve.half_point < 18


def test_a_discrete_law_with_parallel_neurons_is_certified_too():
    """At d = 3 two Rademacher neurons are parallel in a quarter of the draws: rank one, unique earlier."""
    found = unique_counts(3, 2, 40, weights="rademacher")
    assert found.undecided == 0
    assert found.counts.min() < 6
    assert found.counts.max() == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson_interval(3, 2), "successes <= trials"),
        (lambda: wilson_interval(1, 2, confidence=1.0), "confidence between 0 and 1"),
        (lambda: unique_counts(4, 0, 5), "width >= 1"),
        (lambda: unique_counts(4, 1, 0), "instances >= 1"),
        (lambda: recover(4, 1, 0, 5), "n >= 1"),
        (lambda: RecoverySettings(student_width=0), "student_width >= 1"),
        (lambda: curve_dataset(4, 1, [], 5), "at least one sample count"),
        (lambda: map_dataset(4, [0], 5), "teacher width >= 1"),
        (lambda: unique_counts(4, 1, 5, weights="gauss"), "weight law"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()

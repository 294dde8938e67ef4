"""Recovery against the student's width: where it must be sharp, and beside the statistical dimension."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.quadratic import minimise, width_thresholds
from tutelage.quadratic.solver import minimise_together


def test_where_the_threshold_is_exact_it_is_measured():
    """m_* >= d − 1: with d(d+1)/2 samples the fit is unique, with one less it never is, whatever the width."""
    data = width_thresholds(d=4, width=4, student_widths=[4, 8], instances=8)
    assert np.all(data.half_point > 9)
    assert np.all(data.half_point <= 10)
    assert np.all(data.delta == 10)


@pytest.mark.slow
def test_narrow_students_need_fewer_samples_in_the_order_of_the_prediction():
    data = width_thresholds(d=6, width=2, student_widths=[2, 6], instances=10)
    assert np.all(np.diff(data.delta) > 0)
    assert np.all(np.diff(data.half_point) > 0)
    assert np.all(data.half_low <= data.half_point)
    assert np.all(data.half_point <= data.half_high)
    assert data.attrs["n_c"] == 15 and data.attrs["n_eff"] == 11


def test_lbfgs_keeps_a_narrow_student_narrow_and_ends_like_a_rotation_of_its_start(instances):
    A, X, S = instances(6, 2, 30, 4)
    values, vectors = np.linalg.eigh(S)
    narrow = (vectors[:, :, -2:] * values[:, None, -2:]) @ np.swapaxes(vectors[:, :, -2:], 1, 2)
    run = minimise(A, X, narrow, "lbfgs")
    assert np.all(np.linalg.eigvalsh(run.A)[:, :4] < 1e-10)
    assert np.all(run.loss[run.arrived] <= 1e-13)
    assert run.arrived.any()


def test_problems_in_step_end_where_they_end_alone(instances):
    problems = [instances(5, 2, n, count) for n, count in ((9, 6), (15, 1), (12, 4))]
    for together, problem in zip(minimise_together(problems), problems, strict=True):
        alone = minimise(*problem, "lbfgs")
        assert np.array_equal(together.steps, alone.steps) and np.array_equal(together.A, alone.A)
        assert np.array_equal(together.loss, alone.loss) and np.array_equal(together.error, alone.error)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "width", "students"), [(20, 5, [5, 6, 8, 20]), (24, 12, [12, 13, 24])])
def test_half_points_are_within_seven_percent_or_two_standard_errors_of_the_prediction(d, width, students):
    data = width_thresholds(d, width, students, instances=40)
    error = (data.half_high - data.half_low).values / 4
    gap = np.abs(data.half_point - data.delta).values
    assert np.all(gap < np.maximum(0.07 * data.delta.values, 2 * error))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"student_widths": [1]}, "student width >= 2"),
        ({"starts": 0}, "starts >= 1"),
        ({"error": 0.0}, "error > 0"),
        ({"instances": 0}, "instances >= 1"),
    ],
)
def test_bad_input_is_named(changed, message):
    with pytest.raises(InputError, match=message):
        width_thresholds(**({"d": 4, "width": 2, "student_widths": [2]} | changed))

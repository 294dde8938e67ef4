"""track: the same numbers while a run goes on, of its recorded parameters, and by hand."""

import numpy as np
import pytest

from tutelage import NoisyTeacher, Problem, RandomStart, sample_teacher, simulate
from tutelage.base.errors import InputError
from tutelage.dynamics import track
from tutelage.input_families import spiked

WHAT = ("spectrum", "largest", "trace", "rank", "functional")
PROBLEM = Problem(sample_teacher("erf", 3, 2, biases="normal"), spiked(3, 4.0))


def test_a_recorded_run_gives_what_was_tracked_while_it_went_on():
    run = simulate(
        PROBLEM, RandomStart(k=2), times=[0.0, 1.0, 5.0], record=track(PROBLEM, *WHAT, "parameters"), runs=2
    )
    bare = simulate(PROBLEM, RandomStart(k=2), times=run.times, record=track(PROBLEM, "parameters"), runs=2)
    found = track(bare, *WHAT, problem=PROBLEM)
    for name in WHAT:
        np.testing.assert_array_equal(found.records[name], run.records[name])
    assert found.records["spectrum"].shape == (3, 2, PROBLEM.teacher.n_params)
    last = PROBLEM.hessian(run.final[1]).dense()
    np.testing.assert_allclose(found.records["spectrum"][-1, 1], np.linalg.eigvalsh(last), atol=1e-12)
    assert found.records["trace"][-1, 1] == pytest.approx(np.trace(last), rel=1e-12)


def test_chosen_times_are_the_nearest_recorded_ones():
    run = simulate(PROBLEM, NoisyTeacher(0.1), times=[0.0, 1.0, 5.0], record=track(PROBLEM, "parameters"))
    found = track(run, "rank", problem=PROBLEM, times=[4.0, 0.9, 6.0])
    assert found.times.tolist() == [1.0, 5.0] and found.records["rank"].shape == (2,)
    assert found.loss.tolist() == run.loss[1:].tolist() and found.final is run.final


def test_another_problem_may_be_asked_of_the_same_run():
    """The rank does not depend on the law of the inputs, the spectrum does (science 9b)."""
    run = simulate(PROBLEM, NoisyTeacher(0.1), times=[1.0], record=track(PROBLEM, "parameters"))
    white = Problem(PROBLEM.teacher)
    here, there = (track(run, "rank", "largest", problem=problem) for problem in (PROBLEM, white))
    assert here.records["rank"] == there.records["rank"]
    assert here.records["largest"] > 1.2 * there.records["largest"]


def test_what_diverged_has_no_hessian():
    with pytest.warns(UserWarning, match="learning rate"):
        run = simulate(
            PROBLEM, NoisyTeacher(1e-2), "gd:learning_rate=300", steps=[0, 200],
            record=track(PROBLEM, "parameters"),
        )  # fmt: skip
    found = track(run, "trace", problem=PROBLEM).records["trace"]
    assert np.isfinite(found).tolist() == np.isfinite(run.records["parameters"]).all(axis=1).tolist()


def test_what_cannot_be_tracked_says_why():
    run = simulate(PROBLEM, NoisyTeacher(0.1), times=[1.0])
    quadratic = simulate(np.eye(2), [1.0, 1.0], times=[1.0], record=lambda theta: {"parameters": theta})
    for curve, words in ((run, "record them"), (quadratic, "parameters of networks")):
        with pytest.raises(InputError, match=words):
            track(curve, "rank", problem=PROBLEM)
    with pytest.raises(InputError, match="pass problem="):
        track(run, "rank")
    with pytest.raises(InputError, match="leave them out"):
        track(PROBLEM, "rank", times=[1.0])
    with pytest.raises(InputError, match="quantity"):
        track(PROBLEM, "ranks")

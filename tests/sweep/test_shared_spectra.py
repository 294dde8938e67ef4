"""The quantities of a point share one spectrum, and the points of a task one batch, without a number changing."""

from pathlib import Path

import numpy as np
import pytest

from tutelage.base.errors import InputError
from tutelage.sweep import SweepSpec, evaluate, quantities, run
from tutelage.sweep.evaluate import evaluate_point, run_task
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.quantities import Evaluation, share_spectra


def specification(names, **more):
    return {
        "quantities": names,
        "grid": {"activation": ["erf", "relu"], "sizes": [[3, 4], [4, 2]]},
        "realizations": 5,
        "search_path": [str(Path(__file__).parent)],
        **more,
    }


@pytest.fixture
def calls(monkeypatch):
    """What is computed: one entry for each spectrum alone, and a list of the points of each batch."""
    made = {"alone": [], "batches": []}
    one, several = quantities.spectrum, quantities.spectrum_many

    def alone(teacher, method, refine):
        made["alone"].append((method, refine))
        return one(teacher, method=method, refine=refine)

    def together(teachers, refine):
        made["batches"].append((len(teachers), refine))
        return several(teachers, refine=refine)

    monkeypatch.setattr(quantities, "spectrum", alone)
    monkeypatch.setattr(quantities, "spectrum_many", together)
    return made


EVERY = [
    "spectrum", "lambda_min", "lambda_max", "trace_moments", "predicted_loss", "sweep_functions:rank_of_spectrum"
]  # fmt: skip


def test_a_point_computes_its_spectrum_once_for_all_quantities_and_a_users_function(calls):
    spec = SweepSpec.from_mapping(specification(EVERY))
    result = evaluate_point(spec, spec.point(0))
    assert not result.error
    assert calls == {"alone": [("auto", True)], "batches": []}
    assert result.values["rank_of_spectrum"][1] > 0
    assert result.method.startswith("spectrum: ")


def test_each_method_has_a_spectrum_of_its_own(calls):
    names = ["lambda_max", "sweep_functions:largest_by"]
    options = {"sweep_functions:largest_by": {"method": "dense"}}
    spec = SweepSpec.from_mapping(specification(names, options=options))
    values = evaluate_point(spec, spec.point(0)).values
    assert [method for method, _ in calls["alone"]] == ["auto", "dense"]
    np.testing.assert_allclose(values["largest_by"][1], values["lambda_max"][1], rtol=1e-13)


def task(tmp_path, names, **more):
    spec = SweepSpec.from_mapping(specification(names, **more))
    folder = SweepFolder(tmp_path)
    folder.create(spec)
    return run_task(str(tmp_path), spec, 0, spec.n_points)


def test_a_task_is_one_batch_and_nothing_is_computed_alone(calls, tmp_path):
    marker = task(tmp_path, EVERY)
    assert marker.failed == 0
    assert calls == {"alone": [], "batches": [(20, True)]}


def test_the_largest_eigenvalue_does_not_wait_for_the_smallest(calls, tmp_path):
    task(tmp_path, ["lambda_max", "trace_moments", "rank"])
    assert calls["batches"] == [(20, False)]


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (["rank"], {}),
        (["lambda_max"], {"options": {"lambda_max": {"method": "dense"}}}),
        (["sweep_functions:rank_of_spectrum"], {}),
    ],
)
def test_no_batch_where_no_named_quantity_asks_for_one(calls, tmp_path, names, more):
    task(tmp_path, names, **more)
    assert calls["batches"] == []


def test_large_points_are_computed_as_before(calls, tmp_path):
    more = {"grid": {"activation": "quadratic", "sizes": [[30, 30], [3, 2]]}, "realizations": 2}
    task(tmp_path, ["lambda_max"], **more)
    assert calls["batches"] == [(2, False)]
    assert len(calls["alone"]) == 2


def test_a_sweep_of_batches_has_the_numbers_of_points_alone(tmp_path, monkeypatch):
    names = ["lambda_min", "lambda_max", "trace_moments"]
    shared = run(specification(names), store=tmp_path / "shared", workers=0).compute()
    monkeypatch.setattr(evaluate, "_share", lambda *_: None)
    alone = run(specification(names), store=tmp_path / "alone", workers=0).compute()
    for name in names:
        np.testing.assert_allclose(shared[name].values, alone[name].values, rtol=1e-9)
    np.testing.assert_array_equal(shared.method.values, alone.method.values)
    assert np.all(shared.seconds.values > 0)


def test_teachers_drawn_together_are_those_of_their_points():
    more = {
        "realizations": [3, 1],
        "seed": [0, 4],
        "grid": {**specification([])["grid"], "biases": ["none", "normal"]},
    }
    spec = SweepSpec.from_mapping(specification(["lambda_max"], **more))
    evaluations = [Evaluation(spec.point(i)) for i in range(spec.n_points)]
    share_spectra(evaluations)
    for evaluation in evaluations:
        expected = evaluation.point.teacher()
        assert evaluation.teacher == expected
        assert evaluation.teacher.activation == expected.activation


def test_a_point_that_fails_fails_alone(tmp_path, monkeypatch):
    """A batch that cannot be made is made point by point, and its error stands at its point."""
    drawn = quantities.Evaluation.teacher.func

    def teacher(self):
        if self.point.index == 3:
            raise InputError("no such teacher")
        return drawn(self)

    monkeypatch.setattr(quantities.Evaluation, "teacher", property(teacher))
    found = run(specification(["lambda_max"]), store=tmp_path, workers=0).compute()
    np.testing.assert_array_equal(np.flatnonzero(found.failed.values), [3])
    assert "no such teacher" in str(found.error.values[3])

"""One type of progress: parts of the work map into the whole, words go through, nothing is reported before it is done."""

import doctest
import inspect
import io
import sys
from types import SimpleNamespace

import pytest

from tutelage import dynamics, landscape, quadratic, studies, sweep
from tutelage.base import progress
from tutelage.base.errors import InputError
from tutelage.base.progress import as_progress, portion, silent, tracked
from tutelage.studies import runner


def test_a_part_of_a_part_maps_into_the_whole_and_its_words_go_through():
    seen = []
    inner = portion(portion(lambda *said: seen.append(said), 0.5, 1.0), 0.2, 0.4)
    inner(0.0)
    inner(1.0, "done")
    assert [fraction for fraction, *_ in seen] == pytest.approx([0.6, 0.7])
    assert seen[0][1:] == () and seen[1][1:] == ("done",)
    assert portion(None, 0.0, 1.0) is None
    assert silent(0.5, "words") is None


def test_items_are_reported_after_they_are_used_and_all_of_them_are():
    seen = []
    for item in tracked("abcd", seen.append):
        assert len(seen) == "abcd".index(item)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert list(tracked([1, 2], None)) == [1, 2]


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_true_draws_a_bar_on_a_terminal_which_is_gone_at_the_end(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := _Terminal())
    monkeypatch.setattr(progress, "_SECONDS", 0.0)
    report = as_progress(True, "work")
    report(0.5, "half \x1b[31m")
    report(1.0)
    first, last = screen.getvalue().split("\r")[1:]
    assert "work" in first and " 50%" in first and "half" in first and "\x1b[31m" not in first
    assert last == "\x1b[K"


def test_true_draws_nothing_into_a_file_and_false_is_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    as_progress(True, "work")(0.5)
    assert log.getvalue() == "" and as_progress(False, "work") is as_progress(None, "work") is None
    assert as_progress(print, "work") is print
    with pytest.raises(InputError, match="work: expected progress to be True or a function"):
        as_progress("yes", "work")


def test_in_a_notebook_the_bar_is_an_output_that_changes(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=lambda *_a, **_k: handle))
    report = as_progress(True, "work")
    report(0.25)
    report(1.0)
    assert " 25%" in shown[0] and shown[-1] == ""


def test_every_public_function_that_tells_how_far_it_is_takes_true():
    asked = []
    for room in (dynamics, landscape, quadratic, studies, sweep, runner):
        for name, function in inspect.getmembers(room, inspect.isfunction):
            parameter = inspect.signature(function).parameters.get("progress")
            if parameter is not None and function.__module__.startswith("tutelage."):
                asked.append(name)
                assert parameter.annotation == "AskedProgress", name
    assert {"simulate", "find_minima", "recover", "run", "run_study", "map_dataset"} <= set(asked)
    run = quadratic.recover(d=3, width=1, n=6, instances=2, progress=True)
    assert run.status.size == 2


def test_its_examples_hold():
    assert doctest.testmod(progress).failed == 0

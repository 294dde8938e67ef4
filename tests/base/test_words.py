"""Sentences of errors read as sentences, and say who speaks."""

import ast
from pathlib import Path

import numpy as np
import pytest

import tutelage
from tutelage.base import check
from tutelage.base.errors import AllocationError, InputError

SOURCE = Path(tutelage.__file__).parent
NAMED = {"float_array", "finite", "integer", "number", "choice", "text", "flag", "unmasked"}


def names_of_checks():
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            is_check = (
                isinstance(node, ast.Call) and getattr(node.func, "attr", "") in NAMED and len(node.args) > 2
            )
            if is_check and isinstance(name := node.args[2], ast.Constant):
                yield file, str(name.value)


def test_no_name_begins_with_an_article():
    """ "expected finite the matrix", "choose a larger the size": names stand after words of the check's own."""
    found = list(names_of_checks())
    assert len(found) > 100
    assert not [(file, name) for file, name in found if name.startswith(("the ", "a ", "an "))]


def test_no_docstring_names_a_function_that_is_not_there():
    texts = "".join(file.read_text() for file in SOURCE.rglob("*.py"))
    assert "lanczos_measure" not in texts


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: tutelage.spectrum(np.full((2, 2), np.nan)), "spectrum: expected finite matrix, got 4"),
        (lambda: tutelage.spectral_measure(np.eye(2), -1.0), "choose a larger size of the start"),
        (
            lambda: tutelage.Network(np.eye(2), np.ones((2, 1)), "erf"),
            r"got \(2, 1\); transpose a, whose rows",
        ),
        (lambda: tutelage.Network(np.eye(2), np.ones(3), "erf"), "transpose W if"),
        (lambda: tutelage.ntk(np.tanh, np.eye(2)), "^ntk: expected a Network, got ufunc"),
        (lambda: tutelage.fisher(np.tanh, np.eye(2)), "^fisher: expected a Network, got ufunc"),
        (lambda: tutelage.fisher(np.tanh), "^fisher: expected a Network, got ufunc"),
    ],
)
def test_sentences(ask, says):
    with pytest.raises(InputError, match=says):
        ask()


@pytest.mark.parametrize("count", [11, 1e300, np.inf, np.nan])
def test_a_budget_names_the_largest_count(count):
    with pytest.raises(AllocationError, match=r"at most 10 steps, got .*; they take hours, so choose fewer"):
        check.affordable(count, "simulate", "steps", 10, "they take hours")
    check.affordable(10, "simulate", "steps", 10, "they take hours")

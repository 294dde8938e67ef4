"""The equation index reads citations, code, tests and studies; nothing in it is kept by hand but the titles."""

import pkgutil
import re
import sys

import pytest

from tutelage import cli, studies
from tutelage.base.errors import InputError
from tutelage.report import equations


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("([C25] (3)-(5) in expectation)", {3, 4, 5}),
        ("[C25] 16-18; science 2", {16, 17, 18}),
        ("Couto et al. 2025, eq. (15); section 4", {15}),
        ("Couto et al. 2025, section 3 and\n    appendix A; (7)", set()),
        ("[C25] Fig. 2, (8)-(10), (15)", {8, 9, 10, 15}),
        ("[C25] appendix B, k(k-1)/2 of them", set()),
        ("[C25] section 2, (3)-(5)", {3, 4, 5}),
        ("[C25] section 4.2 for polynomials: min(P, C(d+n, n) - 1)", set()),
        ("[C25] 3.2, 4.1; [F96]", set()),
        ("[C25] (21)", set()),
    ],
)
def test_citations_are_read_and_section_numbers_are_not(text, numbers):
    assert equations.cited(text) == numbers


def test_tests_are_found_by_the_name_they_use():
    source = "from tutelage.rank import thing\ndef test_a():\n    thing(1)\ndef test_b():\n    other()\n"
    files = [equations.read_tests("tests/test_x.py", source)]
    assert equations.tested(["tutelage.rank.formulas.thing"], files) == ["tests/test_x.py::test_a"]
    assert equations.tested(["tutelage.laws.thing"], files) == []


def test_every_equation_is_in_the_index_and_its_names_exist():
    found = equations.index({"fig7.mean.wide": "holds"})
    assert [entry.number for entry in found] == list(equations.WHAT)
    for entry in found:
        for name in entry.code:
            assert callable(pkgutil.resolve_name(name)) or name in sys.modules, name
    without = [e.number for e in found if not (e.code and e.tests and e.figures and e.claims)]
    assert without == [], without
    assert {study for e in found for study in e.figures} <= set(studies.available())
    verdicts = {claim: word for entry in found for _, claim, word in entry.claims}
    assert verdicts["fig7.mean.wide"] == "holds" and verdicts["fig7.mean.narrow"] == ""


def test_equation_14_leads_to_its_formula_and_a_test_of_it():
    entry = equations.entry(14)
    assert "tutelage.rank.formulas.quadratic_count" in entry.code
    assert any("formula_14" in test for test in entry.tests)
    with pytest.raises(InputError, match="1 to 20, got 34"):
        equations.entry(34)


def test_where_prints_code_tests_and_claims(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.run(["where", "15", "--store", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "MarchenkoPastur" in out and "fig7.mean.wide" in out and "not computed" in out
    assert cli.run(["where", "0"]) == 2
    assert "expected an equation" in capsys.readouterr().err


def test_every_place_of_a_statement_cites_a_source():
    for card in studies.cards().values():
        for statement in card.statements:
            assert re.match(r"ours|\[[A-Z][A-Za-z]*\d\d\]", statement.place), statement

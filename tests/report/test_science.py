"""The table of the science pages that the package carries is what the pages say. To renew: python tests/report/test_science.py"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tutelage import cli, studies
from tutelage.report import equations
from tutelage.report.science import formulas, science_cited

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "src" / "tutelage" / "report" / "science.toml"
_SIGNS = {"times": "×", "sim": "~", "mu": "μ", "Sigma": "Σ", "sigma": "σ", "ne": "≠", "ge": "≥"}


def plain(title):
    """A title without the marks of Markdown and LaTeX."""
    for name, sign in _SIGNS.items():
        title = re.sub(rf"\\{name}(?![a-z])", sign, title)
    title = title.replace(r"^{\mathsf T}", "ᵀ").replace(r"\,", " ")
    title = re.sub(r"\\[a-z]+\s?|[${}\\*]", "", title)
    return " ".join(title.split()).strip(" .:,")


def blocks():
    """(number, text up to the next anchor) of every page, in the order of the sections."""
    pages = [ROOT / "docs" / "conventions.md", *sorted((ROOT / "docs" / "science").glob("*.md"))]
    found = []
    for page in pages:
        parts = re.split(r"^\(science-(.+)\)=\n", page.read_text(encoding="utf-8"), flags=re.M)[1:]
        if parts:
            found.append(list(zip(parts[::2], parts[1::2], strict=True)))

    def order(page):
        return [int(n) if n.isdigit() else n for n in re.split(r"(\d+)", page[0][0]) if n]

    return [block for page in sorted(found, key=order) for block in page]


def named(text):
    """Dotted names of ours, and files of tests, between backticks."""
    found = list(dict.fromkeys(re.findall(r"`([\w./]+)`", text)))
    code = [n for n in found if re.fullmatch(r"tutelage(\.\w+)+", n) or n.startswith("src/")]
    return code, [n for n in found if n.startswith("tests/")]


def read_pages():
    """number -> [title, section, sources, code, tests], as the table has it."""
    table, section = {}, ""
    for number, text in blocks():
        heading = re.match(r"(#+) (?:Part )?(?:[\dA-E][\w.]*\.? )?(.+)", text)
        if heading and heading[1] == "#":
            section = number
        bold = re.match(r"\*\*[\dA-E][\w.]*\s*(.*?)\*\*", text, re.S)
        words = heading[2] if heading else bold[1] if bold else ""
        source = re.search(r"^- \*\*Source:\*\*(.*?)(?=^- |\n\n|\Z)", text, re.S | re.M)
        keys = re.findall(r"\[([A-Z][A-Za-z]{0,4}\d{2})\]", source[1] if source else "")
        places = re.search(r"^- \*\*In tutelage:\*\*(.*?)(?=^- |\n\n|\Z)", text, re.S | re.M)
        code, tests = named(places[1] if places else "")
        table[number] = [plain(words) or table[section][0], section, list(dict.fromkeys(keys)), code, tests]
    return table


def written(table):
    """The table as TOML."""
    rows = [f'"{number}" = {json.dumps(row, ensure_ascii=False)}' for number, row in table.items()]
    return (
        "# Made from docs/science by tests/report/test_science.py: number = [title, section, sources, code, tests]\n"
        + "\n".join([*rows, ""])
    )


def test_the_table_is_what_the_pages_say():
    assert TABLE.read_text(encoding="utf-8") == written(read_pages())
    assert len(formulas()) > 100
    assert all(f.title and f.section in formulas() for f in formulas().values())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("science 11.1, 11.3 and 12a", {"11.1", "11.3", "12a"}),
        ("Science\n    9b; compare [BBC24]", {"9b"}),
        ("science 15.2, 150 runs; science A6", {"15.2", "A6"}),
        ("science " + "99.1, the science of 3", set()),
    ],
)
def test_citations_of_formulas_are_read(text, numbers):
    assert science_cited(text) == numbers


def test_no_formula_is_an_empty_row():
    """Every formula that is not a section of others leads to code and tests."""
    for found in equations.index({}, equations.FORMULAS):
        if found.number != formulas()[found.number].section:
            assert found.code and found.tests, found.number


def test_what_the_landscape_studies_judge_is_in_the_index():
    found = {e.number: e for e in equations.index({}, equations.FORMULAS)}
    assert list(found) == list(formulas())
    for number in ("11.1", "11.2", "11.3", "12a", "12b", "15.1", "15.2", "16.1", "17.1"):
        assert found[number].code and found[number].tests and found[number].claims, number
    assert "tutelage.landscape.orthonormal.orthonormal_relu_spectrum" in found["15.1"].code
    assert set().union(*(e.figures for e in found.values())) <= set(studies.available())


def test_where_follows_formulas_sections_and_papers(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    store = ["--store", str(tmp_path)]
    assert cli.run(["where", "science", "15.1", *store]) == 0
    assert "orthonormal_relu_spectrum" in capsys.readouterr().out
    assert cli.run(["where", "12", *store]) == 0  # an equation of the paper
    assert "quadratic network: mixed block" in capsys.readouterr().out
    assert cli.run(["where", "science", "12", *store]) == 0  # the section, with its formulas
    out = capsys.readouterr().out
    assert "Bayes-optimal error" in out and "12b" in out
    assert cli.run(["where", "S20", *store]) == 0
    out = capsys.readouterr().out
    assert "7.1" in out and "7.6" in out and "7.7" not in out
    assert cli.run(["where", *store]) == 0
    out = capsys.readouterr().out
    assert "Marchenko and Pastur's law" in out and "15.2" in out


@pytest.mark.parametrize("words", [["science", "99"], ["15.9"], ["X99"], ["0"], ["science"]])
def test_what_is_no_formula_is_refused(words, capsys):
    assert cli.run(["where", *words]) == 2
    assert "where: expected" in capsys.readouterr().err


if __name__ == "__main__":
    TABLE.write_text(written(read_pages()), encoding="utf-8")

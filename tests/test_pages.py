"""Pages are true: links lead to files and headings, formulas say source, check and code, and the names they use exist."""

import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "benchmarks" / "README.md",
]
FORMULAS = [ROOT / "docs" / "conventions.md", *sorted((ROOT / "docs" / "science").glob("*.md"))]
PLACES = [*FORMULAS, ROOT / "docs" / "equations.md"]


def label(page):
    return page.relative_to(ROOT).as_posix()


def without_code(text):
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def slugs(page):
    """Where a link into a page may point: its anchors and its headings as GitHub names them."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {*words, *re.findall(r"^\(([^)\s]+)\)=$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_relative_links_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\(([^()\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, fragment = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), f"{target}: no such file"
        assert found.is_relative_to(ROOT), f"{target}: outside the project"
        assert not fragment or fragment in slugs(found), f"{target}: no such heading"


@pytest.mark.parametrize("page", FORMULAS, ids=label)
def test_every_formula_says_its_source_its_check_and_where_it_is_computed(page):
    blocks = re.split(r"^\(science-(\S+)\)=$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    anchors = list(zip(blocks[::2], blocks[1::2], strict=True))
    for name, body in anchors:
        if re.match(r"\n# ", body):
            continue  # a section, whose formulas have anchors of their own
        assert "**Source:**" in body, f"science {name} names no source"
        assert "**Checked" in body, f"science {name} does not say how it was checked"
        assert ("**In tutelage:**" in body) != ("**Formula only" in body), f"science {name}: computed or not?"
    assert anchors or page.name in {"index.md", "open-questions.md"}


@pytest.mark.parametrize("page", PLACES, ids=label)
def test_files_and_names_on_a_page_exist(page):
    for name in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        if name.startswith(("tests/", "src/")):
            assert (ROOT / name).exists(), name
        elif re.fullmatch(r"tutelage(\.\w+)+", name):
            assert pkgutil.resolve_name(name) is not None, name


def test_an_implemented_formula_names_a_test():
    for page in set(FORMULAS) - {ROOT / "docs" / "science" / "index.md"}:
        for line in page.read_text(encoding="utf-8").split("**In tutelage:**")[1:]:
            assert "`tests/" in line.split("\n\n")[0], f"{label(page)}: {line[:60]}"


def test_every_computed_formula_has_a_row_in_the_index_of_equations():
    """By its own number or that of its section."""
    cells = [row.strip("| ").rsplit("|", 1)[-1] for row in _index_rows()]
    listed = {name for cell in cells for part in cell.split(",") for name in _between(part.strip())}
    for page in sorted((ROOT / "docs" / "science").glob("*.md")):
        blocks = re.split(r"^\(science-(\S+)\)=$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for name, body in zip(blocks[::2], blocks[1::2], strict=True):
            if "**In tutelage:**" in body:
                assert {name, name.split(".")[0]} & listed, f"docs/equations.md has no row for science {name}"


def _index_rows():
    text = (ROOT / "docs" / "equations.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("| ")]


def _between(part):
    """The numbers of a part: one, or a range like 5.1-5.5."""
    ends = re.fullmatch(r"(\w+)\.(\d+)-\1\.(\d+)", part)
    if ends is None:
        return [part]
    return [f"{ends[1]}.{i}" for i in range(int(ends[2]), int(ends[3]) + 1)]

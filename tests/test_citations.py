"""Citations lead somewhere: keys and authors to the references, sections and formulas to an anchor of the science pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEY = re.compile(r"(?<![\w\]])\[([A-Z][A-Za-z]{0,4}\d{2})\]")
AUTHOR = re.compile(r"\b([A-Z][a-zà-ÿ][^\W\d_]+)(?:\s+et\s+al\.)?,?\s+\(?((?:19|20)\d\d)\b")
FORMULA = re.compile(r"\b[Ss]cience\s+(\d{1,2}[a-z]?(?:\.\d{1,2})?|[A-E]\d)\b")
ELSEWHERE = re.compile(r"SCIENCE|(?<![\w.])\.\./shared|/work/")


def texts():
    """(path, text) of every source, test, benchmark and page, but for this file and the list of references."""
    files = [p for tree in ("src", "tests", "benchmarks", "docs") for p in sorted((ROOT / tree).rglob("*"))]
    files += sorted(ROOT.glob("*.md"))
    skipped = {Path(__file__), ROOT / "docs" / "references.md"}
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in files
        if path.suffix in {".py", ".md", ".toml", ".sh"} and path not in skipped
    ]


def entries():
    """The references, one text an entry."""
    page = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")
    return [" ".join(entry.split()) for entry in re.split(r"\n(?=- |\*\*\[)", page)[1:]]


def anchors():
    """Names of the science anchors, without their prefix."""
    pages = [ROOT / "docs" / "conventions.md", *sorted((ROOT / "docs" / "science").glob("*.md"))]
    return [
        name for page in pages for name in re.findall(r"^\(science-(.+)\)=$", page.read_text("utf-8"), re.M)
    ]


def unresolved(text, keys, names, formulas):
    """What a text cites and nobody defines."""
    bad = [f"[{key}]" for key in KEY.findall(text) if key not in keys]
    bad += [
        f"{name} {year}"
        for name, year in AUTHOR.findall(text)
        if not any(name in e and year in e for e in names)
    ]
    return bad + [f"science {name}" for name in FORMULA.findall(text) if name not in formulas]


def test_every_citation_resolves():
    names = entries()
    keys = {found[1] for entry in names if (found := re.match(r"\*\*\[(\w+)\]\*\*", entry))}
    formulas = set(anchors())
    bad = {path: found for path, text in texts() if (found := unresolved(text, keys, names, formulas))}
    assert not bad


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("the blocks ([C25] 16-18; science 2.2) of Cho and Saul (2009)", []),
        ("see [Z99], table[K22] and science 21", ["[Z99]", "science 21"]),
        ("Nobody and Noone 1999; science A6, science\n    9b", ["Noone 1999", "science A6"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_seen(text, missing):
    names = ["Y. Cho, L. K. Saul, Kernel Methods (2009)"]
    assert unresolved(text, {"C25"}, names, {"2.2", "9b"}) == missing


def test_anchors_and_keys_are_defined_once_and_the_sections_are_complete():
    found = anchors()
    assert len(found) == len(set(found))
    assert {str(n) for n in range(21)} | {"9b", "10b", "14b"} <= set(found)
    keys = [entry.split("]")[0] for entry in entries() if entry.startswith("**[")]
    assert len(keys) == len(set(keys)) > 10


def test_every_reference_is_cited():
    everything = "\n".join(text for _, text in texts())
    keys = [m[1] for entry in entries() if (m := re.match(r"\*\*\[(\w+)\]\*\*", entry))]
    assert [key for key in keys if f"[{key}]" not in everything] == []


def test_no_document_outside_the_project_is_cited():
    assert [path for path, text in texts() if ELSEWHERE.search(text)] == []

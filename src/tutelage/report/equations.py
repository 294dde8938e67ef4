"""The index of formulas: number -> code -> test -> study -> verdict, read from the sources, so that it cannot drift."""

from __future__ import annotations

import ast
import dataclasses
import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import tutelage
from tutelage.base.errors import InputError
from tutelage.report.science import Formula, formulas, science_cited
from tutelage.store import Store
from tutelage.studies import available, cards, study_class
from tutelage.studies.runner import key_of

WHAT: dict[int, str] = {
    1: "gradient with respect to W",
    2: "gradient with respect to a",
    3: "Hessian block of a and a",
    4: "Hessian block of W and a",
    5: "Hessian block of W and W",
    6: "parameters along gradient flow",
    7: "mean loss along gradient flow",
    8: "linear network: mixed block",
    9: "linear network: block of W, |a|² repeated",
    10: "linear network: block of a, W Wᵀ",
    11: "quadratic network: block of a",
    12: "quadratic network: mixed block",
    13: "quadratic network: block of W",
    14: "effective parameters of the quadratic network",
    15: "Marchenko and Pastur's law",
    16: "error function: block of a",
    17: "error function: mixed block",
    18: "error function: block of W",
    19: "Fisher information",
    20: "Fisher information equals the Hessian at the optimum",
}
"""The numbered equations of Couto et al. 2025."""

_ROOT = Path(tutelage.__file__).resolve().parent
_CITATION = re.compile(r"(?:\[C25\]|Couto et al\. 2025)")
_SKIP = re.compile(
    r"[\s,]+|and\b|eqs?\.|equations?\b|sections?\s+\d+(?:\.\d+)*|Figs?\.\s*\d+|appendix\s+[A-Z](?:\.\d+)?|[A-Z]\.\d+|\d+\.\d+"
)
_RANGE = re.compile(r"\(?(\d{1,2})\)?(?:\s*[-–]\s*\(?(\d{1,2})\)?)?(?![\d.]*\d)")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One formula: where it is coded, tested, shown and judged."""

    number: int | str
    what: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    claims: tuple[tuple[str, str, str], ...]
    """(study, claim id, verdict), the verdict empty while the study has not been computed."""

    @property
    def figures(self) -> tuple[str, ...]:
        """The studies whose figure shows the formula, each once."""
        return tuple(dict.fromkeys(study for study, _, _ in self.claims))


def cited(text: str) -> set[int]:
    """Equation numbers cited in a text.

    Examples
    --------
    >>> sorted(cited("The loss ([C25] 6-7, Fig. 3); [C25] section 4.2, (14)."))
    [6, 7, 14]
    >>> cited("see [C25] appendix B, k(k-1)/2 of them")
    set()
    """
    found: set[int] = set()
    for citation in _CITATION.finditer(text):
        position = citation.end()
        while True:
            if skipped := _SKIP.match(text, position):
                position = skipped.end()
            elif number := _RANGE.match(text, position):
                first, last = int(number[1]), int(number[2] or number[1])
                found |= set(range(first, last + 1))
                position = number.end()
            else:
                break
    return found & set(WHAT)


@dataclasses.dataclass(frozen=True, eq=False)
class Numbering:
    """Formulas that have numbers: what each is, and which of them a text cites."""

    what: Mapping[int, str] | Mapping[str, str]
    cited: Callable[[str], set[int]] | Callable[[str], set[str]]
    stated: Mapping[int | str, Formula] = dataclasses.field(default_factory=dict)
    """What the page of a formula says of its code and tests, beside what cites it."""


PAPER = Numbering(WHAT, cited)
"""The equations of Couto et al. 2025."""

FORMULAS = Numbering({number: f.title for number, f in formulas().items()}, science_cited, formulas())
"""The formulas and sections of the science pages."""


@functools.cache
def coded(numbering: Numbering = PAPER) -> dict[int | str, list[str]]:
    """Number -> dotted names of the functions, classes and modules whose docstring cites it."""
    found: dict[int | str, list[str]] = {number: [] for number in numbering.what}
    for file in sorted(_ROOT.rglob("*.py")):
        if file.parent.name in {"report", "cli", "plotting"}:
            continue
        source = file.read_text(encoding="utf-8")
        if not numbering.cited(source):  # most files, which need no parsing
            continue
        module = ".".join(file.relative_to(_ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for name, text in _docstrings(ast.parse(source)):
            for number in numbering.cited(text):
                found[number].append(f"{module}.{name}" if name else module)
    return found


def _docstrings(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(qualified name, docstring) of a module and everything documented in it."""
    yield prefix, ast.get_docstring(tree) or ""  # type: ignore[arg-type]
    for node in getattr(tree, "body", []):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield from _docstrings(node, f"{prefix}.{node.name}" if prefix else node.name)


def tests_folder() -> Path | None:
    """The tests of the checkout this package runs from; None when it was installed without them."""
    folder = _ROOT.parent.parent / "tests"
    return folder if folder.is_dir() else None


class TestFile(NamedTuple):
    """What one file of tests imports, and the names each of its tests uses."""

    imported: frozenset[str]
    uses: dict[str, frozenset[str]]


def read_tests(path: str, source: str) -> TestFile:
    """Imports and ``path::test`` -> names used, of one file."""
    tree = ast.parse(source)
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    uses = {
        f"{path}::{node.name}": frozenset(
            part.id if isinstance(part, ast.Name) else part.attr
            for part in ast.walk(node)
            if isinstance(part, (ast.Name, ast.Attribute))
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    return TestFile(frozenset(modules), uses)


def _tests_that_name(names: Iterable[str]) -> tuple[TestFile, ...]:
    """Files of tests in whose text one of the dotted names' last parts stands; the others are not parsed."""
    folder, last = tests_folder(), {name.rpartition(".")[2] for name in names}
    if folder is None:
        return ()
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("test_*.py"))}
    return tuple(
        read_tests(path.relative_to(folder.parent).as_posix(), source)
        for path, source in sources.items()
        if not last.isdisjoint(re.findall(r"\w+", source))
    )


def tested(names: Iterable[str], files: Iterable[TestFile]) -> list[str]:
    """``file::test`` of tests that use one of the names, in a file that imports its package."""
    found = set()
    for full in names:
        parts = full.split(".")
        room, name = ".".join(parts[:2]), parts[-1]
        for file in files:
            if any(module == "tutelage" or module.startswith(room) for module in file.imported):
                found |= {test for test, used in file.uses.items() if name in used}
    return sorted(found)


def index(verdicts: Mapping[str, str] | None = None, numbering: Numbering = PAPER) -> list[Entry]:
    """The whole index; ``verdicts`` maps claim ids to what the last run said."""
    claims: dict[int | str, list[tuple[str, str, str]]] = {number: [] for number in numbering.what}
    for name, card in cards().items():
        for statement in card.statements:
            for number in numbering.cited(statement.place) or numbering.cited(card.place):
                claims[number].append((name, statement.id, (verdicts or {}).get(statement.id, "")))
    found = coded(numbering)
    files = _tests_that_name(itertools.chain.from_iterable(found.values()))
    return [
        _entry(number, what, numbering.stated.get(number), found[number], files, tuple(claims[number]))
        for number, what in numbering.what.items()
    ]


def _entry(
    number: int | str,
    what: str,
    stated: Formula | None,
    code: list[str],
    files: Iterable[TestFile],
    claims: tuple[tuple[str, str, str], ...],
) -> Entry:
    """What its page names first, then what cites it."""
    tests = tested(code, files)
    if stated is not None:
        code, tests = [*stated.code, *code], [*stated.tests, *tests]
    return Entry(number, what, tuple(dict.fromkeys(code)), tuple(dict.fromkeys(tests)), claims)


def entry(number: int, verdicts: Mapping[str, str] | None = None) -> Entry:
    """One equation of the paper.

    Raises
    ------
    InputError
        The paper has no equation of that number.
    """
    if number not in WHAT:
        raise InputError(
            f"where: expected an equation from 1 to {max(WHAT)}, got {number}; the paper has no other"
        )
    return index(verdicts)[number - 1]


def science_entries(numbers: Iterable[str], verdicts: Mapping[str, str] | None = None) -> list[Entry]:
    """Formulas of the science pages."""
    wanted = set(numbers)
    return [found for found in index(verdicts, FORMULAS) if found.number in wanted]


def stored_verdicts(store: Store) -> dict[str, str]:
    """Verdicts of the studies that the store has, full sizes before quick ones; nothing is computed."""
    found: dict[str, str] = {}
    for name in available():
        chosen = study_class(name)
        for study in (chosen.full(), chosen.quick()):
            if (dataset := store.get(key_of(study))) is not None:
                found |= {claim.id: claim.verdict for claim in study.claims(dataset)}
                break
    return found

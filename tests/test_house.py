"""No circles among the modules, imports inside functions included, and no import hidden from those who look for them.

Which room may know which is written as layers in pyproject.toml and checked by ``lint-imports``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "tutelage"
FILES = {
    ".".join(("tutelage", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under ``if TYPE_CHECKING``."""
    if isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        for child in tree.orelse:
            yield from _at_run_time(child)
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from _at_run_time(child)


def _imported(tree: ast.AST) -> set[str]:
    """The modules of ours that a file imports, anywhere in it: of ``from package import name`` the narrowest."""
    found = set()
    for node in _at_run_time(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else str(node.module) for name in full}
    return found & set(FILES)


def _reachable(edges: Mapping[str, set[str]], start: str) -> set[str]:
    seen, todo = set(), [start]
    while todo:
        fresh = edges[todo.pop()] - seen
        seen |= fresh
        todo += fresh
    return seen


def circles(edges: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """The largest sets of more than one node, or of one that knows itself, in which each leads to each."""
    reach = {node: _reachable(edges, node) for node in edges}
    return {frozenset(m for m in reach[n] if n in reach[m]) for n in edges if n in reach[n]}


def test_circles_are_found():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}, "g": {"g"}}
    assert circles(edges) == {frozenset("abc"), frozenset("de"), frozenset("g")}
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == set()


def test_imports_in_functions_count_and_those_for_types_do_not():
    code = "if TYPE_CHECKING:\n    import tutelage.rank\ndef f():\n    from tutelage.base import check, nothing\n"
    assert _imported(ast.parse(code)) == {"tutelage.base", "tutelage.base.check"}


def test_no_modules_know_each_other_in_a_circle():
    found = circles({name: _imported(tree) for name, tree in TREES.items()})
    assert not [sorted(part) for part in found]


def _calls_by_path(name: str, tree: ast.AST) -> Iterator[str]:
    """Calls of import machinery whose argument spells out a path of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(r"(import_module|__import__)$", ast.unparse(node.func)):
            arguments = " ".join(ast.unparse(a) for a in (*node.args, *(k.value for k in node.keywords)))
            if re.search(r"\btutelage\b|__package__|__name__|__path__", arguments):
                yield f"{name}: {ast.unparse(node)}"


def test_import_by_path_is_seen():
    calls = "import_module(f'tutelage.{x}')\nimportlib.import_module('.x', __package__)\nimport_module(users)"
    assert len(list(_calls_by_path("here", ast.parse(calls)))) == 2


def test_modules_of_ours_are_imported_by_statements():
    """Three places may import by path: the public table, the table of commands and the discovery of studies."""
    tables = {"tutelage", "tutelage.cli", "tutelage.studies"}
    found = {call for name in TREES.keys() - tables for call in _calls_by_path(name, TREES[name])}
    assert not found


def test_nothing_inside_imports_from_the_public_face():
    """``from tutelage import spectrum`` would be an arrow that no map of imports shows."""
    for name, tree in TREES.items():
        for node in _at_run_time(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "tutelage":
                named = {f"tutelage.{alias.name}" for alias in node.names}
                assert named <= set(FILES) | {"tutelage.__version__"}, f"{name}: {ast.unparse(node)}"

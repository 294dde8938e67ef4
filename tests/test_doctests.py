"""Every example in every docstring of the package runs and prints what it says: no module is listed, none can be forgotten."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parents[1] / "src"


def _with_examples(path: Path) -> list[tuple[str, int]]:
    """Text and line of the docstrings with examples, read from the source: decorators and re-exports hide none."""
    strings = (
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
    return [(inspect.cleandoc(s.value), s.lineno - 1) for s in strings if ">>>" in str(s.value)]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(_SOURCE).with_suffix("").parts).removesuffix(".__init__")


EXAMPLES = {
    _module(path): (path, found)
    for path in sorted((_SOURCE / "tutelage").rglob("*.py"))
    if (found := _with_examples(path))
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_print_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example writes is not left in the tree
    path, found = EXAMPLES[name]
    said: list[str] = []
    for text, line in found:
        names = dict(vars(importlib.import_module(name)))
        example = doctest.DocTestParser().get_doctest(text, names, name, str(path), line)
        assert example.examples, f"{name}, line {line + 1}: the example is not one (>>> needs a space)"
        doctest.DocTestRunner().run(example, out=said.append)
    assert not said, "".join(said)


def test_every_prompt_belongs_to_an_example():
    """The count of prompts in the source is the count of examples that run."""
    for path in sorted((_SOURCE / "tutelage").rglob("*.py")):
        prompts = path.read_text(encoding="utf-8").count(">>> ")
        _, found = EXAMPLES.get(_module(path), (path, []))
        parsed = sum(len(doctest.DocTestParser().get_examples(text)) for text, _ in found)
        assert parsed == prompts, path

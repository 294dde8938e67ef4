"""No claim without a change of its data that turns its verdict: the tests' own sources are read for it."""

import ast
import re
from pathlib import Path

import pytest

from tutelage.studies import available, cards

TESTS = Path(__file__).parents[1]


def falsified(source):
    """Patterns of the claim ids that a file of tests hands to ``check_study``, which insists that each one fails."""
    tree = ast.parse(source)
    if not any(
        isinstance(n, ast.Call) and getattr(n.func, "id", "") == "check_study" for n in ast.walk(tree)
    ):
        return set()
    keys = [k for n in ast.walk(tree) if isinstance(n, ast.Dict) for k in n.keys]
    keys += [n.key for n in ast.walk(tree) if isinstance(n, ast.DictComp)]
    keys += [n.slice for n in ast.walk(tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
    return {pattern for key in keys if (pattern := as_pattern(key))}


def as_pattern(key):
    """``"fig2.mean"`` -> that text; ``f"fig2.mean.{panel}"`` -> that beginning and one more word."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return re.escape(key.value)
    if isinstance(key, ast.JoinedStr):
        return "".join(re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in key.values)
    return None


PATTERNS = {p for path in TESTS.rglob("test_*.py") for p in falsified(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", available())
def test_every_statement_has_a_falsifier(name):
    ids = [statement.id for statement in cards()[name].statements]
    missing = [i for i in ids if not any(re.fullmatch(pattern, i) for pattern in PATTERNS)]
    assert ids and missing == []


def test_claim_ids_are_unique_and_the_paper_has_thirty():
    every = [s for card in cards().values() for s in card.statements]
    assert len({s.id for s in every}) == len(every)
    assert sum(s.place.startswith("[C25]") for s in every) >= 30


def test_a_missing_falsifier_would_be_seen():
    found = falsified("check_study(a, b, {'x.one': c, f'x.two.{p}': d})")
    assert found == {re.escape("x.one"), re.escape("x.two.") + r"\w+"}
    assert falsified("{'x.one': c}") == set()

"""The formulas of the science pages: number, title and sources, as a table of the package; docs are not read."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from pathlib import Path

_CITATION = re.compile(r"\b[Ss]cience\s+(?=[\dA-E])")
_NUMBER = re.compile(r"(\d{1,2}[a-z]?(?:\.\d{1,2})?|[A-E]\d)\b")
_NEXT = re.compile(r"(?:[\s,;]|and\b)*(?=\d{1,2}(?:[a-z]|\.\d)|[A-E]\d)")


@dataclasses.dataclass(frozen=True)
class Formula:
    """One formula, or a whole section: ``section`` is its own number then. ``sources`` are keys of references; ``code``
    and ``tests`` are what the page says computes and checks it."""

    number: str
    title: str
    section: str
    sources: tuple[str, ...]
    code: tuple[str, ...]
    tests: tuple[str, ...]


@functools.cache
def formulas() -> dict[str, Formula]:
    """Number -> formula, in the order of the pages.

    Examples
    --------
    >>> found = formulas()["11.1"]
    >>> found.title, found.section, found.sources
    ('All critical points', '11', ('AB25',))
    """
    table = tomllib.loads(Path(__file__).with_name("science.toml").read_text(encoding="utf-8"))
    return {
        number: Formula(number, title, section, tuple(sources), tuple(code), tuple(tests))
        for number, (title, section, sources, code, tests) in table.items()
    }


def science_cited(text: str) -> set[str]:
    """Numbers of the formulas cited in a text.

    Examples
    --------
    >>> sorted(science_cited("closed spectrum (science 11.1, 11.3); science 12a, 3 runs"))
    ['11.1', '11.3', '12a']
    """
    found: set[str] = set()
    for citation in _CITATION.finditer(text):
        position = citation.end()
        while number := _NUMBER.match(text, position):
            found.add(number[1])
            following = _NEXT.match(text, number.end())
            position = following.end() if following else len(text)
    return found & set(formulas())


__all__ = ["Formula", "formulas", "science_cited"]

"""Card: what a study says of itself before it runs, read from the ``study.toml`` beside its code."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.studies.claim import Statement
from tutelage.studies.fields import checked, declared
from tutelage.studies.repeats import Repeats

FILE = "study.toml"
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")

Filled = TypeVar("Filled")
Table = dict[str, Any]
"""A table of a TOML file."""


@dataclasses.dataclass(frozen=True)
class Card:
    """Words and rules of a study: nothing in it is computed.

    Attributes
    ----------
    name : str
        The word after ``tutelage reproduce``; files are named by it.
    title : str
    place : str
        The figure or section of the paper, and its equations: ``"[C25] Fig. 2, (15)"``.
    takeaway : str
        What a reader should remember of the figure, in one sentence.
    words : str
        What the figure shows and why it matters, for a reader without the paper, by paragraphs.
    judged : str
        What :meth:`Study.draw_judged` shows, where the study has it.
    formulas : tuple of str
        Formulas of the section: words, with LaTeX between dollars.
    code : str
        A few lines of Python that show the same by the public names; the tests run them.
    statements : tuple of Statement
    uses : tuple of str
        Rooms the result depends on, besides the study's own ``compute.py``; they key the cache.
    cost : float
        Seconds the quick form takes, roughly; only the order in which a report starts its studies depends on it.
    order : int
        Place in the report.
    part : str
        Heading of the part of the report that it belongs to, for studies that are not about the two papers.
    """

    name: str
    title: str
    place: str = ""
    takeaway: str = ""
    words: str = ""
    judged: str = ""
    formulas: tuple[str, ...] = ()
    code: str = ""
    statements: tuple[Statement, ...] = ()
    uses: tuple[str, ...] = ("tutelage",)
    cost: float = 1.0
    order: int = 1_000_000
    part: str = ""

    def __post_init__(self) -> None:
        check.text(self.name, "study", "name")
        ids = [check.instance(s, Statement, "study", "statement").id for s in self.statements]
        for name in (self.name, *ids):
            if not _NAME.fullmatch(name):
                raise InputError(
                    f"study {self.name!r}: expected a name of lower-case letters, digits, '_', '.', '-', got {name!r}; "
                    "files are named by it: rename it"
                )
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise InputError(
                f"study {self.name!r}: expected statements with ids of their own, got {twice} twice"
            )


@functools.cache
def read_card(module_file: str) -> Card:
    """The card in the ``study.toml`` of the same folder; a study says ``card = read_card(__file__)``.

    The keys of the file are the attributes of :class:`Card`, those of a table ``[[statements]]`` the attributes of
    :class:`Statement`. Prose may run over several lines; an empty line begins a paragraph. Statements that differ by
    a word only are a family, which is written once and made for each row:

    .. code-block:: toml

        [[statements]]
        each = [{ panel = "wide", shape = "k > d" }, { panel = "narrow", shape = "k < d" }]

        [[statements.family]]
        id = "fig2.mean.{panel}"
        text = "Their mean over teachers is 1 + k/d ({shape})."

    A key of a row that is an attribute of statements (``threshold``) sets it.

    Raises
    ------
    InputError
        No such file, not TOML, an unknown or missing key, or a value of another type.
    """
    file = Path(module_file).with_name(FILE)
    who = f"study file {str(file)!r}"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{who}: expected a file of TOML, could not read it ({error})") from None
    entries = content.pop("statements", [])
    statements = tuple(_statement(entry, who) for entry in _each(entries))
    return dataclasses.replace(_filled(Card, content, who), statements=statements)


def _each(entries: list[Table]) -> Iterator[Table]:
    """Statements as they are written, families multiplied out."""
    attributes = {field.name for field in dataclasses.fields(Statement)}
    for entry in entries:
        if "each" not in entry:
            yield entry
            continue
        for row in entry["each"]:
            own = {key: value for key, value in row.items() if key in attributes}
            for template in entry["family"]:
                yield own | {k: v.format_map(row) if isinstance(v, str) else v for k, v in template.items()}


def _statement(entry: Table, who: str) -> Statement:
    who = f"{who}, statement {entry.get('id', '')!r}"
    if "repeats" in entry:
        entry = entry | {"repeats": _filled(Repeats, entry["repeats"], who)}
    return _filled(Statement, entry, who)


def _filled(owner: type[Filled], content: Table, who: str) -> Filled:
    """A dataclass from the table of a file, with prose on one line a paragraph."""
    hints = declared(owner)
    for key in content:
        check.choice(key, who, "key", hints)
    values = {
        key: checked(
            _prose(value) if isinstance(value, str) and key != "code" else value, hints[key], who, key
        )
        for key, value in content.items()
    }
    try:
        return owner(**values)
    except TypeError as error:  # a missing one
        raise InputError(f"{who}: {str(error).partition('() ')[2]}; add it") from None


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text))


__all__ = ["FILE", "Card", "read_card"]

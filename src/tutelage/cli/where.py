"""Where a formula lives, of the paper or of the science pages: code, tests, figures, verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutelage.report.equations import Entry


def where(*formula: str, store: Path | None = None) -> int:
    """Follow a formula from the code to the verdicts; a table of all of them without one.

    A whole number is an equation of Couto et al. (2025); `science` and a number is a formula or a section of the pages in
    docs/science (a formula of a section needs no word before it); a key of docs/references.md lists the formulas of that
    source. Read from docstrings, tests and studies at the moment you ask, so that it is never out of date.

    Examples: `tutelage where 14`, `tutelage where science 12`, `tutelage where 11.1`, `tutelage where S20`

    Parameters
    ----------
    formula
        An equation from 1 to 20, `science` and a number, or a key.
    store
        Folder of computed datasets, for the verdicts (default: `$TUTELAGE_STORE` or `store`).
    """
    from tutelage.cli.support import say
    from tutelage.report.equations import entry, index, science_entries, stored_verdicts, tests_folder
    from tutelage.report.science import formulas
    from tutelage.store import Store

    if not formula:
        _overview("Equations of Couto et al. (2025)", index())
        _overview("Formulas of docs/science", science_entries(formulas()))
        return 0
    if len(formula) == 1 and formula[0].isdecimal():
        entry(int(formula[0]))
        found = [entry(int(formula[0]), stored_verdicts(Store(store)))]
    else:
        numbers = _numbers(formula)
        if len(numbers) > 1:
            _overview(f"Formulas of {' '.join(formula)}", science_entries(numbers))
            return 0
        found = science_entries(numbers, stored_verdicts(Store(store)))
    for one in found:
        _print(one)
    if tests_folder() is None:
        say("the tests are in the source checkout, not in this installation")
    return 0


def _numbers(words: tuple[str, ...]) -> list[str]:
    """The formulas that the words ask for: one, those of a section with itself, or those of a source."""
    from tutelage.base.check import nearest
    from tutelage.base.errors import InputError
    from tutelage.report.science import formulas

    known = formulas()
    name = (
        words[-1]
        if len(words) == 1 or (len(words) == 2 and words[0].lower() == "science")
        else " ".join(words)
    )
    found = [f.number for f in known.values() if name in (f.number, f.section, *f.sources)]
    if not found:
        keys = {key for f in known.values() for key in f.sources}
        raise InputError(
            "where: expected an equation from 1 to 20, `science` and a number such as 11.1, or the key of a source, "
            f"got {name!r}; {nearest(name, [*known, *sorted(keys)])}"
        )
    return found


def _overview(title: str, entries: Iterable[Entry]) -> None:
    from tutelage.cli.support import print_table

    rows = [
        (e.number, e.what, len(e.code), len(e.tests), ", ".join(e.figures), len(e.claims)) for e in entries
    ]
    print_table(
        title, ("", "what", "functions", "tests", "figures", "claims"), rows, ("tests", "functions", "claims")
    )


def _print(found: Entry) -> None:
    from tutelage.cli.support import print_table

    rows = [("code", name, "") for name in found.code]
    rows += [("test", name, "") for name in found.tests]
    rows += [("figure", f"tutelage reproduce {name}", "") for name in found.figures]
    rows += [
        ("claim", f"{claim} (study {name})", verdict or "not computed")
        for name, claim, verdict in found.claims
    ]
    print_table(f"({found.number}) {found.what}", ("", "where", "verdict"), rows)

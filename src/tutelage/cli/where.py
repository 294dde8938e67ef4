"""Where an equation of the paper lives: code, tests, figures, verdicts."""

from __future__ import annotations

from pathlib import Path


def where(equation: int | None = None, /, *, store: Path | None = None) -> int:
    """Follow an equation of Couto et al. (2025) from the code to the verdicts; all equations without a number.

    Read from docstrings, tests and studies at the moment you ask, so that it is never out of date.

    Example: `tutelage where 14`

    Parameters
    ----------
    equation
        Its number in the paper, 1 to 20.
    store
        Folder of computed datasets, for the verdicts (default: `$TUTELAGE_STORE` or `store`).
    """
    from tutelage.cli.support import print_table, say
    from tutelage.report.equations import entry, index, stored_verdicts, tests_folder
    from tutelage.store import Store

    if equation is None:
        rows = [
            (e.number, e.what, len(e.code), len(e.tests), ", ".join(e.figures), len(e.claims))
            for e in index()
        ]
        columns = ("", "what", "functions", "tests", "figures", "claims")
        print_table("Equations of Couto et al. (2025)", columns, rows, ("tests", "functions", "claims"))
        return 0
    entry(equation)
    found = entry(equation, stored_verdicts(Store(store)))
    rows = [("code", name, "") for name in found.code]
    rows += [("test", name, "") for name in found.tests]
    rows += [("figure", f"tutelage reproduce {name}", "") for name in found.figures]
    rows += [
        ("claim", f"{claim} (study {name})", verdict or "not computed")
        for name, claim, verdict in found.claims
    ]
    print_table(f"({found.number}) {found.what}", ("", "where", "verdict"), rows)
    if tests_folder() is None:
        say("the tests are in the source checkout, not in this installation")
    return 0

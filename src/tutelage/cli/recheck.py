"""Compute a claim again from its JSON file alone and compare every field."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutelage.studies.recheck import Rechecked

_ALWAYS = ("predicted", "measured", "uncertainty", "verdict")
"""Shown whether or not they differ."""


def recheck(
    file: Path, /, *, study: tuple[str, ...] = (), cached: bool = False, store: Path | None = None
) -> int:
    """Run the study a claim came from with the parameters in its file, and compare: words, test, threshold, numbers.

    The exit code is 0 when the claim is the same, 1 when a field differs, and 2 when the file is not a claim. Numbers
    may move as far as threads and processors move them (about the sixth digit).

    Example: `tutelage recheck report/claims/fig2.mean.json`

    Parameters
    ----------
    file
        A claim written by `tutelage reproduce` or `tutelage report`.
    study
        A study of your own that the file may come from, `module:Class`; nothing is imported on the file's word.
    cached
        Let the store answer instead of computing everything.
    store
        Folder of computed datasets (with `--cached` by default `$TUTELAGE_STORE` or `store`); without either option
        nothing is kept.
    """
    from tutelage.cli.support import print_table, say
    from tutelage.store import Store
    from tutelage.studies import load_study
    from tutelage.studies.recheck import recheck as again

    own = [load_study(path) for path in study]
    found = again(file, None if store is None else Store(store), cached=cached, own=own)
    print_table(
        f"{found.now.id}: {found.now.text}", ("field", "in the file", "computed now", ""), _rows(found)
    )
    if not found.differences:
        return 0
    differing = ", ".join(difference.field for difference in found.differences)
    other = "" if found.same_code else "; the file was written by other code than this, or says so"
    say(f"differs: {differing}{other}")
    return 1


def _rows(found: Rechecked) -> list[tuple[str, str, str, str]]:
    differing = {difference.field: difference for difference in found.differences}
    rows = [
        (
            name,
            _shown(getattr(found.recorded, name)),
            _shown(getattr(found.now, name)),
            "differs" * (name in differing),
        )
        for name in _ALWAYS
    ]
    return rows + [
        (name, _shown(d.recorded), _shown(d.computed), "differs")
        for name, d in differing.items()
        if name not in _ALWAYS
    ]


def _shown(value: Any) -> str:
    """Numbers with every digit, so that two that differ never look the same; words cut after a few lines."""
    if isinstance(value, (int, float)):
        return repr(float(value))
    text = "none" if value is None else str(value)
    return text if len(text) <= 400 else text[:400] + " …"

"""Compute a claim again from its JSON file alone and compare."""

from __future__ import annotations

from pathlib import Path


def recheck(file: Path, /, *, cached: bool = False, store: Path | None = None) -> int:
    """Run the study a claim came from with the parameters in its file, and judge the claim anew.

    The exit code is 0 when the verdict is the same and 1 when it changed.

    Example: `tutelage recheck report/claims/fig2.mean.json`

    Parameters
    ----------
    file
        A claim written by `tutelage reproduce` or `tutelage report`.
    cached
        Let the store answer instead of computing everything.
    store
        Folder of computed datasets (with `--cached` by default `$TUTELAGE_STORE` or `store`); without either option
        nothing is kept.
    """
    from tutelage.cli.support import print_table
    from tutelage.store import Store
    from tutelage.studies.runner import recheck as again

    recorded, now = again(file, None if store is None else Store(store), cached=cached)
    rows = [
        (what, f"{claim.predicted:.8g}", f"{claim.measured:.8g}", f"{claim.uncertainty:.2g}", claim.verdict)
        for what, claim in (("recorded", recorded), ("computed now", now))
    ]
    print_table(f"{recorded.id}: {recorded.text}", ("", "predicted", "measured", "error", "verdict"), rows)
    return 0 if recorded.verdict == now.verdict else 1

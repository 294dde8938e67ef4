"""Reproduce one figure of the paper: PNG, PDF, dataset and judged claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def reproduce(
    name: str = "",
    /,
    *,
    full: bool = False,
    fresh: bool = False,
    seed: int = 0,
    output: Annotated[Path, Parameter(alias="-o")] = Path("figures"),
    store: Path | None = None,
) -> int:
    """Compute one study, write its figure, dataset and claims, and print the verdicts.

    Without a name the studies are listed.

    Example: `tutelage reproduce fig2 --output figures`

    Parameters
    ----------
    name
        The study: `fig2`, `fig6`, ..., or one of your own, `module:Class`.
    full
        The sizes of the full report instead of the quick ones.
    fresh
        Compute even if the store has the result.
    seed
        Added to the seed of the study: the same thresholds judge other random numbers.
    output
        Folder for `NAME.png`, `NAME.pdf`, `NAME.zarr.zip` and one JSON per claim; made if missing.
    store
        Folder of computed datasets (default: `$TUTELAGE_STORE` or `store`).
    """
    from tutelage.base import check
    from tutelage.cli.support import (
        check_output_folder,
        fraction_bars,
        print_claims,
        print_table,
        say,
        say_written,
    )
    from tutelage.report.files import refuse_others_of, write_run
    from tutelage.store import Store
    from tutelage.studies import cards, find_study
    from tutelage.studies.runner import run_study

    if not name:
        rows = [(known, card.title, card.place) for known, card in cards().items()]
        print_table("Studies", ("name", "what", "where"), rows)
        return 0
    chosen = find_study(name)
    check.seed(seed, "reproduce")
    folder = check_output_folder(output, "reproduce")
    refuse_others_of(chosen.card.name, folder, "reproduce")
    with fraction_bars() as add:
        study = (chosen.full() if full else chosen.quick()).reseeded(seed)
        run = run_study(study, Store(store), fresh=fresh, progress=add(study.name))
    written = write_run(run, folder, folder, folder)
    print_claims(f"{study.card.title} ({study.card.place})", run.claims)
    say(f"computed in {run.seconds:.1f} s" + (", taken from the store" if run.cached else ""))
    for path in written:
        say_written(path)
    return 0

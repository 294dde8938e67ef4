"""Compare activations at one shape: rank, eigenvalues, learning time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def compare(
    *,
    d: Annotated[int, Parameter(alias="-d")] = 20,
    k: Annotated[int, Parameter(alias="-k")] = 20,
    seed: int = 0,
    json: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    plot: Path | None = None,
    store: Path | None = None,
) -> int:
    """One random teacher per activation, all with the same weights: a table and, if asked, a figure.

    Example: `tutelage compare -d 20 -k 20 --plot compare.png`

    Parameters
    ----------
    d
        Input dimension.
    k
        Hidden width.
    seed
        Seed of the weights.
    json
        Write the table to this file (`-` prints it).
    plot
        Write the figure to this file (.png, .pdf, .svg).
    store
        Folder of computed datasets (default: `$TUTELAGE_STORE` or `store`).
    """
    from math import isfinite

    from tutelage.base import check
    from tutelage.cli.support import (
        FIGURE_SUFFIXES,
        check_output,
        fraction_bars,
        print_table,
        save_figure,
        say,
        write_json,
    )
    from tutelage.store import Store
    from tutelage.studies.compare import EVERY, Compare
    from tutelage.studies.compare.compute import table
    from tutelage.studies.runner import run_study

    check.integer(d, "compare", "d")
    check.integer(k, "compare", "k")
    check.seed(seed, "compare")
    if json is not None:
        json = check_output(json, "compare --json")
    if plot is not None:
        plot = check_output(plot, "compare --plot", FIGURE_SUFFIXES)
    study = Compare(d=d, k=k, activations=EVERY, seed=seed)
    with fraction_bars() as bars:
        run = run_study(study, Store(store), progress=bars("compare"))
    rows = table(study, run.dataset)
    if str(json) != "-":
        columns = ("activation", "rank", "smallest non-zero", "largest", "time")
        shown = [(*row, time if isfinite(time) else "never") for *row, time in rows]
        print_table(f"d = {d}, k = {k}, P = {k * (d + 1)}", columns, shown, ("largest", "rank"))
        say("time: learning rate × steps of gradient flow until the mean loss is 1e-6 of the first")
    if json is not None:
        keys = ("activation", "rank", "smallest_nonzero", "largest", "time_to_1e-6")
        entries = [dict(zip(keys, row, strict=True)) for row in rows]
        shared = {"d": d, "k": k, "n_params": k * (d + 1), "seed": seed}
        write_json(json, [shared | entry for entry in entries])
    if plot is not None:
        save_figure(study.draw(run.dataset), plot)
    return 0

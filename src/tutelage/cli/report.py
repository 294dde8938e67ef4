"""The whole paper: every figure and claim, judged, on one HTML page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def report(
    *,
    full: bool = False,
    output: Annotated[Path, Parameter(alias="-o")] = Path("report"),
    only: tuple[str, ...] = (),
    fresh: bool = False,
    store: Path | None = None,
) -> int:
    """Compute all studies, judge their claims and write a self-contained page with every figure.

    A second report takes seconds because datasets are stored; an interrupted one continues. The exit code is 1
    when a study could not be computed.

    Example: `tutelage report --output report`

    Parameters
    ----------
    full
        Full sizes (minutes) instead of the quick ones (under a minute).
    output
        Folder for `index.html`, `figures/`, `claims/` and `datasets/`; made if missing.
    only
        One study; repeat for several (`--only fig2 --only fig5`).
    fresh
        Compute everything even if the store has it.
    store
        Folder of computed datasets (default: `$TUTELAGE_STORE` or `store`).
    """
    from tutelage.cli.support import check_output_folder, fraction_bars
    from tutelage.report.build import build_report
    from tutelage.store import Store

    folder = check_output_folder(output, "report")
    with fraction_bars() as bars:
        built = build_report(folder, only, full=full, fresh=fresh, store=Store(store), bars=bars)
    verdicts = [claim.verdict for run in built.runs for claim in run.claims]
    for run in built.runs:
        source = "store" if run.cached else f"{run.seconds:.1f} s"
        print(f"{run.study.name:12} {len(run.claims):3} claims   {source:>8}   {run.study.title}")
    tally = ", ".join(
        f"{verdicts.count(word)} {word}" for word in ("holds", "holds with a correction", "fails")
    )
    print(f"{len(verdicts)} claims: {tally}\nopen {built.path}")
    for name, message in built.failures.items():
        print(f"tutelage: study {name} could not be computed: {message}", file=sys.stderr)
    return 1 if built.failures else 0

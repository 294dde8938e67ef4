"""The whole paper: every figure and claim, judged, on one HTML page."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from tutelage.studies.runner import Judged

_EXPLORER = "explorer.html"


def report(
    *,
    full: bool = False,
    output: Annotated[Path, Parameter(alias="-o")] = Path("report"),
    only: tuple[str, ...] = (),
    study: tuple[str, ...] = (),
    fresh: bool = False,
    seed: int = 0,
    workers: int | None = None,
    store: Path | None = None,
) -> int:
    """Compute all studies, judge their claims and write a self-contained page with every figure.

    A second report takes seconds because datasets are stored and unchanged files are kept; an interrupted one
    continues. The exit code is 1 when a study could not be computed.

    Example: `tutelage report --output report`; with random numbers nobody has seen: `tutelage report --seed 7`

    Parameters
    ----------
    full
        Full sizes (minutes) instead of the quick ones (about a minute).
    output
        Folder for `index.html`, `explorer.html`, `figures/`, `claims/` and `datasets/`; made if missing.
    only
        One study; repeat for several (`--only fig2 --only fig5`).
    study
        A study of your own, `module:Class`, shown besides; repeat for several.
    fresh
        Compute everything even if the store or the folder has it.
    seed
        Added to the seed of every study: the same thresholds judge other random numbers.
    workers
        Processes that compute, each on a processor of its own (default: 2, or 1 where there is one processor).
    store
        Folder of computed datasets (default: `$TUTELAGE_STORE` or `store`).
    """
    from tutelage.base import check
    from tutelage.cli.support import check_output_folder, fraction_bars, say
    from tutelage.report.build import build_report, chosen_studies, stored
    from tutelage.report.workers import default_workers
    from tutelage.store import Store
    from tutelage.studies import load_study

    # A part of the report is for looking at one figure again: it has no explorer beside it.
    shows_explorer = not only and find_spec("bokeh") is not None
    count = default_workers() if workers is None else check.integer(workers, "report", "workers")
    check.seed(seed, "report")
    folder = check_output_folder(output, "report")
    kept, own = Store(store), [load_study(path) for path in study]
    try:
        with fraction_bars() as bars:
            built = build_report(
                folder,
                only,
                own,
                full=full,
                fresh=fresh,
                seed=seed,
                store=kept,
                workers=count,
                bars=bars,
                finished=_say,
                beside=_EXPLORER if shows_explorer else "",
            )
            explorer = folder / _EXPLORER
            if shows_explorer and not (explorer.exists() and all(run.cached for run in built.runs)):
                _write_explorer(explorer)
    except KeyboardInterrupt:
        studies = chosen_studies(only, own, full=full, seed=seed)
        raise KeyboardInterrupt(
            f"interrupted; {len(stored(studies, kept))} of {len(studies)} studies are kept in {kept.directory}; "
            f"run the same command again{' without --fresh' if fresh else ''} to continue"
        ) from None
    verdicts = [claim.verdict for run in built.runs for claim in run.claims]
    tally = ", ".join(
        f"{verdicts.count(word)} {word}" for word in ("holds", "holds with a correction", "fails")
    )
    say(f"{len(verdicts)} claims: {tally}")
    say(f"open {built.path}")
    for name, message in built.failures.items():
        say(f"tutelage: study {name} could not be computed: {message}", error=True)
    return 1 if built.failures else 0


def _write_explorer(path: Path) -> None:
    from tutelage.explore import State
    from tutelage.explore.saved import save_page

    save_page(State(), path)


def _say(run: Judged) -> None:
    """One line per study, as soon as it is done, so that a log shows progress too."""
    source = "store" if run.cached else f"{run.seconds:.1f} s"
    from tutelage.cli.support import say

    say(f"{run.study.name:20} {len(run.claims):3} claims {source:>8}   {run.study.card.title}", flush=True)

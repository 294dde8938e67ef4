"""Build the report: run every study through the store, write its files, then the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from tutelage.report.equations import index
from tutelage.report.files import write_run
from tutelage.report.page import page
from tutelage.store import Store, atomic_write, provenance
from tutelage.studies import available, study_class
from tutelage.studies.base import Progress
from tutelage.studies.runner import Run, run_study

Bars = Callable[[str], Progress]


@dataclasses.dataclass(frozen=True)
class Report:
    """What was built: the page, the runs behind it and the studies that could not be computed."""

    path: Path
    runs: list[Run]
    failures: dict[str, str]


def build_report(
    output: Path,
    names: Sequence[str] = (),
    *,
    full: bool = False,
    fresh: bool = False,
    store: Store | None = None,
    bars: Bars | None = None,
) -> Report:
    """Write ``index.html``, ``figures/``, ``claims/`` and ``datasets/`` into an existing folder.

    Each study is stored as soon as it is computed, so an interrupted report continues where it stopped. A study
    that raises is named on the page and the others go on.

    Parameters
    ----------
    output : Path
    names : sequence of str
        Studies to show, all by default.
    full, fresh : bool
        Full sizes; compute even what the store has.
    store : Store, optional
    bars : callable, optional
        ``bars(description)`` makes a progress bar and returns a function of the fraction done.
    """
    chosen = [study_class(name) for name in names or available()]
    bars = bars or (lambda description: lambda fraction: None)
    folders = [output / name for name in ("figures", "claims", "datasets")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    overall = bars("report")
    runs, failures = [], {}
    for i, study in enumerate(chosen):
        try:
            run = run_study(
                study.full() if full else study.quick(), store, fresh=fresh, progress=bars(study.name)
            )
            write_run(run, *folders)
            runs.append(run)
        except Exception as error:  # one broken study must not cost the reader all the others
            failures[study.name] = f"{type(error).__name__}: {error}"
        overall((i + 1) / len(chosen))
    verdicts = {claim.id: claim.verdict for run in runs for claim in run.claims}
    content = page(
        runs, index(verdicts), failures, provenance(), full=full, seconds=sum(run.seconds for run in runs)
    )
    path = output / "index.html"
    with atomic_write(path, "w", "report") as stream:
        stream.write(content)
    return Report(path, runs, failures)

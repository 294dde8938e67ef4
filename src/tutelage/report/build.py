"""Build the report: run every study through the store, write its files, then the page."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tutelage.base.files import atomic_write, is_temporary, own_name, remove_abandoned
from tutelage.base.progress import Progress, portion, silent
from tutelage.report.equations import Entry, index
from tutelage.report.files import JUDGED, write_run
from tutelage.report.page import Pictures, page
from tutelage.report.receipt import reused, write_receipt
from tutelage.report.workers import Failed, Job, longest_first, run_all
from tutelage.store import Store, provenance
from tutelage.store.keys import SUFFIX
from tutelage.store.ownership import refuse_others
from tutelage.studies import Study, available, study_class
from tutelage.studies.base import PARTS
from tutelage.studies.discover import path_of
from tutelage.studies.runner import Judged, key_of, run_study

Bars = Callable[[str], Progress]

_COMPUTING = 0.9
"""The share of a study's bar that computing fills; drawing and writing take the rest (measured: 4 to 20 %)."""

_FULL_FONTS, _QUICK_FONTS = 42, 3
"""``pdf_fonts`` of ``save_figure``: the quick report's PDFs are for looking at (8 s of its minute)."""


@dataclasses.dataclass(frozen=True)
class Report:
    """What was built: the page, the runs behind it and the studies that could not be computed."""

    path: Path
    runs: list[Judged]
    failures: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where a report keeps what is not the page."""

    figures: Path
    claims: Path
    datasets: Path

    @classmethod
    def inside(cls, output: Path) -> Folders:
        """Made if missing."""
        found = cls(*(output / field.name for field in dataclasses.fields(cls)))
        for folder in dataclasses.astuple(found):
            folder.mkdir(exist_ok=True)
        return found


def _claim(output: Path) -> None:
    """Mark the folder as a report's, which the next report may write over; refuse one with other people's files.

    Reports before the marker are known by their stored datasets, and hold nothing else.
    """
    marker = output / ".tutelage-report"
    if not marker.is_file():
        older = any((output / "datasets").glob(f"*{SUFFIX}"))
        rooms = {"index.html", *(field.name for field in dataclasses.fields(Folders))} if older else ()

        def ours(entry: Path) -> bool:
            return entry.name in rooms or is_temporary(entry.name)

        refuse_others(output, ours, "report", "choose another (--output)")
        with atomic_write(own_name(marker), "w", "report") as stream:
            stream.write("Written by tutelage report, which may replace what lies in this folder.\n")


Own = Sequence[type[Study]]
"""Studies of the reader's, beside those of :func:`available`."""


def chosen_studies(
    names: Sequence[str] = (), own: Own = (), *, full: bool = False, seed: int = 0
) -> dict[str, Study]:
    """Name -> study with the parameters of a report, all by default; a name given twice is one study."""
    others = {study.card.name: study for study in own}
    classes = {name: study_class(name) for name in names or available() if name not in others} | others
    return {name: (found.full() if full else found.quick()).reseeded(seed) for name, found in classes.items()}


def stored(studies: dict[str, Study], store: Store) -> list[str]:
    """The names of those that need no computing."""
    return [name for name, study in studies.items() if key_of(study) in store]


def build_report(
    output: Path,
    names: Sequence[str] = (),
    own: Own = (),
    *,
    full: bool = False,
    fresh: bool = False,
    seed: int = 0,
    store: Store | None = None,
    workers: int = 1,
    bars: Bars | None = None,
    finished: Callable[[Judged], None] | None = None,
    beside: str = "",
) -> Report:
    """Write ``index.html``, ``figures/``, ``claims/`` and ``datasets/`` into an existing folder.

    Each study is stored as soon as it is computed, so an interrupted report continues where it stopped; one whose
    files are already there, written by this code, is shown from them. A study
    that raises is named on the page and the others go on.

    Parameters
    ----------
    output : Path
    names : sequence of str
        Studies to show, all by default.
    own : sequence of Study classes
        Studies of the reader's, shown besides.
    full, fresh : bool
        Full sizes; compute even what the store or the folder has.
    seed : int
        Added to the seed of every study: the same claims on random numbers nobody has seen.
    store : Store, optional
    workers : int
        Processes that compute studies, one at a time each.
    bars : callable, optional
        ``bars(description)`` makes a progress bar and returns a function of the fraction done.
    finished : callable, optional
        Called with every run as it is done.
    beside : str
        Name of a page of sliders that will lie in the same folder; the report links to it.

    Raises
    ------
    StoreError
        The folder holds files, and no report has marked it as its own.
    """
    chosen, store = chosen_studies(names, own, full=full, seed=seed), store or Store()
    _claim(output)
    bars, folders = bars or (lambda description: silent), Folders.inside(output)
    pdf_fonts = _FULL_FONTS if full else _QUICK_FONTS
    known = {} if fresh else _shown_again(chosen, folders, pdf_fonts)
    left = {name: study for name, study in chosen.items() if name not in known}
    jobs = _jobs(left, folders, store, fresh=fresh, pdf_fonts=pdf_fonts)
    imports = [f"{home}.{part}" for study in left.values() for home in study.homes() for part in PARTS]
    overall = bars("report")
    outcomes: dict[str, Judged | Failed] = {}
    # closing: an interrupted report ends its workers here and now, not when the garbage is collected.
    with (
        _without_abandoned(store.directory, *dataclasses.astuple(folders)),
        contextlib.closing(run_all(jobs, workers, bars, imports)) as running,
    ):
        for name, outcome in itertools.chain(known.items(), running):
            outcomes[name] = outcome
            overall(len(outcomes) / len(chosen))
            if finished is not None and isinstance(outcome, Judged):
                finished(outcome)
    ordered = [(name, outcomes[name]) for name in chosen]
    runs = [outcome for _, outcome in ordered if isinstance(outcome, Judged)]
    failures = {name: outcome.message for name, outcome in ordered if isinstance(outcome, Failed)}
    paths = {study.card.name: path_of(study) for study in own}
    content = page(
        runs, {run.study.name: _pictures(folders.figures, run) for run in runs}, _entries(runs), failures,
        provenance(), full=full, seed=seed, own=paths, beside=beside,
    )  # fmt: skip
    path = output / "index.html"
    with atomic_write(own_name(path), "w", "report") as stream:
        stream.write(content)
    return Report(path, runs, failures)


def _shown_again(studies: dict[str, Study], folders: Folders, pdf_fonts: int) -> dict[str, Judged]:
    """The studies whose files are there and still valid, as those files tell them."""
    found = {
        name: reused(folders.datasets / f"{name}.json", folders.claims, study, pdf_fonts)
        for name, study in studies.items()
    }
    return {name: judged for name, judged in found.items() if judged is not None}


def _jobs(
    studies: dict[str, Study], folders: Folders, store: Store, *, fresh: bool, pdf_fonts: int
) -> dict[str, Job]:
    """One job per study, longest first; a store that they will write to is tried before any of them starts."""
    if fresh or len(stored(studies, store)) < len(studies):
        store.prepare()
    order = longest_first(studies, lambda name: studies[name].card.cost)
    options = {"fresh": fresh, "pdf_fonts": pdf_fonts}
    return {name: functools.partial(_finish, studies[name], folders, store, **options) for name in order}


@contextlib.contextmanager
def _without_abandoned(*folders: Path) -> Iterator[None]:
    """Temporary files of killed processes removed: an earlier report's before, this one's after."""

    def clean() -> None:
        for folder in folders:
            remove_abandoned(folder)

    clean()
    try:
        yield
    finally:
        clean()


def _finish(
    study: Study,
    folders: Folders,
    store: Store,
    progress: Progress,
    *,
    fresh: bool,
    pdf_fonts: int,
) -> Judged:
    """One study, computed or from the store, with its files written; its dataset stays in them (the page needs no xarray)."""
    run = run_study(study, store, fresh=fresh, progress=portion(progress, 0.0, _COMPUTING))
    written = write_run(run, folders.figures, folders.claims, folders.datasets, pdf_fonts=pdf_fonts)
    write_receipt(folders.datasets / f"{run.study.name}.json", run, written, pdf_fonts)
    return Judged(run.study, run.claims, run.key, run.seconds, run.cached)


def _pictures(folder: Path, run: Judged) -> Pictures:
    name = run.study.name
    return Pictures(folder / f"{name}.png", folder / f"{name}{JUDGED}.png" if run.study.card.judged else None)


def _entries(runs: list[Judged]) -> list[Entry]:
    return index({claim.id: claim.verdict for run in runs for claim in run.claims})

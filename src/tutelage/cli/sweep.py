"""Scan teachers over a grid: resumable, on one machine or a cluster."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from tutelage.base.errors import InputError, WorkersDie

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tutelage.base.progress import Progress
    from tutelage.sweep import SweepFolder, SweepSpec

sweep = App(
    name="sweep",
    help="Scan teachers over a grid: resumable, on one machine or a cluster.",
    help_epilogue="Example: `tutelage sweep run sweep.toml`, then `tutelage sweep plot sweep.toml figure.png`.",
)

Store = Annotated[Path | None, Parameter(help="Folder of the results (default: store/sweep-NAME-DIGEST).")]


@sweep.command
def run(
    spec: Path,
    *,
    store: Store = None,
    scheduler: str | None = None,
    workers: int | None = None,
    shard: str | None = None,
    task_seconds: float | None = None,
) -> int:
    """Evaluate every point that is not stored yet. Example: `tutelage sweep run sweep.toml --workers 2`.

    Parameters
    ----------
    spec
        TOML file that names the grid and the quantities.
    scheduler
        Address of a Dask scheduler, tcp://host:port.
    workers
        Processes on this machine, one processor each (default: all processors); 0 runs in this process.
    shard
        Only part I of N, written I/N and counted from 1: one task of an sbatch array.
    task_seconds
        Aim for the length of one task in seconds.
    """
    from tutelage.sweep import load_spec

    return _run(load_spec(spec), store, scheduler, workers, shard, task_seconds, file=spec)


@sweep.command
def resume(
    store: Path,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    shard: str | None = None,
    task_seconds: float | None = None,
) -> int:
    """Continue the sweep stored in a folder. Example: `tutelage sweep resume store/sweep-bulk-1f2e`.

    Functions of your own (`module:function`) are looked for beside the TOML file, if that is what you give, and on
    Python's path; never where the stored folder says, which may come from a stranger.

    Parameters
    ----------
    store
        Folder of the results, or the TOML file it was started from.
    scheduler
        Address of a Dask scheduler, tcp://host:port.
    workers
        Processes on this machine, one processor each (default: all processors); 0 runs in this process.
    shard
        Only part I of N, written I/N and counted from 1.
    task_seconds
        Aim for the length of one task in seconds.
    """
    from tutelage.sweep import load_spec

    folder = _folder(store)
    stored = folder.spec()
    if not _is_toml(store):
        return _run(stored, folder.path, scheduler, workers, shard, task_seconds)
    return _run(load_spec(store), folder.path, scheduler, workers, shard, task_seconds, file=store)


@sweep.command
def status(store: Path, *, json: bool = False) -> int:
    """Count what is done, failed and left. Example: `tutelage sweep status sweep.toml`.

    Parameters
    ----------
    store
        Folder of the results, or the TOML file it was started from.
    json
        Print JSON instead of a table.
    """
    import dataclasses

    from tutelage.cli.support import print_table, write_json

    folder = _folder(store)
    found = folder.status()
    content = {**dataclasses.asdict(found), "remaining": found.remaining, "store": str(folder.path)}
    if json:
        write_json("-", content)
    else:
        print_table(f"sweep {found.name}", ["", "value"], [[key, value] for key, value in content.items()])
    return 0


@sweep.command
def export(*places: Path, store: Path | None = None, output: Path | None = None) -> int:
    """Write all points to one file, .nc, .zarr or .parquet. Example: `tutelage sweep export sweep.toml points.nc`.

    Parameters
    ----------
    places
        STORE and FILE, in this order, of which --store and --output may give one or both.
    store
        Folder of the results, or the TOML file it was started from.
    output
        File to write; its ending names the format.
    """
    from tutelage.cli.support import say, say_written
    from tutelage.sweep.compact import open_points
    from tutelage.sweep.export import export as write

    store, output = _store_and_file(places, store, output, "sweep export")
    with _damage_told():
        dataset = open_points(_folder(store))
    write(dataset, output)
    say(f"{dataset.sizes['point']} points")
    say_written(output)
    return 0


@sweep.command
def plot(
    *places: Path,
    store: Path | None = None,
    output: Path | None = None,
    y: str | None = None,
    x: str | None = None,
    hue: str | None = None,
) -> int:
    """Draw one quantity against one parameter. Example: `tutelage sweep plot sweep.toml figure.png --y lambda_min`.

    Parameters
    ----------
    places
        STORE and FILE, in this order, of which --store and --output may give one or both.
    store
        Folder of the results, or the TOML file it was started from.
    output
        PNG, PDF or SVG file.
    y
        Quantity (default: the first).
    x
        Parameter along the horizontal axis.
    hue
        Parameter that names the colours.
    """
    from tutelage.cli.support import FIGURE_SUFFIXES, check_output, save_figure
    from tutelage.plotting.sweep import draw
    from tutelage.sweep.compact import open_points

    store, output = _store_and_file(places, store, output, "sweep plot")
    check_output(output, "sweep plot", FIGURE_SUFFIXES)
    with _damage_told():
        dataset = open_points(_folder(store))
    save_figure(draw(dataset, y=y, x=x, hue=hue), output)
    return 0


def _store_and_file(
    places: tuple[Path, ...], store: Path | None, output: Path | None, who: str
) -> tuple[Path, Path]:
    """Both, each said by its place or by its option."""
    left = list(places)
    found = [left.pop(0) if named is None and left else named for named in (store, output)]
    given = [path for path in found if path is not None]
    if left or len(given) != 2:
        raise InputError(
            f"{who}: expected a store and a file, got {', '.join(map(str, places)) or 'neither'}; write "
            f"`tutelage {who} STORE FILE`, or --store STORE FILE"
        )
    return given[0], given[1]


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    """Warnings about damaged results as one line each, without the place in our source that a reader cannot use."""
    import warnings

    from tutelage.base.errors import StoreWarning
    from tutelage.cli.support import say

    with warnings.catch_warnings():
        warnings.simplefilter("always", StoreWarning)
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, StoreWarning):
                say(f"tutelage: warning: {message}", error=True)
            else:
                others(message, category, *place)

        warnings.showwarning = show
        yield


def _is_toml(store: Path) -> bool:
    return store.suffix.lower() == ".toml"


def _folder(store: Path) -> SweepFolder:
    """The folder itself, or the default one of a TOML file."""
    from tutelage.sweep import SweepFolder, load_spec
    from tutelage.sweep.engine import default_store

    return SweepFolder(default_store(load_spec(store)) if _is_toml(store) else store)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, separator, second = text.partition("/")
    if not (separator and first.strip().isdecimal() and second.strip().isdecimal()):
        raise InputError(f"sweep: expected --shard I/N, for example 3/100, got {text!r}")
    return int(first), int(second)


def _run(
    spec: SweepSpec,
    store: Path | None,
    scheduler: str | None,
    workers: int | None,
    shard: str | None,
    task_seconds: float | None,
    file: Path | None = None,
) -> int:
    """Run a specification, read from ``file`` if that is given and from its folder otherwise."""
    from tutelage.cli.support import say
    from tutelage.sweep import run as run_sweep
    from tutelage.sweep.batching import TASK_SECONDS
    from tutelage.sweep.engine import default_store
    from tutelage.sweep.folder import SweepFolder

    folder = SweepFolder(default_store(spec) if store is None else store)
    with _damage_told(), _progress(spec.name) as report:
        try:
            run_sweep(
                spec,
                store=folder.path,
                scheduler=scheduler,
                workers=workers,
                shard=_shard(shard),
                task_seconds=TASK_SECONDS if task_seconds is None else task_seconds,
                progress=report,
                imported=_say_origins,
            )
        except KeyboardInterrupt:
            if not folder.exists():
                raise  # before anything was written
            found = folder.status()
            # Only the file says where the functions of a user are.
            users = file and any(":" in name for name in spec.quantities)
            again = ["run", str(file), "--store"] if users else ["resume"]
            say(
                f"stopped: {found.done} of {found.total} points are stored; "
                f"continue with: {shlex.join(['tutelage', 'sweep', *again, str(folder.path)])}",
                error=True,
            )
            return 130
        except WorkersDie as error:
            say(f"tutelage: {error}", error=True)
            return 1
    found = folder.status()
    failed = f", {found.failed} failed (see the variable error)" if found.failed else ""
    say(f"{found.done} of {found.total} points stored in {folder.path}{failed}")
    return 0


def _say_origins(functions: Mapping[str, str]) -> None:
    from tutelage.cli.support import say

    for name, file in functions.items():
        say(f"{name} is imported from {file}", error=True)


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Progress]:
    """A bar on a terminal, a line every tenth otherwise (a batch job's log)."""
    from tutelage.cli.support import bars_are_seen, fraction_bars

    with fraction_bars() as bars:
        yield bars(name) if bars_are_seen() else _log(name)


def _log(name: str) -> Progress:
    from tutelage.cli.support import say

    written = 0

    def write(fraction: float, message: str | None = None, /) -> None:
        nonlocal written
        tenth = int(10 * fraction)
        if tenth > written:
            written = tenth
            say(f"{name}: {message}", error=True, flush=True)

    return write

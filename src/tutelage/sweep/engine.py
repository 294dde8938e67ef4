"""Run a sweep: in this process, or on Dask with a window of tasks in flight; always through the store."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.precision import refuse_fork
from tutelage.base.processes import processors
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.store import default_directory
from tutelage.sweep.batching import TASK_SECONDS, Batcher
from tutelage.sweep.cluster import connect
from tutelage.sweep.compact import compact, open_points
from tutelage.sweep.driver import Driver, Reporter
from tutelage.sweep.evaluate import run_task
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.imports import check_inputs, complete, origins
from tutelage.sweep.spec import SweepSpec, as_spec, subset

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

#: Share of the free memory that points in flight may claim.
_MEMORY_SHARE = 0.7


def default_store(spec: SweepSpec) -> Path:
    """The folder of a specification: its name and digest in the default directory."""
    return default_directory() / f"sweep-{spec.key}"


def run(
    spec: SweepSpec | Mapping[str, object] | str,
    client: Client | None = None,
    *,
    store: str | Path | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    shard: tuple[int, int] | None = None,
    task_seconds: float = TASK_SECONDS,
    memory: float | None = None,
    progress: AskedProgress = None,
    imported: Callable[[Mapping[str, str]], None] | None = None,
) -> xr.Dataset:
    """Evaluate every point that is not stored yet and return everything stored, lazily.

    Run it again after any interruption: what is durable is never computed twice.

    Parameters
    ----------
    spec : SweepSpec, mapping or path of a TOML file
    client : distributed.Client, optional
        Runs the tasks; its workers need the same Python packages and file system. Put
        ``--preload tutelage.sweep.pin`` on their command line.
    store : path, optional
        The sweep's folder; by default a name and digest under :func:`tutelage.store.default_directory`.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://...``.
    workers : int, optional
        Processes of a local cluster (all processors by default), one thread each; 0 runs in this process.
    shard : (i, n), optional
        Only the i-th of n equal parts, counted from 1; parts may run at the same time (``sbatch --array``).
    task_seconds : float
        Aim for the length of a task, at least 0.05.
    memory : float, optional
        Bytes that points in flight on the local cluster may claim; 70 % of the free memory by default.
    progress : callable or True, optional
        True draws a bar; a function is called after every task with the fraction done in this run and a few words:
        points, rate, time left, failures.
    imported : callable, optional
        Called before the first task with each ``module:function`` and the file that it comes from.

    Returns
    -------
    xarray.Dataset
        Dask-backed, dimension ``point``: the quantities, the parameters as coordinates, and for each point
        ``seconds, method, failed, error, version, code, cpu, threads``. The points stored so far, if a shard.

    Raises
    ------
    InputError
        No such module or function, a law of inputs that does not fit; told before anything is written.
    WorkersDie
        Thirty workers died in a row.
    StoreError
        Another run holds the folder, it holds another sweep or files that are not ours, it cannot be written, or the
        disk is full.
    """
    progress = as_progress(progress, "sweep")
    refuse_fork("sweep")
    spec = complete(as_spec(spec))
    wanted = subset(spec, shard)
    workers = len(processors()) if workers is None else check.integer(workers, "sweep", "workers", minimum=0)
    check.number(task_seconds, "sweep", "task_seconds", above=0.0)
    if client is not None and scheduler is not None:
        raise InputError("sweep: expected a client or a scheduler address, got both; give one")
    check_inputs(spec)
    functions = origins(spec)
    if imported is not None:
        imported(functions)
    folder = SweepFolder(default_store(spec) if store is None else store)
    folder.create(spec)
    with folder.lock(shard):
        if shard is None:
            folder.clean()
        pending = folder.pending(wanted, folder.markers())
        if pending:
            report = Reporter(sum(len(part) for part in pending), progress)
            if workers == 0 and client is None and scheduler is None:
                _run_here(folder, spec, Batcher(spec, pending, 1, task_seconds), report)
            else:
                with contextlib.nullcontext(client) if client else connect(scheduler, workers) as used:
                    local = client is None and scheduler is None
                    budget = (memory or _MEMORY_SHARE * check.available_bytes()) if local else None
                    count = max(1, len(used.scheduler_info(n_workers=-1)["workers"]))
                    batcher = Batcher(spec, pending, count, task_seconds)
                    Driver(used, folder, spec, batcher, budget, report).run()
        if shard is None:
            compact(folder)
    return open_points(folder)


def _run_here(folder: SweepFolder, spec: SweepSpec, batcher: Batcher, report: Reporter) -> None:
    """One task after the other in this process."""
    while (batch := batcher.next()) is not None:
        marker = run_task(str(folder.path), spec, batch.start, batch.stop)
        batcher.learn(batch, marker.seconds)
        report.add(marker)

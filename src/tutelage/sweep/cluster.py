"""The Dask client a sweep runs on: one at an address, or a local cluster of pinned processes."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tutelage.base.errors import InputError, MissingExtraError
from tutelage.sweep.processes import WorkerProcesses

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 20
#: Seconds between two looks at how many workers have started.
_LOOK_SECONDS = 0.05

_SCHEDULER = {
    # A task whose worker died comes back at once: the driver takes it apart and tries it again.
    "distributed.scheduler.allowed-failures": 0,
    # A worker that is silent is not dead: native code may hold the interpreter's lock for long (exact rank does).
    "distributed.scheduler.worker-ttl": None,
    # Work is never moved: tasks are short, and a stolen one would be repeated for nothing.
    "distributed.scheduler.work-stealing": False,
    # One task at a worker: when it dies, the task that ran is blamed and no innocent one behind it.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


@contextlib.contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client, closed afterwards together with the cluster if it was made here."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "sweep: expected Dask, it is not installed; pip install 'tutelage[sweep]' or use --workers 0"
        ) from error
    with _local(workers) if scheduler is None else _remote(scheduler) as client:
        yield client


@contextlib.contextmanager
def _remote(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(
            f"sweep: expected a Dask scheduler at {address!r}, cannot reach it "
            f"({type(error).__name__}: {error}); start one or leave out --scheduler"
        ) from None
    with client:
        yield client


@contextlib.contextmanager
def _local(count: int) -> Iterator[Client]:
    """A LocalCluster whose workers are our own processes (why: see :mod:`tutelage.sweep.processes`)."""
    import dask.config
    from distributed import Client, LocalCluster

    with (
        _quiet(),
        dask.config.set(_SCHEDULER),
        LocalCluster(
            n_workers=0,
            processes=True,
            # Any free port: with the default one, two sweeps on a machine would warn of each other.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=False,
        ) as cluster,
        contextlib.closing(WorkerProcesses(cluster.scheduler_address, count)) as processes,
        Client(cluster) as client,
    ):
        _wait_for(client, processes, count)
        try:
            yield client
        except BaseException:
            processes.close(parting=0.0)
            raise
        processes.stop_replacing()
        client.retire_workers()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's words about connections that close: also those of threads that outlive the cluster for a moment."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    except Exception:
        logger.setLevel(before)
        raise
    logger.setLevel(
        before
    )  # not after an interrupt: the process ends, and its threads have time for a last word


def _wait_for(client: Client, processes: WorkerProcesses, count: int) -> None:
    """Until all workers have come; a worker that ends instead has told why on standard error."""
    while len(client.scheduler_info(n_workers=-1)["workers"]) < count:
        if processes.last_exit is not None:
            raise InputError(
                f"sweep: expected {count} worker(s) to start, one ended with exit code {processes.last_exit}; "
                "see the message above, or use --workers 0"
            )
        time.sleep(_LOOK_SECONDS)

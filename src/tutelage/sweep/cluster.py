"""The Dask client a sweep runs on: the user's, one at an address, or a local cluster of pinned processes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tutelage.errors import InputError, MissingExtraError
from tutelage.sweep.pin import SINGLE_THREAD

if TYPE_CHECKING:
    from distributed import Client

#: How often Dask gives the task of a dying worker to another before it blames the task.
_ALLOWED_FAILURES = 3
_CONNECT_SECONDS = 20


@contextlib.contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client, closed afterwards together with the cluster if it was made here."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingExtraError(
            "sweep: expected Dask, it is not installed; pip install 'tutelage[sweep]' or use --workers 0"
        ) from error
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise InputError(
                f"sweep: expected a Dask scheduler at {scheduler!r}, cannot reach it "
                f"({type(error).__name__}: {error}); start one or leave out --scheduler"
            ) from None
        with client:
            yield client
        return
    settings = {
        "distributed.nanny.pre-spawn-environ": SINGLE_THREAD,
        "distributed.scheduler.allowed-failures": _ALLOWED_FAILURES,
        # Work is never moved: tasks are short, and a stolen one would be repeated for nothing.
        "distributed.scheduler.work-stealing": False,
        # One task at a worker: when it dies, the task that ran is blamed and no innocent one behind it.
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.admin.large-graph-warning-threshold": "1GB",
        "logging.distributed": "critical",
    }
    with (
        _unchanged_environment(),
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # the engine admits tasks by memory itself; the nanny would kill and repeat them
            # Any free port: with the default one, two sweeps on a machine would warn of each other.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            preload="tutelage.sweep.pin",
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def _unchanged_environment() -> Iterator[None]:
    """Undo what Dask's nanny does to this process: it puts the workers' variables into its own environment."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def default_workers() -> int:
    """Processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1

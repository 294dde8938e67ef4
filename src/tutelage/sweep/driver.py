"""A window of tasks in flight on a Dask client, whatever becomes of its workers."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base.errors import StoreError, WorkersDie
from tutelage.base.progress import Progress, silent
from tutelage.sweep.batching import Batcher
from tutelage.sweep.evaluate import lost_point, run_task, store_results
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.marker import Marker
from tutelage.sweep.spec import SweepSpec

if TYPE_CHECKING:
    from dask.typing import Key
    from distributed import Client, Future, Scheduler

#: Arrays of the size of the matrix that an eigenproblem holds at once: itself, copies, work space.
_MATRICES_AT_ONCE = 5
#: How often a single point may take its worker down before it counts as failed.
_MOST_DEATHS = 3
#: Workers that may die one after the other, with no task finished between, before the sweep stops. A batch of a thousand
#: is halved ten times until its one deadly point stands alone; a function that kills at every point would take 12 s each.
_MOST_DEATHS_IN_A_ROW = 30
#: Seconds between two questions to the scheduler about its workers: the driver shares their processors.
_LOOK_SECONDS = 1.0
#: Seconds a stopped sweep waits for the tasks that run, so that their points are not lost.
_DRAIN_SECONDS = 5.0


class Reporter:
    """Counts finished tasks and tells the caller."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress = total, progress or silent
        self._done = self._failed = 0
        self._start = time.perf_counter()

    def add(self, marker: Marker) -> None:
        self._done += marker.stop - marker.start
        self._failed += marker.failed
        self._progress(self._done / self._total, self._words(time.perf_counter() - self._start))

    def _words(self, seconds: float) -> str:
        rate = self._done / max(seconds, 1e-9)
        left = datetime.timedelta(seconds=round((self._total - self._done) / rate))
        return f"{self._done}/{self._total} points, {rate:.3g} points/s, {left} left, {self._failed} failed"


class Driver:
    """Keeps a window of tasks in flight on a Dask client.

    A batch whose worker died is a suspect: Dask blames every task the worker held, and memory that all tasks
    shared may have been the cause. Suspects wait until nothing else is in flight, then run one at a time, in halves,
    so that in the end only a point that dies on its own counts as failed.
    """

    def __init__(
        self,
        client: Client,
        folder: SweepFolder,
        spec: SweepSpec,
        batcher: Batcher,
        budget: float | None,
        report: Reporter,
    ) -> None:
        from distributed import as_completed

        self._client, self._folder, self._spec = client, folder.path.resolve(), spec
        self._batcher, self._budget, self._report = batcher, budget, report
        self._flight: dict[Future, tuple[range, float]] = {}
        self._waiting: range | None = None
        self._suspects: list[range] = []
        self._deaths: Counter[int] = Counter()
        self._deaths_in_a_row = 0
        self._infos: list[dict] = []
        self._next_look = 0.0
        self._completed = as_completed()

    def run(self) -> None:
        """Until nothing is pending; stops cleanly on Ctrl-C or a store that cannot be written."""
        try:
            self._fill()
            for future in self._completed:
                self._finish(future)
                self._fill()
        except BaseException:
            self._stop()
            raise

    def _workers(self) -> tuple[int, float | None]:
        """Threads of the cluster now, and the largest MEMORY (bytes) a worker declares; None if some do not.

        Workers come and go (a batch system starts them one by one). Dask itself fills those with a MEMORY.
        """
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            self._infos = list(self._client.scheduler_info(n_workers=-1)["workers"].values())
        infos = self._infos
        memory = [info.get("resources", {}).get("MEMORY") for info in infos]
        capacity = max(memory) if memory and None not in memory else None
        return max(1, sum(info["nthreads"] for info in infos)), capacity

    def _fill(self) -> None:
        threads, capacity = self._workers()
        while len(self._flight) < 2 * threads:
            batch = self._next()
            if batch is None:
                return
            size = point_bytes(self._spec, batch)
            claimed = sum(claim for _, claim in self._flight.values())
            # One task is always admitted: if it cannot fit, the solver says so and the point is recorded.
            if self._budget is not None and self._flight and claimed + size > self._budget:
                self._waiting = batch
                return
            self._waiting = None
            self._submit(batch, size, capacity)

    def _next(self) -> range | None:
        """The next batch; a suspect when there are no others and nothing is in flight."""
        batch = self._waiting or self._batcher.next()
        if batch is None and self._suspects and not self._flight:
            return self._suspects.pop()
        return batch

    def _submit(self, batch: range, size: float, capacity: float | None) -> None:
        resources = None if capacity is None else {"MEMORY": min(size, capacity)}
        future = self._client.submit(
            run_task, str(self._folder), self._spec, batch.start, batch.stop, pure=False, resources=resources
        )
        self._flight[future] = (batch, size)
        self._completed.add(future)

    def _finish(self, future: Future) -> None:
        from distributed import KilledWorker

        batch, _ = self._flight.pop(future)
        if future.status == "error" and isinstance(future.exception(), KilledWorker):
            self._deaths_in_a_row += 1
            if self._deaths_in_a_row == _MOST_DEATHS_IN_A_ROW:
                raise WorkersDie(
                    f"sweep: stopped after {_MOST_DEATHS_IN_A_ROW} workers died in a row, the last at the points "
                    f"{batch.start} to {batch.stop - 1} (out of memory, or a crash in native code); what was finished is "
                    "stored: try one point with --workers 0"
                )
            self._lost(batch)
            return
        self._deaths_in_a_row = 0
        if future.status in ("cancelled", "lost"):
            raise StoreError(
                "sweep: expected a running Dask scheduler, the connection to it was lost; what was finished is stored: "
                "start a scheduler and run it again"
            )
        # The marker is read from the store: a result held by a worker that died since would have to be recomputed.
        marker = SweepFolder(self._folder).marker(batch.start, batch.stop) or future.result()
        self._batcher.learn(batch, marker.seconds)
        self._report.add(marker)

    def _lost(self, batch: range) -> None:
        """A batch that took its worker down is halved; a point that does so again and again counts as failed."""
        if len(batch) > 1:
            middle = (batch.start + batch.stop) // 2
            self._suspects += [range(middle, batch.stop), range(batch.start, middle)]
            return
        self._deaths[batch.start] += 1
        if self._deaths[batch.start] < _MOST_DEATHS:
            self._suspects.append(batch)
            return
        message = f"the worker died each of the {_MOST_DEATHS} times this point ran (out of memory, or a crash in native code)"
        results = [lost_point(message)]
        self._report.add(store_results(SweepFolder(self._folder), self._spec, batch, results))

    def _stop(self) -> None:
        """Withdraw what has not started and give the tasks that run a moment to become durable."""
        with contextlib.suppress(Exception):
            from distributed import wait

            running = set(self._client.run_on_scheduler(_processing))
            self._client.cancel([f for f in self._flight if f.key not in running], force=True)
            if left := [f for f in self._flight if f.key in running]:
                wait(left, timeout=_DRAIN_SECONDS)


def _processing(dask_scheduler: Scheduler) -> list[Key]:
    """Keys of the first task of each worker: the ones that run now."""
    return [next(iter(ws.processing)).key for ws in dask_scheduler.workers.values() if ws.processing]


def point_bytes(spec: SweepSpec, batch: range) -> float:
    """Working memory of the largest point of a batch, in bytes."""
    if spec.memory_bytes is not None:
        return spec.memory_bytes
    sizes = spec.block_sizes(np.arange(batch.start, batch.stop)).astype(np.float64)
    return float(8 * _MATRICES_AT_ONCE * sizes.max() ** 2)

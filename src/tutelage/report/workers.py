"""Worker processes for a report: one study at a time each, pinned to one processor, and expendable.

Every worker has its own pipe, so that one killed in the middle of a message harms nobody else. A study that
raises, or whose worker dies, becomes a :class:`Failed` and the others go on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tutelage.base.collector import collect_rarely
from tutelage.base.processes import die_with, environment_of_a_child, pin_process, take_core, thread_count
from tutelage.base.progress import Progress, silent


@dataclasses.dataclass(frozen=True)
class Failed:
    """Why a job has no result."""

    message: str

    @classmethod
    def by(cls, error: Exception) -> Failed:
        """The failure an exception stands for."""
        return cls(f"{type(error).__name__}: {error}")


Job = Callable[[Progress], Any]
"""Called with a function of the fraction done; the job and its result must be picklable."""

Item = TypeVar("Item")


_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""A server that imports what all need and is forked for each worker (two pay for one's imports, 2.5 s); elsewhere the
system's own libraries may not be forked. It never starts JAX, whose threads a fork would lose."""


def run_all(
    jobs: dict[str, Job], workers: int, bars: Callable[[str], Progress], imports: Sequence[str] = ()
) -> Generator[tuple[str, Any], None, None]:
    """(name, result or :class:`Failed`) of each job as it finishes, started in the order given.

    With one worker, or one job, everything runs in this process. Otherwise each worker is a fresh process
    (forking a process that has started JAX deadlocks) on a processor of its own; ``imports`` are modules they will
    need. Whatever ends the iteration, Ctrl-C included, ends the workers.
    """
    if min(workers, len(jobs)) <= 1:
        yield from _run_here(jobs, bars)
        return
    context = multiprocessing.get_context(_METHOD)
    context.set_forkserver_preload(["tutelage.report.forked", *imports])
    waiting, busy = deque(jobs.items()), {}
    try:
        idle = [_Worker() for _ in range(min(workers, len(jobs)))]
        busy |= {worker.connection: worker for worker in idle}
        for worker in idle:
            worker.start(*waiting.popleft(), bars)
        while busy:
            for connection in wait(busy):
                worker = busy[connection]  # type: ignore[index]
                outcome = worker.hear()
                if outcome is None:
                    continue
                worker.progress(1.0)
                yield worker.name, outcome
                if waiting:
                    worker = worker if worker.process.is_alive() else worker.replaced()
                    worker.start(*waiting.popleft(), bars)
                    del busy[connection]  # type: ignore[arg-type]
                    busy[worker.connection] = worker
                else:
                    del busy[connection]  # type: ignore[arg-type]
                    worker.stop()
    finally:
        for worker in busy.values():
            worker.process.terminate()  # all of them, before waiting for any
        for worker in busy.values():
            worker.stop()


def _run_here(jobs: dict[str, Job], bars: Callable[[str], Progress]) -> Iterator[tuple[str, Any]]:
    for name, job in jobs.items():
        progress = bars(name)
        outcome = _outcome(job, progress)
        progress(1.0)
        yield name, outcome


def _outcome(job: Job, progress: Progress) -> Any:
    try:
        return job(progress)
    except Exception as error:  # one broken study must not cost the reader all the others
        return Failed.by(error)


class _Worker:
    """This process's end of one worker: its pipe, and the job it has."""

    def __init__(self) -> None:
        context = multiprocessing.get_context(_METHOD)
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        with environment_of_a_child():
            self.process.start()
        theirs.close()  # only the worker holds it, so that its death reads as the end of the pipe
        self.name, self.progress = "", silent

    def start(self, name: str, job: Job, bars: Callable[[str], Progress]) -> None:
        """Hand over a job; a worker that has just died is noticed by :meth:`hear`."""
        self.name, self.progress = name, bars(name)
        with contextlib.suppress(BrokenPipeError):
            self.connection.send(job)

    def hear(self) -> Any:
        """The job's outcome, or None when the message was about progress."""
        try:
            kind, content = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return Failed(f"its process died (exit code {self.process.exitcode}); out of memory?")
        if kind == "done":
            return content
        self.progress(content)
        return None

    def replaced(self) -> _Worker:
        """A new worker in the place of a dead one."""
        self.stop()
        return _Worker()

    def stop(self) -> None:
        """End the process whatever it does: results are written atomically."""
        self.process.terminate()
        self.process.join()
        self.connection.close()


def _serve(connection: Connection) -> None:
    """The worker: jobs in, progress and results out, until the parent stops it or dies."""
    collect_rarely()  # where it was not forked
    if (parent := multiprocessing.parent_process()) is not None:
        die_with(parent.sentinel)
    if (core := take_core()) is not None:
        pin_process(core)

    def report(fraction: float, message: str | None = None, /) -> None:
        connection.send(("progress", fraction))

    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            connection.send(("done", _outcome(connection.recv(), report)))


def default_workers() -> int:
    """Two, or as many processors as this process may use: more would fill the memory sooner than save time."""
    return min(2, thread_count())


def longest_first(items: Iterable[Item], seconds: Callable[[Item], float]) -> list[Item]:
    """So that no long study starts last, when the other workers have nothing left."""
    return sorted(items, key=seconds, reverse=True)

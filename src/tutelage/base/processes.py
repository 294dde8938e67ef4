"""Child processes: one processor and one thread each, a path without strays, an end that comes with their parent's."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

#: Read by OpenMP, OpenBLAS and MKL when they load, and by JAX (NPROC) when its first client starts.
SINGLE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NPROC",
    )
}  # fmt: skip

#: Python starts without the current folder (or the script's) on its path: a ``numpy.py`` that lies there is not NumPy.
SAFE_PATH = {"PYTHONSAFEPATH": "1"}

#: Held for the life of the process: letting one go gives its processor back.
_held: list[FileLock] = []


def processors() -> list[int]:
    """Numbers of the processors this process may run on; all of the machine's where that cannot be asked (macOS)."""
    try:
        return psutil.Process().cpu_affinity() or []
    except AttributeError:
        return list(range(os.cpu_count() or 1))


def thread_count() -> int:
    """Processors this process may run on: the limit that JAX on CPU obeys (it ignores OMP_NUM_THREADS)."""
    told = os.environ.get("NPROC", "")
    return int(told) if told.isdigit() else len(processors())


@contextlib.contextmanager
def environment_of_a_child() -> Iterator[None]:
    """What a child must inherit: one thread (read when libraries load), a path without strays, Ctrl-C left to us."""
    inherited = SINGLE_THREAD | SAFE_PATH
    before = {name: os.environ.get(name) for name in inherited}
    os.environ.update(inherited)
    try:
        with _interrupts_blocked():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def take_core(folder: Path | None = None) -> int | None:
    """Reserve a processor no other worker of this user has, until this process ends; None if all are taken.

    A lock per processor, so that sweeps on one machine share it out and a killed worker's is free again.
    """
    user = re.sub(r"\W", "_", psutil.Process().username())
    folder = folder or Path(tempfile.gettempdir()) / f"tutelage-cores-{user}"
    with contextlib.suppress(OSError):  # a folder that is not ours, a system without locks: run unpinned
        folder.mkdir(mode=0o700, exist_ok=True)
        for core in sorted(processors()):
            lock = FileLock(folder / str(core), timeout=0, mode=0o600, thread_local=False)
            with contextlib.suppress(Timeout):
                lock.acquire()
                _held.append(lock)
                return core
    return None


def pin_process(core: int) -> None:
    """Bind every thread of this process to one processor, where the system can."""
    process = psutil.Process()
    if sys.platform != "linux":
        with contextlib.suppress(AttributeError):
            process.cpu_affinity([core])
        return
    for thread in process.threads():  # on Linux the call binds one thread at a time
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, {core})


def die_with(pipe: int) -> None:
    """End this process when the other end of a pipe closes, whatever killed its owner, who is the parent.

    On POSIX the kernel does it by SIGIO, whose default is to terminate, rather than a thread that waits for the end of
    the pipe: native code may hold the interpreter's lock for minutes (exact rank does), and a signal needs no lock.
    """
    try:
        import fcntl
    except ImportError:
        threading.Thread(target=_end_after, args=(psutil.Process(os.getppid()),), daemon=True).start()
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:  # nobody writes: readable means that the owner is gone already
        sys.exit(1)


def _end_after(parent: psutil.Process) -> None:
    parent.wait()
    os._exit(1)

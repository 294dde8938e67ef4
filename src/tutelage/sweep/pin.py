"""One worker process, one processor: a Dask preload, because JAX on the CPU obeys nothing else.

``dask worker --preload tutelage.sweep.pin`` does for the workers of any cluster what
:mod:`tutelage.sweep.worker` does for local ones.
Two processes of two threads each on two processors ran 5.9 times slower than two of one (measured).
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

#: Read by OpenMP, OpenBLAS and MKL when they load, and by JAX (NPROC) when its first client starts.
SINGLE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NPROC",
    )
}  # fmt: skip

#: Python starts without the current folder (or the script's) on its path: a ``numpy.py`` that lies there is not NumPy.
SAFE_PATH = {"PYTHONSAFEPATH": "1"}

#: Open for the life of the process: closing one gives its processor back.
_held: list[int] = []


def take_core(folder: Path | None = None) -> int | None:
    """Reserve a processor no other worker of this user has, until this process ends; None if all are taken.

    A flock per processor, so that sweeps on one machine share it out and a killed worker's is free again.
    """
    folder = folder or Path(tempfile.gettempdir()) / f"tutelage-cores-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for core in sorted(os.sched_getaffinity(0)):
            handle = os.open(folder / str(core), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            _held.append(handle)
            return core
    except (OSError, AttributeError):  # no such calls, or a folder that is not ours: run unpinned
        pass
    return None


def pin_process(core: int) -> None:
    """Bind every thread of this process to one processor (the call binds one thread at a time)."""
    for thread in os.listdir("/proc/self/task"):
        try:
            os.sched_setaffinity(int(thread), {core})
        except ProcessLookupError:
            continue


def pin_worker() -> None:
    """One thread for every library, one free processor for the process; the driver alone decides what Ctrl-C stops."""
    os.environ.update(SINGLE_THREAD)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    core = take_core()
    if core is not None:
        pin_process(core)


def put_current_folder_last() -> None:
    """``python -m`` puts the current folder first on Python's path; what is imported from now on is found elsewhere first."""
    here = os.path.realpath(os.getcwd())
    sys.path.sort(key=lambda folder: os.path.realpath(folder) == here)


def dask_setup(worker: Any) -> None:
    """Called by Dask in each worker before its first task."""
    put_current_folder_last()
    pin_worker()

"""One worker process, one processor: a Dask preload, because JAX on the CPU obeys nothing else.

``dask worker --preload tutelage.sweep.pin`` does for the workers of any cluster what
:mod:`tutelage.sweep.worker` does for local ones.
Two processes of two threads each on two processors ran 5.9 times slower than two of one (measured).
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from tutelage.base.processes import SINGLE_THREAD, pin_process, take_core


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


def dask_setup(worker: object) -> None:
    """Called by Dask in each worker before its first task."""
    put_current_folder_last()
    pin_worker()

"""Local Dask workers as plain child processes: one that dies is replaced, and none outlives the sweep.

Dask's own nannies were tried and dropped: a LocalCluster gives a worker up for good when, 15 s after one death, it
happens to be down again after another, so a few points that crash their worker left a sweep without workers. They also
change this process's environment and import the user's ``__main__``; a plain program does neither.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time

from tutelage.base.processes import SAFE_PATH, SINGLE_THREAD
from tutelage.sweep.imports import worker_path

#: Seconds between the end of a worker and the start of the next: against a machine that cannot start any.
_PAUSE = 0.1
#: Seconds a worker has to end by itself, before it is killed.
_PARTING = 2.0


class WorkerProcesses:
    """``count`` workers of the scheduler at ``address``, each replaced when it ends, until :meth:`close`."""

    def __init__(self, address: str, count: int) -> None:
        self._address = address
        self._closing = threading.Event()
        self._processes: dict[str, subprocess.Popen] = {}
        self.last_exit: int | None = None
        """Exit code of the last worker that ended (negative: the signal), None if none did."""
        self._keepers = [
            threading.Thread(target=self._keep, args=(f"worker-{i}",), daemon=True) for i in range(count)
        ]
        for keeper in self._keepers:
            keeper.start()

    def _keep(self, name: str) -> None:
        """Start a worker whenever there is none of this name."""
        while not self._closing.is_set():
            # No memory or no process to be had now: later.
            with contextlib.suppress(OSError), self._start(name) as process:
                self._processes[name] = process
                self.last_exit = process.wait()
            self._closing.wait(_PAUSE)

    def _start(self, name: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "tutelage.sweep.worker", self._address, name],
            stdin=subprocess.PIPE,
            env={
                **os.environ,
                **SINGLE_THREAD,
                **SAFE_PATH,
                "PYTHONPATH": os.pathsep.join(worker_path()),
                "DASK_LOGGING__DISTRIBUTED": "critical",
            },
            start_new_session=True,  # Ctrl-C reaches the terminal's whole group; the sweep decides what stops
        )

    def stop_replacing(self) -> None:
        """From now on a worker that ends is not replaced."""
        self._closing.set()

    def close(self, parting: float = _PARTING) -> None:
        """Wait a moment for the workers to end (their scheduler has told them to), then end them."""
        self.stop_replacing()
        end = time.monotonic() + parting
        for keeper in self._keepers:
            keeper.join(max(0.0, end - time.monotonic()))
        while alive := [keeper for keeper in self._keepers if keeper.is_alive()]:
            for process in list(self._processes.values()):
                process.kill()
            alive[0].join(_PAUSE)

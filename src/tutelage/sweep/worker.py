"""The program of a local worker: one process, one thread, one processor; it ends when its sweep does.

``python -m tutelage.sweep.worker ADDRESS NAME``, with a pipe from the sweep as standard input.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import signal
import sys

from tutelage.sweep.pin import pin_worker


def die_with(pipe: int) -> None:
    """Have the kernel end this process when the other end of a pipe closes, whatever killed its owner.

    SIGIO, whose default is to terminate, rather than a thread that waits for the end of the pipe: native code
    may hold the interpreter's lock for minutes (exact rank does), and a signal needs no lock.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:  # nobody writes: readable means that the owner is gone already
        sys.exit(1)


async def serve(address: str, name: str) -> None:
    """Run tasks of the scheduler at ``address`` until it closes."""
    from distributed import Worker

    async with Worker(address, name=name, nthreads=1, memory_limit=0) as worker:
        await worker.finished()


if __name__ == "__main__":
    die_with(sys.stdin.fileno())
    pin_worker()
    asyncio.run(serve(*sys.argv[1:]))

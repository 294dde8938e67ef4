"""The program of a local worker: one process, one thread, one processor; it ends when its sweep does.

``python -m tutelage.sweep.worker ADDRESS NAME``, with a pipe from the sweep as standard input.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from tutelage.base.collector import collect_rarely
from tutelage.base.processes import die_with
from tutelage.sweep.pin import pin_worker


async def serve(address: str, name: str) -> None:
    """Run tasks of the scheduler at ``address`` until it closes."""
    from distributed import Worker

    # That the sweep has ended or lost a connection is the driver's to tell.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    async with Worker(address, name=name, nthreads=1, memory_limit=0) as worker:
        await worker.finished()


if __name__ == "__main__":
    collect_rarely()
    die_with(sys.stdin.fileno())
    pin_worker()
    asyncio.run(serve(*sys.argv[1:]))

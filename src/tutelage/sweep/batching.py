"""How many points make a task: enough for the wanted seconds, learned from the tasks that came back."""

from __future__ import annotations

import numpy as np

from tutelage.sweep.spec import SweepSpec

#: Writing a chunk of 20 variables takes 0.1 s (measured in benchmarks/sweep_overhead.py): a tenth of a task.
TASK_SECONDS = 1.0
#: Below this a scheduler's 2 ms a task and the chunk's writing would outweigh the work.
SHORTEST_TASK = 0.05
#: Rows of a chunk; also bounds what a wrong first guess can cost.
_MOST_POINTS = 1000
_GROWTH = 16
#: Block size at which the cubic cost of an eigenproblem takes over from a point's fixed cost (10 ms).
_CUBIC_FROM = 300.0


class Batcher:
    """Cuts pending ranges into tasks.

    The cost of a point is modelled as ``rate (1 + (n/300)^3)``, n the side of its eigenproblem; only the rate
    is learned. A batch grows at most 16 times over the largest that came back, so that a wrong guess stays
    cheap, and shrinks towards the end so that the workers finish together.
    """

    def __init__(self, spec: SweepSpec, pending: list[range], workers: int, task_seconds: float) -> None:
        self._spec = spec
        self._pending = list(pending)
        self._workers = max(1, workers)
        self._task_seconds = max(task_seconds, SHORTEST_TASK)
        self._rate: float | None = None
        self._largest = 0
        self.remaining = sum(len(part) for part in pending)

    def work(self, indices: range) -> np.ndarray:
        """Relative cost of each point."""
        return 1.0 + (self._spec.block_sizes(np.arange(indices.start, indices.stop)) / _CUBIC_FROM) ** 3

    def next(self) -> range | None:
        """The next batch, or None when nothing is left."""
        if not self._pending:
            return None
        part = self._pending[0]
        batch = range(part.start, part.start + self._count(part))
        rest = range(batch.stop, part.stop)
        self._pending[:1] = [rest] if len(rest) else []
        self.remaining -= len(batch)
        return batch

    def _count(self, part: range) -> int:
        if self._rate is None:
            return 1
        most = min(len(part), _MOST_POINTS, max(1, _GROWTH * self._largest))
        seconds = np.cumsum(self.work(range(part.start, part.start + most))) * self._rate
        wanted = int(np.searchsorted(seconds, self._task_seconds)) + 1
        fair = self.remaining if self._workers == 1 else -(-self.remaining // (2 * self._workers))
        shortest = int(np.searchsorted(seconds, SHORTEST_TASK)) + 1
        return max(1, min(most, wanted, max(fair, shortest)))

    def learn(self, indices: range, seconds: float) -> None:
        """Take note of how long a batch took; a lower rate holds at once, since it is the first points that compile."""
        if not seconds > 0:
            return
        rate = seconds / float(self.work(indices).sum())
        self._rate = rate if self._rate is None else min(rate, 0.5 * (self._rate + rate))
        self._largest = max(self._largest, len(indices))

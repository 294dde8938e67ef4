"""Tasks cover the pending points once and reach the wanted length whatever a point costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.sweep.batching import SHORTEST_TASK, Batcher
from tutelage.sweep.spec import SweepSpec


def grid(n, sizes=((4, 4),)):
    return SweepSpec(("x",), ("linear",), tuple(sizes), realizations=tuple(range(n)))


def drain(batcher, seconds):
    """All batches, each costing ``seconds(index)`` per point."""
    batches = []
    while (batch := batcher.next()) is not None:
        batches.append(batch)
        batcher.learn(batch, sum(seconds(i) for i in batch))
    return batches


@settings(max_examples=50)
@given(data=st.data())
def test_every_pending_point_is_in_exactly_one_batch(data):
    n = data.draw(st.integers(1, 400))
    cuts = sorted(data.draw(st.sets(st.integers(0, n), max_size=6)) | {0, n})
    pending = [range(a, b) for a, b in zip(cuts[:-1:2], cuts[1::2], strict=False)]
    cost = data.draw(st.sampled_from([1e-6, 1e-3, 0.1, 5.0]))
    batcher = Batcher(grid(n), pending, workers=2, task_seconds=1.0)
    batches = drain(batcher, lambda _: cost)
    assert [i for b in batches for i in b] == [i for part in pending for i in part]
    assert batcher.remaining == 0


@pytest.mark.parametrize("cost", [1e-4, 1e-3, 1e-2])
def test_batches_reach_the_wanted_length_and_never_overshoot_sixteenfold(cost):
    batches = drain(Batcher(grid(20_000), [range(20_000)], 2, 1.0), lambda _: cost)
    lengths = np.array([len(b) for b in batches])
    assert np.all(lengths[1:] <= 16 * np.maximum.accumulate(lengths)[:-1])
    middle = lengths[len(lengths) // 3 : len(lengths) // 2] * cost
    assert np.all(middle <= 1.0 + cost) and middle.max() >= min(1.0, 1000 * cost) - cost


def test_the_end_is_shared_out_but_tasks_stay_above_the_shortest():
    batches = drain(Batcher(grid(2000), [range(2000)], 4, 1.0), lambda _: 1e-3)
    assert len(batches[-1]) * 1e-3 <= SHORTEST_TASK + 2e-3
    assert max(len(b) for b in batches[-6:-1]) * 1e-3 >= SHORTEST_TASK


def test_larger_matrices_make_smaller_batches_before_they_are_measured():
    spec = grid(100, sizes=((10, 10), (60, 60)))
    batcher = Batcher(spec, [range(200)], 1, 1.0)
    cost = {False: 0.01, True: 0.01 * (1 + (60 * 61 / 300) ** 3)}
    batches = drain(batcher, lambda i: cost[i >= 100])
    longest = max(sum(cost[i >= 100] for i in b) for b in batches)
    assert longest <= 2 * cost[True]


def test_a_first_point_that_compiles_does_not_keep_the_batches_short():
    batches = drain(Batcher(grid(1000), [range(1000)], 1, 1.0), lambda i: 0.3 if i == 0 else 1e-4)
    assert [len(batch) for batch in batches][:2] == [1, 4]
    assert len(batches) <= 6

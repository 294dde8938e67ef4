"""The same sweep on a Dask cluster, with workers that die."""

import os
import signal
import threading

import numpy as np
import pytest
from sweep_support import same_values

from tutelage.base.errors import InputError, StoreError
from tutelage.sweep import SweepFolder, SweepSpec, run
from tutelage.sweep.cluster import connect
from tutelage.sweep.driver import point_bytes

pytestmark = pytest.mark.xdist_group("dask")


def test_workers_are_pinned_to_one_thread_each_and_share_the_work(mapping, tmp_path, client):
    found = run(
        {**mapping, "quantities": ["sweep_functions:threads"]}, client, store=tmp_path, task_seconds=0.05
    )
    assert set(found.threads.values.tolist()) == {1}
    assert np.unique(found.pid.values).size == 2


def test_a_worker_killed_in_the_middle_of_200_points_costs_nothing(mapping, tmp_path, client):
    mapping = {**mapping, "realizations": 25, "quantities": ["sweep_functions:slow_draw"]}
    victims = list(client.run(os.getpid).values())
    killed = threading.Event()

    def kill(fraction, message):
        if fraction >= 0.1 and not killed.is_set():
            os.kill(victims[0], signal.SIGKILL)
            killed.set()

    found = run(mapping, client, store=tmp_path / "a", task_seconds=0.05, progress=kill)
    assert killed.is_set()
    assert found.point.values.tolist() == list(range(200)) and not found.failed.values.any()
    alone = run(mapping, store=tmp_path / "b", workers=0)
    same_values(found.drop_vars("threads"), alone.drop_vars("threads"))


def test_a_store_that_cannot_be_written_stops_the_cluster_run(mapping, tmp_path, client):
    run(mapping, store=tmp_path, workers=0, shard=(1, 24))
    folder = SweepFolder(tmp_path)
    folder.tasks.rename(tmp_path / "away")
    (tmp_path / "tasks").symlink_to("/proc/self")
    with pytest.raises(StoreError, match=r"cannot write|expected an existing folder|writable"):
        run(mapping, client, store=tmp_path, shard=(2, 2))


def test_the_address_of_a_scheduler_runs_the_same_sweep(mapping, tmp_path, client):
    found = run(mapping, store=tmp_path / "a", scheduler=client.scheduler.address)
    alone = run(mapping, store=tmp_path / "b", workers=0)
    same_values(found.drop_vars("threads"), alone.drop_vars("threads"))


@pytest.mark.parametrize(
    "realizations",
    [
        pytest.param([1, 2], id="one in two", marks=pytest.mark.slow),
        pytest.param(list(range(8)), id="four of 32", marks=pytest.mark.slow),
    ],
)
def test_points_that_kill_every_worker_are_recorded_and_the_rest_arrives(mapping, tmp_path, realizations):
    grid = mapping["grid"] | ({"activation": "erf", "d": 3} if len(realizations) == 2 else {})
    mapping = {
        **mapping,
        "quantities": ["sweep_functions:deadly"],
        "seed": 0,
        "realizations": realizations,
        "grid": grid,
    }
    found = run(mapping, store=tmp_path, workers=2).compute()
    deadly = found.realization.values == 2
    assert deadly.sum() == (1 if len(realizations) == 2 else 4)
    np.testing.assert_array_equal(found.failed, deadly)
    assert all("the worker died each of the 3 times" in e for e in found.error.values[deadly].astype(object))


def test_an_innocent_point_beside_a_deadly_one_is_never_blamed(mapping, tmp_path, client):
    """Whatever Dask blames, halves that run alone find the one point that dies."""
    from distributed import KilledWorker

    from tutelage.sweep import driver as module
    from tutelage.sweep.batching import Batcher
    from tutelage.sweep.evaluate import run_task

    class Future:
        status = "error"

        def __init__(self, batch):
            self.batch = batch

        def exception(self):
            return KilledWorker("run_task", None, 0)

    spec = SweepSpec.from_mapping({**mapping, "seed": 0, "realizations": 2})
    folder = SweepFolder(tmp_path)
    folder.create(spec)
    driver = module.Driver(client, folder, spec, Batcher(spec, [], 2, 0.05), None, module.Reporter(8, None))
    tried = []
    driver._suspects = [range(0, 8)]
    while (batch := driver._next()) is not None:
        assert not driver._flight
        tried.append(batch)
        if 5 in batch:
            future = Future(batch)
            driver._flight[future] = (batch, 0.0)
            driver._finish(future)
        else:
            run_task(str(tmp_path), spec, batch.start, batch.stop)
    found = {i: m.failed for m in folder.markers() for i in range(m.start, m.stop)}
    assert found == {i: int(i == 5) for i in range(8)}
    assert tried.count(range(5, 6)) == 3 and len(tried) == 1 + 2 + 2 + 2 + 2


@pytest.mark.slow
def test_all_workers_dead_at_once_are_replaced(mapping, tmp_path):
    mapping = {**mapping, "realizations": 10, "quantities": ["sweep_functions:slow_draw"]}
    killed = threading.Event()
    with connect(None, 2) as client:
        pids = list(client.run(os.getpid).values())

        def kill(fraction, message):
            if fraction >= 0.1 and not killed.is_set():
                killed.set()
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)

        found = run(mapping, client, store=tmp_path, task_seconds=0.05, progress=kill)
    assert killed.is_set() and found.sizes["point"] == 80 and not found.failed.values.any()


def test_an_address_without_a_scheduler_is_refused(mapping, tmp_path, monkeypatch):
    monkeypatch.setattr("tutelage.sweep.cluster._CONNECT_SECONDS", 0.5)
    with pytest.raises(
        InputError, match=r"expected a Dask scheduler at 'tcp://127.0.0.1:9'.*leave out --scheduler"
    ):
        run(mapping, store=tmp_path, scheduler="tcp://127.0.0.1:9")


def test_a_client_and_an_address_are_one_too_many(mapping, tmp_path):
    with pytest.raises(InputError, match="got both; give one"):
        run(mapping, object(), store=tmp_path, scheduler="tcp://x")


def test_big_points_wait_for_memory(mapping, tmp_path, client):
    """With room for one point at a time, no two ever run together."""
    mapping = {**mapping, "quantities": ["sweep_functions:threads"], "realizations": 1, "memory_bytes": 1e9}
    assert point_bytes(SweepSpec.from_mapping(mapping), range(0, 1)) == 1e9
    from tutelage.sweep import driver as module
    from tutelage.sweep.batching import Batcher

    spec = SweepSpec.from_mapping(mapping)
    folder = SweepFolder(tmp_path)
    folder.create(spec)
    most = []
    driver = module.Driver(
        client, folder, spec, Batcher(spec, [range(8)], 2, 0.05), 1.5e9, module.Reporter(8, None)
    )
    submit = driver._submit

    def counted(batch, size, capacity):
        submit(batch, size, capacity)
        most.append(len(driver._flight))

    driver._submit = counted
    driver.run()
    assert set(most) == {1} and folder.status().done == 8

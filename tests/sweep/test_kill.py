"""Killed at random moments, a sweep loses only what was not durable, and nothing durable runs again."""

import contextlib
import json
import os
import random
import signal
import time

import numpy as np
import psutil
import pytest
from sweep_support import same_values

from tutelage.sweep import SweepFolder, SweepSpec, run


def durable(folder: SweepFolder) -> set[int]:
    return {i for m in folder.markers() for i in range(m.start, m.stop)}


def orphans() -> list[int]:
    """Local sweep workers whose driver is gone (they were handed to init, which is no Python)."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            parent = process.parent()
            if "tutelage.sweep.worker" in process.cmdline() and (
                parent is None or "python" not in parent.name()
            ):
                found.append(process.pid)
    return found


def wait_for_orphans_to_end(seconds: float = 60.0) -> None:
    """A killed sweep takes its workers along, within moments."""
    end = time.monotonic() + seconds
    while left := orphans():
        assert time.monotonic() < end, f"workers {left} outlived their sweep"
        time.sleep(0.05)


def wait_for_points(log, position: int, count: int, seconds: float = 60.0) -> None:
    """Until ``count`` points have run since the log ended at ``position``."""
    end = time.monotonic() + seconds
    while log.read_bytes()[position:].count(b"\n") < count:
        assert time.monotonic() < end, f"{count} points did not run in {seconds} s"
        time.sleep(0.001)


@pytest.fixture
def toml(mapping, tmp_path):
    """``toml(realizations)``: twice as many points of 5 ms."""

    def written(realizations):
        path = tmp_path / "kill.toml"
        path.write_text(
            f'name = "kill"\nquantities = ["sweep_functions:slow_draw"]\nrealizations = {realizations}\n'
            f"search_path = {json.dumps(mapping['search_path'])}\n"
            "[grid]\nactivation = 'linear'\nd = [3, 5]\nk = 2\n"
        )
        return path

    return written


@pytest.mark.parametrize(
    ("workers", "starting", "kills"),
    [
        pytest.param(0, 0.1, 3, id="in process"),
        pytest.param(0, 0.1, 20, id="in process, twenty", marks=pytest.mark.slow),
        pytest.param(2, 3.0, 20, id="on Dask, twenty", marks=pytest.mark.slow),
    ],
)
def test_kills_lose_nothing_durable_and_change_no_value(toml, tmp_path, forker, workers, starting, kills):
    """One in five while it starts, the others when a random number of points has run, in the middle of tasks of ten."""
    toml, folder, log = toml(200), SweepFolder(tmp_path / "store"), tmp_path / "log"
    log.touch()
    chance = random.Random(7)
    interrupted = 0
    for round in range(kills):
        before, position = durable(folder), log.stat().st_size
        pid = forker.start("sweep", "run", toml, "--store", folder.path, "--workers", workers, "--task-seconds",
                           0.05, log=log)  # fmt: skip
        if round % 5:
            wait_for_points(log, position, chance.randint(1, 20))
        else:
            time.sleep(chance.uniform(0.0, starting))
        os.kill(pid, signal.SIGKILL)
        code, _ = forker.wait()
        wait_for_orphans_to_end()
        interrupted += code == -signal.SIGKILL
        ran = set(map(int, log.read_text()[position:].split()))
        assert not ran & before, "a durable point ran again"
        assert before <= durable(folder), "a durable point was lost"
    assert interrupted == kills
    before = durable(folder)
    position = log.stat().st_size
    forker.start("sweep", "resume", folder.path, "--workers", workers, log=log)
    code, out = forker.wait()
    assert code == 0, out
    assert sorted(map(int, log.read_text()[position:].split())) == sorted(set(range(400)) - before)
    found = run(toml, store=folder.path, workers=0)
    np.testing.assert_array_equal(found.point, np.arange(400))
    undisturbed = run(SweepSpec.from_mapping(folder.spec().to_mapping()), store=tmp_path / "calm", workers=0)
    if workers:  # pinned to one thread, where this process may have more
        assert set(found.threads.values.tolist()) == {1}
        found, undisturbed = found.drop_vars("threads"), undisturbed.drop_vars("threads")
    same_values(found, undisturbed)


@pytest.mark.parametrize(
    ("workers", "name"),
    [
        (0, "SIGINT"),
        (2, "SIGINT"),
        (0, "SIGTERM"),
        pytest.param(2, "SIGTERM", marks=pytest.mark.slow),
        (0, "SIGHUP"),
        pytest.param(2, "SIGHUP", marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_and_its_like_stop_cleanly_and_say_how_to_resume(toml, tmp_path, forker, workers, name):
    folder = SweepFolder(tmp_path / "my store")
    pid = forker.start(
        "sweep", "run", toml(2000), "--store", folder.path, "--workers", workers, "--task-seconds", 0.05
    )
    while len(folder.markers()) < 3:
        time.sleep(0.02)
    os.kill(pid, getattr(signal, name))
    code, out = forker.wait()
    assert code == 130
    assert (
        "of 4000 points are stored" in out
        and f"tutelage sweep run {tmp_path / 'kill.toml'} --store '{folder.path}'" in out
    )
    assert "Traceback" not in out and 0 < folder.status().done < 4000 and not folder.running()
    wait_for_orphans_to_end()

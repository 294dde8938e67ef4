"""Workers finish what is asked, report progress, and lose only the job that kills them."""

import functools
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from report_jobs import collector, die, endless, fail, product, threads

from tutelage.report.workers import Failed, run_all


def silent(description):
    return lambda fraction: None


@pytest.mark.parametrize("workers", [1, 2])
def test_results_progress_and_failures_are_the_same_here_and_in_workers(workers):
    seen = {}
    jobs = {
        "a": functools.partial(product, 2, 3),
        "bad": functools.partial(fail, "no such thing"),
        "b": functools.partial(product, 4, 5),
    }

    def bars(name):
        return functools.partial(seen.__setitem__, name)

    found = dict(run_all(jobs, workers, bars))
    assert found == {"a": 6, "bad": Failed("ValueError: no such thing"), "b": 20}
    assert seen == {"a": 1.0, "bad": 1.0, "b": 1.0}  # a failed one's bar ends too


def test_a_killed_worker_costs_its_job_only():
    jobs = {"dies": die} | {f"p{i}": functools.partial(product, i, 1) for i in range(3)}
    found = dict(run_all(jobs, 2, silent))
    assert found.pop("dies") == Failed(f"its process died (exit code {-signal.SIGKILL}); out of memory?")
    assert found == {"p0": 0, "p1": 1, "p2": 2}


def test_leaving_the_loop_ends_the_workers():
    jobs = {"quick": functools.partial(product, 1, 1), "slow": endless}
    running = run_all(jobs, 2, silent)
    assert next(running) == ("quick", 1)
    running.close()
    assert multiprocessing.active_children() == []


def test_workers_have_one_thread_and_this_process_keeps_its_own():
    before = dict(os.environ)
    found = dict(run_all({"a": threads, "b": threads}, 2, silent))
    assert found == {"a": "1", "b": "1"}
    assert dict(os.environ) == before


def test_workers_and_the_server_they_are_forked_from_look_for_garbage_rarely_and_this_process_as_before():
    before = gc.get_threshold()
    found = dict(run_all({"a": collector, "b": collector}, 2, silent))
    assert all(rare >= 10 * before[0] for rare, _ in found.values()) and gc.get_threshold() == before
    assert [forked for _, forked in found.values()] == [sys.platform == "linux"] * 2


def test_workers_import_nothing_that_lies_in_the_current_folder(tmp_path):
    """multiprocessing starts them with ``python -c``, which looks there first."""
    for name in ("pickle", "socket", "numpy", "json", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('stray {name}')")
    code = (
        "from functools import partial\n"
        "from tutelage.report.workers import run_all\n"
        "import report_jobs\n"
        "if __name__ == '__main__':\n"
        "    jobs = {name: partial(report_jobs.product, name, 2) for name in 'ab'}\n"
        "    print(dict(sorted(run_all(jobs, 2, lambda name: lambda fraction: None))))\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2] / "src"), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "{'a': 'aa', 'b': 'bb'}", done.stderr

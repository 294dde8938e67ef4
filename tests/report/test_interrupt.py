"""An interrupted report leaves nothing behind, says what is kept and continues; a bad store is refused at once."""

import functools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from report_jobs import product

from tutelage import cli
from tutelage.base.errors import StoreError
from tutelage.base.files import temporary_name
from tutelage.report import build
from tutelage.store import Store
from tutelage.studies.runner import key_of, run_study

_PARENT = """
import functools, sys
from report_jobs import announced
from tutelage.report.workers import run_all
if __name__ == "__main__":
    jobs = {name: functools.partial(announced, f"{sys.argv[1]}/{name}") for name in ("a", "b")}
    list(run_all(jobs, 2, lambda name: lambda fraction: None))
"""


def _wait(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def _alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_at_once_when_their_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(_PARENT)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py"), str(tmp_path)], env={**os.environ, "PYTHONPATH": path}
    )
    files = [tmp_path / "a", tmp_path / "b"]
    _wait(lambda: all(file.exists() and file.read_text() for file in files))
    workers = [int(file.read_text()) for file in files]
    assert all(map(_alive, workers))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _wait(lambda: not any(map(_alive, workers)))


def test_ctrl_c_says_what_is_kept_and_leaves_no_temporary_file(built, again, monkeypatch, capsys):
    folder, store = again.folder, built[2]
    dead = subprocess.Popen(["true"])
    dead.wait()
    abandoned = folder / "figures" / temporary_name("fig7.png", dead.pid)

    def interrupted(*arguments, **options):
        abandoned.write_text("half")  # a worker was ended while it wrote
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "study_class", again.small.__getitem__)
    monkeypatch.setattr(build, "_finish", interrupted)
    arguments = ["report", "--output", str(folder), "--store", str(store.directory), "--workers", "1",
                 "--only", "fig7", "--only", "broken"]  # fmt: skip
    for extra, advice in ((["--fresh"], "again without --fresh to"), ([], "again to")):
        assert cli.run(arguments + extra) == 130
        err = capsys.readouterr().err
        assert (
            err
            == f"interrupted; 1 of 2 studies are kept in {store.directory}; run the same command {advice} continue\n"
        )
        assert not abandoned.exists()
    assert multiprocessing.active_children() == []


def test_a_store_that_cannot_be_written_is_refused_before_any_work(built, tmp_path, monkeypatch, capsys):
    study = built[0].runs[0].study
    (tmp_path / "file").write_text("")

    def never(self, progress=None):
        raise AssertionError("computed")

    monkeypatch.setattr(type(study), "compute", never)
    with pytest.raises(StoreError, match="cannot make the folder"):
        run_study(study, Store(tmp_path / "file"))
    assert (
        cli.run(
            ["report", "--only", "fig7", "--output", str(tmp_path / "r"), "--store", str(tmp_path / "file")]
        )
        == 2
    )
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "r" / "index.html").exists()


def test_a_store_that_has_everything_need_not_be_writable(built, monkeypatch):
    run, store = built[0].runs[0], built[2]

    def refuse(self):
        raise AssertionError("written")

    monkeypatch.setattr(Store, "prepare", refuse)
    assert key_of(run.study) in store
    assert run_study(run.study, store).cached


def test_a_study_s_bar_is_full_only_when_its_files_are_written(built, tmp_path):
    seen = []
    study, store = built[0].runs[0].study, built[2]
    build._finish(study, build.Folders.inside(tmp_path), store, seen.append, fresh=False, pdf_fonts=3)
    assert seen and max(seen) < 1.0
    assert dict(build.run_all({"a": functools.partial(product, 1, 1)}, 1, lambda name: seen.append)) == {
        "a": 1
    }
    assert seen[-1] == 1.0


def test_choosing_studies_imports_nothing_heavy(python):
    """JAX, SciPy and matplotlib cost 2 s: the workers start before this process would have loaded them."""
    code = (
        "import sys\n"
        "from tutelage.report.build import chosen_studies, stored\n"
        "from tutelage.store import Store\n"
        "stored(chosen_studies(), Store('no/such/folder'))\n"
        "heavy = {'jax', 'scipy', 'matplotlib', 'xarray', 'equinox', 'flint'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    python(code)


def test_a_claim_s_file_says_how_to_install_and_recompute(built):
    run, folder = built[0].runs[0], built[1]
    record = json.loads((folder / "claims" / f"{run.claims[0].id}.json").read_text())
    commit, version = record["provenance"]["commit"], record["provenance"]["tutelage"]
    assert version in record["install"] and "pip install" in record["install"]
    assert commit is None or commit in record["install"]
    assert record["recompute"] == f"tutelage recheck {run.claims[0].id}.json"
    assert {"python", "packages", "platform"} <= set(record["provenance"])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    "moment", [0.1, 0.6, *(pytest.param(0.2 + 0.15 * i, marks=pytest.mark.slow) for i in range(14))]
)
def test_a_report_interrupted_in_its_first_second_is_no_accident(tmp_path, name, moment):
    """It imports compiled code then, which an exception would abort (exit code -6), and swallows what destructors raise."""
    code = "import sys, tutelage.cli as cli; print('ready', flush=True); sys.exit(cli.run(sys.argv[1:]))"
    report = subprocess.Popen(
        [sys.executable, "-c", code, "report", "--only", "fig7", "--workers", "1", "--output", str(tmp_path / "r"),
         "--store", str(tmp_path / "s")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert report.stdout is not None and report.stdout.readline() == "ready\n"
    time.sleep(moment)
    report.send_signal(getattr(signal, name))
    _, err = report.communicate(timeout=120)
    assert (report.returncode, err.count("\n")) == (130, 1), err
    assert err.startswith("interrupted")

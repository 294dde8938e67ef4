"""A folder from a stranger runs nothing; a run imports only what the user names; a stray ``numpy.py`` is nobody's NumPy."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutelage import cli
from tutelage.base.errors import InputError
from tutelage.sweep import SweepFolder, SweepSpec, load_spec, run
from tutelage.sweep.imports import user_function

SOURCE = str(Path(__file__).parents[2] / "src")
#: Ours, our libraries' and the standard library's names.
STRAY = ("numpy", "json", "distributed", "xarray", "zarr", "typing", "pickle", "socket", "lambda_max")
#: What our libraries try to import although it is not there, and what Python runs when it starts.
ABSENT = ("cupy", "sitecustomize", "usercustomize")
SCRIPT = shutil.which("tutelage", path=os.path.dirname(sys.executable))
ENTRIES = [[sys.executable, "-m", "tutelage"], *([[SCRIPT]] if SCRIPT else [])]


@pytest.fixture(autouse=True)
def path(monkeypatch):
    """Folders of these tests do not stay on Python's path."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def log(tmp_path):
    """Where planted modules say that they were imported."""
    return tmp_path / "imported"


@pytest.fixture
def plant(log):
    """``plant(folder, *more)``: modules that must not be imported, in a folder."""

    def planted(folder, *more):
        folder.mkdir(exist_ok=True)
        for name in (*STRAY, *more):
            body = f"with open({str(log)!r}, 'a') as log:\n    log.write({f'{folder.name}/{name} '!r})\n"
            (folder / f"{name}.py").write_text(body + "def f(point, **options):\n    return 1.0\n")
        return folder

    return planted


@pytest.fixture
def sent(plant, tmp_path, log):
    """A sweep's folder, half of it computed, that names a function in a module that lies in it, and where to find it."""
    folder = tmp_path / "sent"
    home = plant(tmp_path / "home", "stranger")
    spec = {"quantities": ["stranger:f", "lambda_max"], "realizations": 4, "search_path": [str(home)],
            "grid": {"activation": "linear", "d": 2, "k": 2}}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:  # whoever sent it ran it elsewhere
        patch.setattr(sys, "path", list(sys.path))
        run(spec, store=folder, workers=0, shard=(1, 2))
    file = folder / "sweep.json"
    content = json.loads(file.read_text())
    content["spec"]["search_path"] = [str(folder), str(folder / "tasks"), "."]
    file.write_text(json.dumps(content))
    plant(folder, "stranger", *ABSENT)
    log.unlink()
    return folder


def ended(command, cwd, **environment):
    """The finished process: in ``cwd``, with our source on Python's path and nothing else."""
    environment = os.environ | {"PYTHONPATH": SOURCE, "TERM": "dumb"} | environment
    return subprocess.run([str(c) for c in command], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("entry", ENTRIES, ids=["python -m", "script"][: len(ENTRIES)])
@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        pytest.param(["status", "--json"], marks=pytest.mark.slow),
        pytest.param(["export", "points.nc"], marks=pytest.mark.slow),
        pytest.param(["export", "points.zarr"], marks=pytest.mark.slow),
        pytest.param(["export", "points.parquet"], marks=pytest.mark.slow),
        pytest.param(["plot", "figure.png"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_no_command_that_reads_imports_anything_of_the_folder(sent, log, entry, command):
    name, *rest = command
    done = ended([*entry, "sweep", name, sent, *rest], cwd=sent)
    assert done.returncode == 0, done.stderr
    assert not log.exists(), log.read_text()


def test_nothing_of_the_library_that_reads_imports_anything_of_the_folder(sent, log, tmp_path, capsys):
    """Reading, compaction of what is there, and everything a command does after its interpreter has started."""
    from tutelage.sweep.compact import compact, gather, open_points

    folder = SweepFolder(sent)
    assert folder.spec().search_path == ()
    gather(folder)
    compact(folder)
    assert folder.status().compacted and open_points(sent).sizes["point"] == 2
    for arguments in (["status"], ["export", tmp_path / "p.nc"], ["export", tmp_path / "p.zarr"],
                      ["export", tmp_path / "p.parquet"], ["plot", tmp_path / "p.png"]):  # fmt: skip
        assert cli.run(["sweep", arguments[0], str(sent), *map(str, arguments[1:])]) == 0
    toml = sent / "sweep.toml"
    toml.write_text('quantities = ["stranger:f"]\n[grid]\nactivation = "linear"\nd = 2\nk = 2\n')
    load_spec(toml)
    SweepSpec.from_mapping(load_spec(toml).to_mapping())
    assert cli.run(["sweep", "status", str(toml)]) == 2  # nothing was run from it yet
    assert not log.exists()


def test_resume_imports_from_the_path_of_the_user_and_says_from_which_file(
    sent, log, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(sent)
    assert cli.run(["sweep", "resume", str(sent), "--workers", "0"]) == 2
    assert "cannot import 'stranger'" in capsys.readouterr().err and not log.exists()
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "stranger.py").write_text("def f(point):\n    return 2.0\n")
    assert cli.run(["sweep", "resume", str(sent), "--workers", "0"]) == 0
    assert f"stranger:f is imported from {tmp_path / 'mine' / 'stranger.py'}" in capsys.readouterr().err
    assert not log.exists()


@pytest.fixture
def mine(plant, tmp_path):
    """A TOML file with a module beside it, and strays beside that."""
    home = plant(tmp_path / "home")
    (home / "helper.py").write_text("FACTOR = 2.0\n")
    (home / "mymodule.py").write_text(
        "import json\nimport helper\n\ndef f(point):\n    return helper.FACTOR * len(json.dumps([point.d]))\n"
    )
    (home / "inner").mkdir()
    (home / "inner" / "__init__.py").write_text("")
    (home / "inner" / "part.py").write_text("from . import more\n\ndef g(point):\n    return more.VALUE\n")
    (home / "inner" / "more.py").write_text("VALUE = 7.0\n")
    toml = home / "own.toml"
    toml.write_text(
        'quantities = ["mymodule:f", "inner.part:g", "lambda_max"]\nrealizations = 4\n'
        '[grid]\nactivation = "erf"\nd = [2, 3]\nk = 2\n'
    )
    return toml


def right(folder):
    """Every point arrived with the values of the modules beside the TOML file."""
    found = run(folder.path.parent / "home" / "own.toml", store=folder.path, workers=0).compute()
    assert found.sizes["point"] == 8 and not found.failed.any(), found.error.values
    assert set(found.f.values.tolist()) == {6.0} and set(found.g.values.tolist()) == {7.0}


@pytest.mark.parametrize(
    ("entry", "workers"),
    [
        pytest.param(entry, workers, marks=pytest.mark.slow if (index, workers) != (0, 1) else ())
        for index, entry in enumerate(ENTRIES)
        for workers in (0, 1)
    ],
)
def test_a_run_imports_its_modules_and_no_stray_one(mine, plant, log, tmp_path, entry, workers):
    here = plant(tmp_path / "here", *ABSENT)
    done = ended([*entry, "sweep", "run", mine, "--store", tmp_path / "s", "--workers", workers], cwd=here)
    assert done.returncode == 0, done.stderr
    assert f"mymodule:f is imported from {mine.parent / 'mymodule.py'}" in done.stderr
    assert not log.exists(), log.read_text()
    right(SweepFolder(tmp_path / "s"))


@pytest.mark.slow
def test_the_workers_of_a_cluster_import_no_stray_module(mine, plant, log, tmp_path):
    """Started as docs/sweeps.md says, in a folder with strays."""
    here = plant(tmp_path / "here", *ABSENT)
    environment = os.environ | {"PYTHONPATH": SOURCE, "PYTHONSAFEPATH": "1"}
    address = tmp_path / "scheduler.json"
    commands = [["scheduler", "--port", "0", "--no-dashboard"],
                ["worker", "--nthreads", "1", "--no-dashboard", "--preload", "tutelage.sweep.pin"]]  # fmt: skip
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", *command, "--scheduler-file", str(address)], cwd=here,
                         env=environment, stderr=subprocess.DEVNULL)
        for command in commands
    ]  # fmt: skip
    try:
        while not address.exists():
            time.sleep(0.1)
        where = json.loads(address.read_text())["address"]
        run(mine, store=tmp_path / "s", scheduler=where)
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    assert not log.exists(), log.read_text()
    right(SweepFolder(tmp_path / "s"))


@pytest.mark.slow
def test_modules_beside_a_script_are_found_by_workers_that_do_not_start_there(plant, log, tmp_path):
    """As in a notebook: the current folder is on Python's path, but what lies there comes last."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mymodule.py").write_text("def f(point):\n    return 1.0 * point.d\n")
    planted = f"open({str(log)!r}, 'w').close()"
    code = (
        "import pathlib, tutelage.sweep, distributed, zarr\n"
        f"pathlib.Path('sitecustomize.py').write_text({planted!r})\n"
        "spec = {'quantities': ['mymodule:f'], 'grid': {'activation': 'linear', 'd': [2, 3], 'k': 2}}\n"
        f"print(tutelage.sweep.run(spec, store={str(tmp_path / 's')!r}, workers=1).f.values)\n"
    )
    done = ended([sys.executable, "-c", code], cwd=tmp_path / "here")
    assert done.stdout.strip() == "[2. 3.]", done.stderr
    assert not log.exists()


def test_a_dask_worker_started_in_a_folder_looks_there_last(tmp_path, monkeypatch):
    from tutelage.sweep.pin import put_current_folder_last

    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *before])
    put_current_folder_last()
    assert sys.path == [*before, "", str(tmp_path)]


def test_two_modules_of_one_name_are_two_modules(tmp_path):
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "json.py").write_text(f"def f(point):\n    return {value}\n")
    values = [user_function("json:f", (str(tmp_path / name),), "test")(None) for name in "ab"]
    assert values == [1, 2] and json.loads("[1]") == [1]
    assert sys.modules["json"] is json
    with pytest.raises(InputError, match=r"no 'f' in 'json' \(.*json/__init__.py\)"):
        user_function("json:f", (), "test")

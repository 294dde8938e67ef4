"""The documentation's commands and the SLURM examples run."""

import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tutelage import cli
from tutelage.sweep import SweepFolder, SweepSpec, load_spec
from tutelage.sweep.builtin import QUANTITIES
from tutelage.sweep.evaluate import evaluate_point

REPOSITORY = Path(__file__).parents[2]
DOC = (REPOSITORY / "docs" / "sweeps.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOC, flags=re.S)


def test_the_toml_of_the_page_is_the_example(tmp_path):
    (tmp_path / "bulk.toml").write_text(blocks("toml")[0])
    assert load_spec(tmp_path / "bulk.toml") == load_spec(REPOSITORY / "examples" / "sweep.toml")


def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TUTELAGE_STORE", str(tmp_path))
    exec(compile(blocks("python")[0], "docs/sweeps.md", "exec"), {})
    assert "lambda_min" in capsys.readouterr().out
    (tmp_path / "mymodule.py").write_text(blocks("python")[1])
    spec = SweepSpec.from_mapping({
        "quantities": ["mymodule:condition"], "grid": {"activation": "erf", "d": 2, "k": 2},
        "options": {"mymodule:condition": {"power": 2.0}}, "search_path": [str(tmp_path)],
    })  # fmt: skip
    assert evaluate_point(spec, spec.point(0)).values["condition"][1] > 1.0


def test_every_quantity_and_option_stands_in_the_table():
    for name, quantity in QUANTITIES.items():
        row = next(line for line in DOC.splitlines() if line.startswith(f"| `{name}`"))
        for option in quantity.options:
            assert f"`{option}`" in row


@pytest.fixture
def command(tmp_path, monkeypatch):
    """``tutelage`` and ``python`` on the path, as an installation puts them."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tutelage").write_text(f'#!/bin/sh\nexec {sys.executable} -m tutelage "$@"\n')
    (folder / "dask").write_text(f'#!/bin/sh\nexec {sys.executable} -m dask "$@"\n')
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    for file in folder.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    path = os.pathsep.join([str(REPOSITORY / "src"), str(Path(__file__).parent)])
    monkeypatch.setenv("PYTHONPATH", path)
    spec = tmp_path / "small.toml"
    spec.write_text(
        f'quantities = ["sweep_functions:draw"]\nrealizations = 6\nsearch_path = ["{Path(__file__).parent}"]\n'
        "[grid]\nactivation = 'linear'\nd = 2\nk = 2\n"
    )
    return spec


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts are bash")
def test_the_job_array_fills_its_part_and_resume_the_rest(command, tmp_path, capsys):
    environment = os.environ | {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3"}
    script = REPOSITORY / "examples" / "slurm" / "array.sh"
    subprocess.run(["bash", str(script), str(command), str(tmp_path / "s")], check=True, env=environment,
                   capture_output=True)  # fmt: skip
    assert (
        SweepFolder(tmp_path / "s").markers()[0].start == 2 and SweepFolder(tmp_path / "s").status().done == 2
    )
    assert cli.run(["sweep", "resume", str(tmp_path / "s"), "--workers", "0"]) == 0
    assert SweepFolder(tmp_path / "s").status().compacted


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts are bash")
def test_the_job_with_a_scheduler_inside_runs_the_sweep(command, tmp_path):
    script = REPOSITORY / "examples" / "slurm" / "cluster.sh"
    done = subprocess.run(["bash", str(script), str(command), str(tmp_path / "s")], cwd=tmp_path,
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert SweepFolder(tmp_path / "s").status().compacted
    assert not list(tmp_path.glob("scheduler.*"))


@pytest.mark.xdist_group("dask")
def test_the_jobqueue_script_runs_on_whatever_cluster_it_is_given(
    command, tmp_path, monkeypatch, client, capsys
):
    """dask-jobqueue needs a batch system; a stand-in for its one class shows that our side of it is right."""

    class SLURMCluster:
        def __init__(self, **options):
            assert options["worker_extra_args"][:2] == ["--preload", "tutelage.sweep.pin"]
            self.scheduler_address = client.scheduler.address

        def __enter__(self):
            return self.scheduler_address

        def __exit__(self, *_):
            pass

    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=SLURMCluster))
    text = (REPOSITORY / "examples" / "slurm" / "jobqueue.py").read_text()
    script = {"__name__": "jobqueue"}
    exec(compile(text.replace("cluster.scale(jobs=jobs)", "pass"), "jobqueue.py", "exec"), script)
    script["main"](str(command), str(tmp_path / "s"), 2)
    assert "value" in capsys.readouterr().out and SweepFolder(tmp_path / "s").status().compacted

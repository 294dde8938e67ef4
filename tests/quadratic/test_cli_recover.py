"""`tutelage recover`: one instance, a curve, a map; bad input is one line and exit code 2."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from tutelage.cli import run


def test_one_instance_prints_its_certificate_and_writes_json(tmp_path, capsys):
    path = tmp_path / "one.json"
    assert (
        run(["recover", "-d", "8", "--teacher-width", "2", "-n", "21", "--seed", "3", "--json", str(path)])
        == 0
    )
    out = capsys.readouterr().out
    result = json.loads(path.read_text())
    assert result["status"] in ("unique", "not unique")
    assert result["status"] in out
    assert (result["n_c"], result["n_eff"], result["n"]) == (21, 15, 21)
    assert len(result["error"]) == 4
    assert max(result["loss"]) <= 1e-8


def test_a_curve_is_written_drawn_and_resumed(tmp_path, capsys):
    numbers, figure, store = tmp_path / "curve.json", tmp_path / "curve.png", tmp_path / "store"
    arguments = ["recover", "-d", "4", "-m", "1", "-n", "4:8:2", "--instances", "6", "--store", str(store)]
    assert run([*arguments, "--json", str(numbers), "--plot", str(figure)]) == 0
    curve = json.loads(numbers.read_text())
    assert curve["samples"] == [4, 6, 8]
    assert [len(row) for row in curve["success"]] == [4, 4, 4]
    assert curve["method"] == "gradient_flow"
    assert curve["success_low"][0][0] <= curve["success"][0][0] / 6 <= curve["success_high"][0][0]
    assert curve["unique"][0] <= curve["unique"][-1]
    assert figure.stat().st_size > 10_000
    assert len(list(store.iterdir())) == 3
    capsys.readouterr()
    assert run([*arguments, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == curve


def test_a_map_holds_three_quantities_for_every_width(tmp_path, capsys):
    numbers, figure = tmp_path / "map.json", tmp_path / "map.pdf"
    arguments = ["recover", "-d", "3", "-m", "2", "--map", "--instances", "4", "-n", "3:6"]
    assert run([*arguments, "--json", str(numbers), "--plot", str(figure)]) == 0
    result = json.loads(numbers.read_text())
    assert result["teacher_widths"] == [1, 2]
    for name in ("unique", "fits", "success"):
        assert [len(row) for row in result[name]] == [4, 4]
    assert result["unique"][1] == [0, 0, 0, 4]
    assert figure.read_bytes().startswith(b"%PDF")
    out = capsys.readouterr().out
    assert "set of fits" in out and "disagree at 1e-4" in out


def test_a_certified_map_covers_every_width_and_sample_count(tmp_path):
    numbers, figure = tmp_path / "map.json", tmp_path / "map.png"
    arguments = ["recover", "-d", "4", "-m", "4", "--map", "--certified-only", "--instances", "6"]
    assert run([*arguments, "--json", str(numbers), "--plot", str(figure)]) == 0
    result = json.loads(numbers.read_text())
    assert result["teacher_widths"] == [1, 2, 3, 4]
    assert result["counts"][3] == [10] * 6
    assert result["samples"] == list(range(1, 11))
    assert figure.stat().st_size > 10_000


def test_a_range_of_student_widths_is_measured_beside_its_predictions(tmp_path, capsys):
    arguments = [
        "recover",
        "-d",
        "5",
        "-m",
        "2",
        "--student-width",
        "2:4:2",
        "--instances",
        "6",
        "--starts",
        "2",
    ]
    numbers, store = tmp_path / "widths.json", tmp_path / "store"
    assert run([*arguments, "--json", str(numbers), "--store", str(store)]) == 0
    found = json.loads(numbers.read_text())
    assert found["student_widths"] == [2, 4]
    assert (found["n_eff"], found["n_c"], found["delta"][0]) == (9, 12, 9.0)
    assert found["delta"][0] < found["delta"][1] < found["delta_wide"] + 1e-9
    assert "50 % at n" in capsys.readouterr().out
    kept = len(list(store.iterdir()))
    assert run([*arguments, "--json", "-", "--store", str(store)]) == 0
    assert json.loads(capsys.readouterr().out) == found
    assert len(list(store.iterdir())) == kept


_KILLED = """
import os, signal, sys
from tutelage import cli
from tutelage.store import Store
put = Store.put
def last(*arguments):
    put(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
Store.put = last
cli.run(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_killed_map_resumes_where_it_was(tmp_path):
    """kill -9 after the first stored chunk: the second run keeps it as it is and gives what an undisturbed one gives."""
    store, arguments = (
        tmp_path / "store",
        ["-d", "8", "-m", "2", "--map", "--certified-only", "--instances", "200"],
    )
    command = [sys.executable, "-c", _KILLED, "recover", *arguments, "--store", str(store)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in store.glob("*.zarr.zip")}
    assert len(kept) == 1
    numbers = [tmp_path / "resumed.json", tmp_path / "undisturbed.json"]
    assert run(["recover", *arguments, "--store", str(store), "--json", str(numbers[0])]) == 0
    assert run(["recover", *arguments, "--json", str(numbers[1])]) == 0
    assert numbers[0].read_text() == numbers[1].read_text()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(list(store.glob("*.zarr.zip"))) == 8


def test_the_user_chooses_the_training(capsys):
    arguments = ["recover", "-d", "4", "-m", "1", "-n", "8", "--starts", "2", "--json", "-"]
    assert run([*arguments, "--method", "gradient_descent", "--training-loss", "1e-3"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert (plain["method"], plain["training_loss"], len(plain["loss"])) == ("gradient_descent", 1e-3, 2)
    assert (
        run([*arguments, "--method", "gradient_descent", "--training-loss", "1e-3", "--max-steps", "2"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["arrived"] == [False, False]


def test_a_narrow_student_is_noted_and_still_runs(capsys):
    assert run(["recover", "-d", "5", "-m", "1", "-n", "6", "--student-width", "3"]) == 0
    assert "m >= d" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-d", "0"], "expected -d >= 1"),
        (["-m", "0"], "--teacher-width >= 1"),
        (["-n", "0"], "expected -n >= 1"),
        (["-n", "many"], "first:last[:step]"),
        (["-n", "9:5"], "last > first"),
        (["-n", "1:2:3:4"], "first:last[:step]"),
        (["--student-width", "0"], "--student-width >= 1"),
        (["--student-width", "5:2"], "--student-width first:last"),
        (["--student-width", "2:4", "-n", "9"], "finds its own sample counts"),
        (["--student-width", "1:4"], "student width >= 2"),
        (["--instances", "0"], "--instances >= 1"),
        (["--seed", "-1"], "seed >= 0"),
        (["--method", "newton"], "unknown method"),
        (["--starts", "0"], "--starts >= 1"),
        (["--training-loss", "0"], "training_loss > 0"),
        (["--max-steps", "0"], "max_steps >= 1"),
        (["--certified-only"], "pass --map as well"),
        (["--certified-only", "--map", "-n", "9"], "leave -n out"),
        (["--weights", "normall"], "did you mean 'normal'"),
        (["-d", "x"], "x"),
        (["--plot", "a.txt", "-n", "4:6"], "ending in .png"),
        (["--plot", "a.png"], "got one instance"),
        (["--json", "no/such/folder.json"], "existing folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["recover", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []

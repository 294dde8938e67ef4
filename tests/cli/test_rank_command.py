"""`tutelage rank`: one network, one architecture, a grid; bad input is one line and exit code 2."""

import json

import numpy as np
import pytest

from tutelage import cli, sample_teacher, save_network


def run_json(arguments, capsys):
    assert cli.run(["rank", *arguments, "--json", "-"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_file_of_weights(tmp_path, capsys):
    path = tmp_path / "network.npz"
    save_network(sample_teacher("quadratic", 4, 3), path)
    content = run_json(["--weights", str(path)], capsys)
    assert (content["rank"], content["n_params"], content["kind"], content["status"]) == (
        12,
        15,
        "here",
        "proven",
    )
    assert content["certificate"]["weights"] and content["floating"]["rank"] == 12


def test_a_random_teacher(capsys):
    content = run_json(["--activation", "erf", "-d", "3", "-k", "4", "--seed", "2"], capsys)
    assert (content["rank"], content["d"], content["k"], content["seed"]) == (16, 3, 4, 2)
    assert content["agrees"] is True


@pytest.mark.parametrize(
    ("arguments", "rank"),
    [
        (["--widths", "6,6,1", "--activation", "quadratic", "--biases"], 28),
        (["--widths", "3,2,2,1", "--activation", "quadratic; erf"], 12),
        (["-d", "5", "-k", "7", "--activation", "polynomial:coefficients=0,0,0,1", "--method", "exact"], 34),
    ],
)
def test_an_architecture(arguments, rank, capsys):
    content = run_json(arguments, capsys)
    assert (content["rank"], content["kind"]) == (rank, "generic")


def test_a_grid_with_its_heat_map(tmp_path, capsys):
    numbers, picture = tmp_path / "ranks.json", tmp_path / "ranks.png"
    arguments = [
        "--activation",
        "quadratic",
        "-d",
        "2:4",
        "-k",
        "1:5",
        "--json",
        str(numbers),
        "--plot",
        str(picture),
    ]
    assert cli.run(["rank", *arguments]) == 0
    assert "15 of 15 proven; 15 of 15 equal" in " ".join(capsys.readouterr().out.split())
    content = json.loads(numbers.read_text())
    assert content["rank"][1] == [4, 7, 9, 9, 9] and content["d"] == [2, 3, 4]
    assert np.array_equal(content["rank"], content["formula"])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation", "erg", "-d", "2", "-k", "2"], "did you mean 'erf'"),
        (["--activation", "erf", "-d", "0", "-k", "2"], "expected -d >= 1, got 0"),
        (["--activation", "erf", "-d", "two", "-k", "2"], "whole number for -d, got 'two'"),
        (["--activation", "erf", "-d", "5:2", "-k", "2"], "LOW <= HIGH, got '5:2'"),
        (["--activation", "erf", "-d", "3"], "missing -k"),
        (["--widths", "3,2,1"], "missing --activation"),
        (["--widths", "3,0,1", "--activation", "erf"], "expected --widths >= 1, got 0"),
        (["--widths", "3,2,1", "--activation", "erf", "-d", "3"], "leave -d and -k out"),
        (["--weights", "nowhere.npz"], "no such file"),
        (["--activation", "erf", "-d", "3", "-k", "3", "--plot", "a.png"], "expected a grid"),
        (["--activation", "erf", "-d", "1:2", "-k", "3", "--plot", "a.gif"], "ending in .png"),
        (["--activation", "erf", "-d", "1", "-k", "3", "--method", "guess"], "unknown method"),
        (["--activation", "erf;erf", "--widths", "3,3,1"], "activations and hidden layers"),
    ],
)
def test_bad_input(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["rank", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())

"""tutelage spectrum: numbers, files, and what it refuses."""

import json

import numpy as np
import pytest

from tutelage import (
    GaussianInputs,
    Network,
    Problem,
    cli,
    hessian_at_optimum,
    load_network,
    sample_teacher,
    save_network,
    spectrum,
)
from tutelage.input_families import spiked

BASE = ["spectrum", "--activation", "linear", "-d", "3", "-k", "2"]
KEYS = {
    "eigenvalues",
    "multiplicities",
    "n_params",
    "rank",
    "method",
    "activation",
    "d",
    "k",
    "seed",
}


def read(path):
    return json.loads(path.read_text())


def test_json_has_the_documented_keys_and_the_numbers_of_the_library(tmp_path, capsys):
    assert cli.run([*BASE, "--seed", "7", "--json", str(tmp_path / "a.json")]) == 0
    content = read(tmp_path / "a.json")
    assert set(content) >= KEYS
    found = spectrum(sample_teacher("linear", d=3, k=2, seed=7))
    assert content["eigenvalues"] == found.values.tolist()
    assert content["multiplicities"] == found.multiplicities.tolist()
    assert sum(content["multiplicities"]) == content["n_params"] == 8
    assert (content["rank"], content["rank_kind"], content["seed"]) == (3, "structural", 7)
    assert (content["activation"], content["d"], content["k"]) == ("linear", 3, 2)
    assert "multiplicity" in capsys.readouterr().out


def test_several_teachers_are_a_list_of_such_objects(tmp_path):
    target = tmp_path / "a.json"
    assert cli.run([*BASE, "--realizations", "3", "--json", str(target)]) == 0
    content = read(target)
    assert len(content["realizations"]) == 3
    for i, record in enumerate(content["realizations"]):
        teacher = sample_teacher("linear", d=3, k=2, seed=0, realization=i)
        assert set(record) >= KEYS
        assert np.dot(record["eigenvalues"], record["multiplicities"]) == pytest.approx(
            hessian_at_optimum(teacher).trace(), rel=1e-13
        )


def test_json_on_standard_output_is_nothing_but_json(capsys):
    assert cli.run([*BASE, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["n_params"] == 8


def test_weights_from_a_file(tmp_path):
    network = Network([[1.0, 2.0, 0.5]], [3.0], "linear")
    save_network(network, tmp_path / "w.npz")
    weights = ["spectrum", "--weights", str(tmp_path / "w.npz"), "--json", str(tmp_path / "a.json")]
    assert cli.run(weights) == 0
    content = read(tmp_path / "a.json")
    assert content["eigenvalues"] == spectrum(load_network(tmp_path / "w.npz")).values.tolist()
    assert content["seed"] is None
    assert cli.run([*weights, "--activation", "erf"]) == 0
    assert read(tmp_path / "a.json")["activation"] == "erf:scale=1.0"


def test_the_rank_of_a_reducible_network_is_exact(tmp_path):
    """Opposite neurons: d + 1 null directions, which the dense eigenvalues alone could only guess."""
    save_network(Network([[1.0, 0.5], [-1.0, -0.5]], [1.0, 2.0], "erf"), tmp_path / "w.npz")
    assert (
        cli.run(["spectrum", "--weights", str(tmp_path / "w.npz"), "--json", str(tmp_path / "a.json")]) == 0
    )
    content = read(tmp_path / "a.json")
    assert (content["rank"], content["n_params"]) == (3, 6)
    assert content["rank_kind"].startswith("exact")


def test_a_rank_without_proof_comes_with_tolerance_and_gap(tmp_path, monkeypatch):
    from tutelage.cli import spectrum as command

    monkeypatch.setattr(command, "_EXACT_UP_TO", 0)
    save_network(Network([[1.0, 0.5], [-1.0, -0.5]], [1.0, 2.0], "erf"), tmp_path / "w.npz")
    assert (
        cli.run(["spectrum", "--weights", str(tmp_path / "w.npz"), "--json", str(tmp_path / "a.json")]) == 0
    )
    content = read(tmp_path / "a.json")
    assert (content["rank"], content["rank_kind"]) == (3, "floating point")
    assert 0 < content["rank_tolerance"] < 1e-12 and content["rank_gap"] > 1e6


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_plot_is_written(tmp_path, suffix):
    target = tmp_path / f"a{suffix}"
    assert cli.run([*BASE, "--realizations", "2", "--plot", str(target)]) == 0
    assert target.stat().st_size > 1000


def test_long_lists_are_shortened_in_the_table(capsys):
    assert cli.run(["spectrum", "--activation", "erf", "-d", "5", "-k", "6"]) == 0
    assert "12 more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["spectrum"], "missing --activation, -d, -k"),
        (["spectrum", "--activation", "linear", "-d", "3"], "missing -k"),
        (["spectrum", "--activation", "linaer", "-d", "3", "-k", "2"], "did you mean 'linear'"),
        (["spectrum", "--activation", "erf:scal=2", "-d", "3", "-k", "2"], "scale"),
        (["spectrum", "--activation", "linear", "-d", "0", "-k", "2"], "d >= 1"),
        (["spectrum", "--activation", "linear", "-d", "3", "-k", "-1"], "k >= 1"),
        (["spectrum", "--activation", "linear", "-d", "three", "-k", "2"], "three"),
        ([*BASE, "--seed", "-1"], "seed >= 0"),
        ([*BASE, "--realizations", "0"], "realizations >= 1"),
        ([*BASE, "--method", "denze"], "did you mean 'dense'"),
        ([*BASE, "--method", "extended"], "use method='auto'"),
        ([*BASE, "--weight-law", "gauss"], "weight law"),
        ([*BASE, "--json", "no/such/folder/a.json"], "existing folder"),
        ([*BASE, "--plot", "a.bmp"], "ending in"),
        ([*BASE, "--frobnicate"], "frobnicate"),
        (["spectrum", "--weights", "nothing.npz"], "no such file"),
        (["spectrum", "--weights", "nothing.npz", "--realizations", "2"], "one network"),
        (["spectrum", "--activation", "erf", "-d", "100000", "-k", "100000"], "P = 10000100000 parameters"),
    ],
)
def test_bad_input_is_one_line_exit_code_2_and_no_file(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "100000" in arguments:
        monkeypatch.setattr("tutelage.base.check.available_bytes", lambda: 2**30)
    assert cli.run([*arguments, *([] if "--json" in arguments else ["--json", "out.json"])]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err
    assert list(tmp_path.iterdir()) == []


def test_weights_that_contradict_the_sizes_are_refused(tmp_path, capsys):
    save_network(Network([[1.0, 2.0]], [3.0], "linear"), tmp_path / "w.npz")
    assert cli.run(["spectrum", "--weights", str(tmp_path / "w.npz"), "-d", "5"]) == 2
    assert "-d 5 contradicts the 2" in capsys.readouterr().err


GOOD = {"W": [[1.0, 2.0]], "a": [1.0], "activation": "erf"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"W": [[np.nan, 1.0]]}, "finite W"),
        ({"a": [np.inf]}, "finite a"),
        ({"W": np.array([[1, None]], dtype=object)}, "expected an npz archive"),
        ({"W": [[1j, 1.0]]}, "real W"),
        ({"W": [["x", "y"]]}, "numbers for W"),
        ({"W": np.ones((2, 3))}, "a of shape (2,)"),
        ({"W": np.ones((1, 2, 2))}, "2 dimension(s)"),
        ({"W": 1.0}, "2 dimension(s)"),
        ({"W": np.zeros((0, 3)), "a": np.zeros(0)}, "non-empty W"),
        ({"activation": "foo"}, "unknown name"),
        ({"activation": [1, 2]}, "unknown name"),
        ({"activation": "relu", "W": [[0.0, 0.0]]}, "zero neuron"),
        ({"version": 99}, "upgrade tutelage"),
        ({"version": "x"}, "whole number as version"),
    ],
)
def test_a_wrong_file_of_weights_is_one_line(tmp_path, capsys, changes, words):
    np.savez(tmp_path / "w.npz", **{**GOOD, **changes})
    assert cli.run(["spectrum", "--weights", str(tmp_path / "w.npz")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04junk", b"no archive"])
def test_an_unreadable_file_of_weights_is_one_line(tmp_path, capsys, content):
    (tmp_path / "w.npz").write_bytes(content)
    assert cli.run(["spectrum", "--weights", str(tmp_path / "w.npz")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_biases_and_inputs_are_those_of_the_library(tmp_path):
    options = [
        "--biases",
        "uniform",
        "--inputs",
        "spiked:strength=5,count=2",
        "--json",
        str(tmp_path / "a.json"),
    ]
    assert cli.run(["spectrum", "--activation", "erf", "-d", "5", "-k", "2", *options]) == 0
    teacher = sample_teacher("erf", 5, 2, biases="uniform")
    found = spectrum(Problem(teacher, spiked(5, 5.0, 2)))
    assert read(tmp_path / "a.json")["eigenvalues"] == found.values.tolist()


def test_inputs_from_a_file(tmp_path, capsys):
    covariance = np.diag([2.0, 1.0, 0.0])
    np.savez(tmp_path / "law.npz", mean=[1.0, 0.0, 0.0], covariance=covariance)
    assert cli.run([*BASE, "--inputs", str(tmp_path / "law.npz"), "--json", str(tmp_path / "a.json")]) == 0
    found = spectrum(Problem(sample_teacher("linear", 3, 2), GaussianInputs([1.0, 0.0, 0.0], covariance)))
    content = read(tmp_path / "a.json")
    assert content["eigenvalues"] == found.values.tolist()
    assert content["rank"] == 2  # the third input is always 0
    for name, arrays, words in (
        ("other.npz", {"sigma": covariance}, "expected the arrays mean and covariance"),
        ("size.npz", {"mean": [1.0, 2.0]}, "dimension of the input law"),
        ("none.npz", None, "no such file"),
    ):
        if arrays is not None:
            np.savez(tmp_path / name, **arrays)
        assert cli.run([*BASE, "--inputs", str(tmp_path / name)]) != 0
        assert words in " ".join(capsys.readouterr().err.split())


def test_a_file_with_biases_and_several_outputs(tmp_path):
    teacher = sample_teacher("erf", 4, 2, biases="normal", outputs=3)
    save_network(teacher, tmp_path / "net.npz")
    assert (
        cli.run(["spectrum", "--weights", str(tmp_path / "net.npz"), "--json", str(tmp_path / "a.json")]) == 0
    )
    assert read(tmp_path / "a.json")["eigenvalues"] == spectrum(teacher).values.tolist()
    assert load_network(tmp_path / "net.npz").theta.tolist() == teacher.theta.tolist()


def test_several_outputs_are_those_of_the_library(tmp_path, capsys):
    options = ["--outputs", "3", "--json", str(tmp_path / "a.json")]
    assert cli.run(["spectrum", "--activation", "erf", "-d", "4", "-k", "2", *options]) == 0
    content = read(tmp_path / "a.json")
    assert content["eigenvalues"] == spectrum(sample_teacher("erf", 4, 2, outputs=3)).values.tolist()
    assert content["n_params"] == 14
    save_network(sample_teacher("erf", 4, 2), tmp_path / "net.npz")
    assert cli.run(["spectrum", "--weights", str(tmp_path / "net.npz"), "--outputs", "3"]) != 0
    assert "leave --biases and --outputs out" in " ".join(capsys.readouterr().err.split())

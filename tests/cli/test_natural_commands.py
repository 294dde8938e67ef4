"""What a person types first, mistyped and natural: one line that says what to write, and nothing of a traceback."""

import re

import pytest

from tutelage import cli
from tutelage.cli.support import activation_names, print_table

ANSWERS = {
    "spectrum --activation ReLU -d 3 -k 2": "did you mean 'relu'?",
    "spectrum --activation Erf -d 3 -k 2": "did you mean 'erf'?",
    "spectrum --activation TANH -d 3 -k 2": "did you mean 'tanh'?",
    "spectrum --activation gelo -d 3 -k 2": "did you mean 'gelu'?",
    "spectrum --activation Quadratic:alpha=2 -d 3 -k 2": "did you mean 'quadratic'?",
    "spectrum --activation xyzzy -d 3 -k 2": "known: abs, cos, erf",
    "rank --activation Linear -d 3 -k 2": "did you mean 'linear'?",
    "dynamics --activation ERF -d 3 -k 2": "did you mean 'erf'?",
    "spectrum erf -d 10": "did you mean --activation erf?",
    "spectrum ReLU": "did you mean --activation relu?",
    "rank quadratic -d 3 -k 3": "did you mean --activation quadratic?",
    "dynamics tanh": "did you mean --activation tanh?",
    "spectrum 10 20": "unexpected '10', '20'; options are written --name value",
    "spectrum --activation erf -d 3": "missing -k",
    "spectrum --activation erf": "missing -d, -k",
    "spectrum -d 3 -k 3": "missing --activation",
    "spectrum --activation erf -d 2.5 -k 3": "expected an integer, got '2.5'",
    "spectrum --activation erf -d 0 -k 3": "d",
    "spectrum --activation erf -d 3 -k 3 --methd dense": "Did you mean --method?",
    "spectrum --activation erf -d 3 -k 3 --method Dense": "did you mean 'dense'?",
    "spectrum --activation erf -d 3 -k 3 --plot a.txt": ".png",
    "spectrum --weights none.npz": "none.npz",
    "dynamics --activation linear -d 3 -k 2 --rule gd": "try 0.4, half of the largest stable one here",
    "dynamics --activation linear -d 3 -k 2 --rule GD": "did you mean 'gd'?",
    "dynamics --activation linear -d 3 -k 2 --learning-rate 0.1": "choose --rule gd",
    "Spectrum": 'Did you mean "spectrum"?',
    "spectrm": 'Did you mean "spectrum"?',
    "plot": "compare, dynamics, explore",
    "reproduce Fig2": "did you mean 'fig2'?",
    "reproduce fig22": "did you mean 'fig2'?",
    "report --only FIG3": "did you mean 'fig3'?",
    "where 99": "99",
    "sweep status --store nowhere": "there is no sweep.json in it",
    "sweep export --store nowhere": "STORE FILE",
    "rank --activation quadratic -d 1:3": "-k",
}


def test_there_are_thirty():
    assert len(ANSWERS) >= 30


@pytest.mark.parametrize("line", ANSWERS)
def test_a_mistyped_command_is_told_what_to_write(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.run(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("tutelage: ")
    assert ANSWERS[line] in err


def test_a_wrong_name_is_answered_before_jax_is_loaded(python):
    code = (
        "import sys, tutelage.cli as c\n"
        "assert c.run(['spectrum', '--activation', 'ReLU', '-d', '3', '-k', '2']) == 2\n"
        "assert not {'jax', 'numpy', 'scipy'} & set(sys.modules)\n"
    )
    python(code)


def test_the_names_read_from_the_sources_are_those_of_the_registry():
    from tutelage.activations.base import ACTIVATIONS

    ours = {name for name, family in ACTIVATIONS.items() if family.__module__.startswith("tutelage.")}
    assert activation_names() >= {name for name in ours if ":" not in name} - {"numerical"}
    assert all(name in ACTIVATIONS for name in activation_names())


COLUMNS = ("claim", "predicted", "measured", "verdict")
ROWS = [
    ("the bulk sinks like one over N", -1.0, "-0.98765 ± 0.0123", "holds"),
    ("unsplittable" * 3, 1e-12, "3", "fails"),
]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_word_or_number_of_a_table_is_split_and_nothing_is_wider_than_the_terminal(
    width, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("a title", COLUMNS, ROWS)
    out = capsys.readouterr().out
    for word in ("unsplittable" * 3, "-0.98765", "1e-12", "predicted", "verdict"):
        assert word in out, "whole"
    longest = len("unsplittable" * 3) + len("claim: ")
    assert max(map(len, out.splitlines())) <= max(width, longest)


@pytest.mark.parametrize(("width", "gone"), [(200, 0), (80, 0), (60, 1), (56, 2), (40, None)])
def test_a_table_gives_up_the_columns_it_can_spare_before_it_becomes_cards(width, gone, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("quantity", *"abcde")
    print_table("t", columns, [("word", *("0.1234567",) * 5)], ("c", "a"))
    out = capsys.readouterr().out
    left_out = [] if gone is None else list("ca"[:gone])
    assert ("not shown, for want of width: " in out) == bool(left_out)
    if gone is None:
        assert "quantity: word" in out and "  c: 0.1234567" in out
    else:
        assert out.count("0.1234567") == 5 - gone
        assert [name for name in "abcde" if f"┃ {name} " in out] == [n for n in "abcde" if n not in left_out]
    assert max(map(len, out.splitlines())) <= width


def test_a_table_that_does_not_fit_is_a_card_a_row(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    print_table("title", ("a", "b"), [("x" * 14, "y" * 14)])
    assert capsys.readouterr().out == f"title\n\na: {'x' * 14}\n  b: {'y' * 14}\n"


def test_many_teachers_are_summarised_and_all_gives_a_row_each(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "120")
    many = ["spectrum", "--activation", "linear", "-d", "3", "-k", "2", "--realizations", "12"]
    assert cli.run([*many, "--plot", str(tmp_path / "bands.png")]) == 0
    out, err = capsys.readouterr()
    assert "mean ± s.e." in out and "median" in out and len(re.findall("symmetry|closed", out)) == 0
    assert err.strip() == f"written {tmp_path / 'bands.png'}"
    assert cli.run([*many, "--all"]) == 0
    assert len(re.findall(r"^│ +\d+ +│", capsys.readouterr().out, re.MULTILINE)) == 12


def test_every_file_is_named_when_it_is_written(capsys, tmp_path):
    target = tmp_path / "a.json"
    assert cli.run(["spectrum", "--activation", "linear", "-d", "2", "-k", "2", "--json", str(target)]) == 0
    assert f"written {target}" in capsys.readouterr().err
    assert cli.run(["spectrum", "--activation", "linear", "-d", "2", "-k", "2", "--json", "-"]) == 0
    assert capsys.readouterr().err == ""

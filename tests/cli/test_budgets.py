"""Sizes that would not end or not fit are refused before any work, with the largest that does."""

import re

import pytest

from tutelage.cli import run

ERF = ["--activation", "erf"]
SMALL = ["dynamics", *ERF, "-d", "3", "-k", "2"]
REFUSED = {
    "neurons": (["spectrum", *ERF, "-d", "3", "-k", "1000000"], "largest feasible"),
    "realizations": (["spectrum", *ERF, "-d", "3", "-k", "4", "--realizations", "1000000000000"], "largest feasible"),
    "grid": (["rank", *ERF, "-d", "1:1000000", "-k", "3"], "at most 1e\\+04 sizes"),
    "grid in both": (["rank", *ERF, "-d", "1:1000", "-k", "1:1000"], "at most 1e\\+04 sizes"),
    "primes": (["rank", *ERF, "-d", "3", "-k", "3", "--primes", "1000000000"], "primes <= 1000"),
    "batch": ([*SMALL, "--rule", "gd", "--learning-rate", "0.1", "--batch", "1000000000000"], "a batch of"),
    "steps": (
        [*SMALL, "--rule", "gd", "--learning-rate", "0.1", "--until", "1e12", "--simulate"], "at most 1e\\+09 steps"),
    "steps without end": ([*SMALL, "--rule", "gd", "--learning-rate", "1e-320"], "at most 9.01e\\+15 steps"),
    "noise": ([*SMALL, "--noise", "1e200"], "noise <= 1e\\+75"),
    "samples": (["recover", "-d", "4", "-m", "2", "-n", "1:1000000000"], "at most 1e\\+04 values of -n"),
    "widths": (["recover", "-d", "4", "-m", "2", "--student-width", "4:1000000000"], "at most 1e\\+04 values"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_work(name, capsys):
    line, says = REFUSED[name]
    assert run(line) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(says, error), error

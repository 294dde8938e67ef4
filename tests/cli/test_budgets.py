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
    "starts": (["recover", "-d", "4", "-m", "2", "--starts", "1000000000"], "at most 1e\\+06 starts"),
    "instances": (
        ["recover", "-d", "4", "-m", "2", "-n", "7:9", "--instances", "1000000000"], "at most 1e\\+06 instances"),
    "instances of a map": (
        ["recover", "-d", "4", "-m", "2", "--map", "--certified-only", "--instances", "1000000000"],
        "at most 1e\\+06 instances"),
    "instances of widths": (
        ["recover", "-d", "4", "-m", "2", "--student-width", "2:4", "--instances", "1000000000"],
        "at most 1e\\+06 instances"),
    "dimension": (["recover", "-d", "1000000", "-m", "2"], "largest feasible"),
    "student width": (["recover", "-d", "4", "-m", "2", "--student-width", "100000000000"], "largest feasible"),
    "teacher width": (["recover", "-d", "4", "-m", "100000000000"], "largest feasible"),
    "samples at once": (["recover", "-d", "4", "-m", "2", "-n", "100000000000"], "largest feasible"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_work(name, capsys):
    line, says = REFUSED[name]
    assert run(line) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(says, error), error

"""--activation module:Class: from Python's path or the current folder, with every command that takes the option."""

import json

import pytest

from tutelage import cli
from tutelage.activations import ACTIVATIONS

MODULE = """
import dataclasses
from tutelage.activations import Sin

@dataclasses.dataclass(frozen=True)
class Own(Sin):
    height: float = 1.0
"""


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """A module of a name of its own in the current folder."""
    name = f"own_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    before = dict(ACTIVATIONS)
    yield name
    ACTIVATIONS.clear()
    ACTIVATIONS.update(before)


@pytest.mark.parametrize("command", ["spectrum", "rank", "dynamics"])
def test_every_command_takes_a_class(command, module, capsys):
    written = f"{module}:Own:height=2"
    for text in (written, "sin"):
        assert cli.run([command, "--activation", text, "-d", "3", "-k", "2", "--json", "-"]) == 0
    answers = capsys.readouterr().out.split("\n}\n")[:2]
    own, known = (json.loads(text + "}") for text in answers)
    assert own.pop("activation") == f"{module}:Own:height=2.0"
    known.pop("activation")
    for certificate in (own.get("certificate"), known.get("certificate")):
        if certificate:
            del certificate["activations"]
    own, known = ({k: v for k, v in part.items() if "seconds" not in k} for part in (own, known))
    assert own == known


def test_a_table_shows_the_name_as_it_is_written(module, capsys):
    assert cli.run(["rank", "--activation", f"{module}:Own;erf", "--widths", "2,2,2,1"]) == 0
    assert f"{module}:Own:height=1.0" in capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{module}:Onw", "did you mean 'Own'?"),
        ("nowhere_at_all:Own", "cannot import 'nowhere_at_all'"),
        ("{module}:dataclasses", "expected a frozen dataclass derived from Activation"),
        ("{module}:Own:hight=1", "height"),
        ("erf:scale", "expected key=value"),
    ],
)
def test_what_is_wrong_is_one_line(text, message, module, capsys):
    assert cli.run(["spectrum", "--activation", text.format(module=module), "-d", "2", "-k", "2"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_file_needs_the_class_on_the_command_line(module, capsys, python, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, '.'); import numpy as np, tutelage, {module} as own\n"
        f"tutelage.save_network(tutelage.sample_teacher(own.Own(), 3, 2), {str(tmp_path / 'n.npz')!r})"
    )
    python(code)
    assert cli.run(["spectrum", "--weights", "n.npz"]) == 2
    assert f"--activation {module}:Own" in capsys.readouterr().err
    assert cli.run(["spectrum", "--weights", "n.npz", "--activation", f"{module}:Own"]) == 0

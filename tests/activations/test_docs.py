"""The page on writing an activation runs as printed, and its walks lead where it says."""

import ast
import re
import shutil
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tutelage
from tutelage import cli, hessian_at_optimum, load_network, sample_teacher
from tutelage.activations import ACTIVATIONS
from tutelage.base.errors import InputError
from tutelage.network import Network

PAGE = Path(__file__).parents[2] / "docs" / "activations.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
PRINTED = """\
(8, 8)
4 numerical
4 proven
True
wave:frequency=2.0
Network(wave:frequency=2.0, d=3, k=2, P=8)
True
True True
"""


@pytest.fixture(autouse=True)
def clean_registry():
    before, path = dict(ACTIVATIONS), list(sys.path)
    yield
    ACTIVATIONS.clear()
    ACTIVATIONS.update(before)
    sys.path[:] = path
    sys.modules.pop("waves", None)


def test_the_page_runs_and_its_class_agrees_with_the_built_in_one(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), namespace)
    assert capsys.readouterr().out == PRINTED
    teacher = sample_teacher("sin", d=3, k=2, seed=1)
    ours = Network(teacher.W, teacher.a, namespace["Wave"](1.0))
    np.testing.assert_allclose(
        hessian_at_optimum(ours).dense(), hessian_at_optimum(teacher).dense(), rtol=0, atol=1e-13
    )
    with jax.enable_x64(True):
        assert float(namespace["bent"](jnp.float64(-2.0))) == -0.6


def test_the_command_and_the_grid_of_the_page_find_the_module(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("waves.py").write_text(BLOCKS[0])
    command = re.search(r"```\ntutelage (.*?)\n```", PAGE.read_text())[1]
    assert cli.run(command.split()) == 0
    assert "waves:Wave:frequency=2.0" in capsys.readouterr().out
    grid = re.search(r"```toml\n(\[grid\].*?)```", PAGE.read_text(), re.DOTALL)[1]
    Path("own.toml").write_text(f'quantities = ["lambda_max"]\n{grid}d = 2\nk = 2\n')
    assert cli.run(["sweep", "run", "own.toml", "--store", "store", "--workers", "0"]) == 0


def test_a_file_that_names_a_class_asks_for_its_module(tmp_path):
    np.savez(tmp_path / "n.npz", W=np.eye(2), a=np.ones(2), activation="waves:Wave")
    with pytest.raises(InputError, match=r"import waves first, or write --activation waves:Wave"):
        load_network(tmp_path / "n.npz")


@pytest.mark.slow
def test_a_built_in_activation_costs_one_file_and_one_line(tmp_path, python):
    source = shutil.copytree(Path(tutelage.__file__).parent, tmp_path / "tutelage")
    text = BLOCKS[0].replace(
        "from tutelage import Activation, Network", "from tutelage.activations.base import Activation"
    )
    (source / "activations" / "wave.py").write_text(text)
    line = re.search(r"```\n(from tutelage.activations.wave .*?\n)```", PAGE.read_text())[1]
    face = source / "activations" / "__init__.py"
    lines = face.read_text().splitlines(keepends=True)
    last = max(
        node.end_lineno for node in ast.parse(face.read_text()).body if isinstance(node, ast.ImportFrom)
    )
    face.write_text("".join([*lines[:last], line, *lines[last:]]))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tutelage; from tutelage import cli\n"
        "assert tutelage.parse_activation('wave:frequency=2').spec == 'wave:frequency=2.0'\n"
        "print(cli.run(['spectrum', '--activation', 'wave:frequency=2', '-d', '2', '-k', '2', '--json', '-']))"
    )
    assert python(code).splitlines()[-1] == "0"

"""tutelage spectrum --model: the user's function on the user's file, which file is said, and what is refused."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from tutelage import ModelProblem, cli, spectrum

CODE = """
import jax.numpy as jnp
import numpy as np

def apply(params, X):
    return jnp.tanh(X @ params["W"].T) @ params["a"]

def trained():
    return apply, {"W": np.array([[1.0, 0.5], [-0.3, 0.2]]), "a": np.array([1.0, -1.0])}

def wrong():
    return apply
"""
X = np.random.default_rng(0).standard_normal((30, 2))


@pytest.fixture
def model(tmp_path, monkeypatch, request):
    name = f"model_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(CODE)
    np.savez(tmp_path / "data.npz", X=X, y=X[:, 0])
    monkeypatch.chdir(tmp_path)
    return f"{name}:trained"


def expected(part):
    params = {"W": np.array([[1.0, 0.5], [-0.3, 0.2]]), "a": np.array([1.0, -1.0])}
    hessian = ModelProblem(lambda p, X: jnp.tanh(X @ p["W"].T) @ p["a"], params, X, X[:, 0]).hessian()
    return spectrum(hessian.outer if part == "outer" else hessian)


@pytest.mark.parametrize("part", ["whole", "outer"])
def test_the_numbers_are_the_librarys_and_the_file_is_named(model, tmp_path, capsys, part):
    command = ["spectrum", "--model", model, "--data", "data.npz", "--part", part, "--json", "-"]
    assert cli.run(command) == 0
    out = capsys.readouterr()
    content = json.loads(out.out)
    np.testing.assert_allclose(content["eigenvalues"], expected(part).values, atol=1e-14)
    assert (content["n_params"], content["n_samples"]) == (6, 30) and content["rank"] == 6
    assert str(tmp_path) in out.err


def test_a_table_and_a_figure(model, tmp_path, capsys):
    assert cli.run(["spectrum", "--model", model, "--data", "data.npz", "--plot", "a.png"]) == 0
    assert "multiplicity" in capsys.readouterr().out and (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--model": "nothing_here:f"}, "cannot import"),
        ({"--model": "nothing"}, "module:function"),
        ({"--data": "none.npz"}, "no such file"),
        ({"--part": "inner"}, "unknown part"),
        ({"--activation": "erf"}, "no --activation beside --model"),
        ({"--data": None}, "--data FILE.npz"),
    ],
)
def test_what_does_not_fit_is_one_line(model, capsys, change, message):
    options = {"--model": model, "--data": "data.npz"} | change
    command = [text for name, value in options.items() if value is not None for text in (name, value)]
    assert cli.run(["spectrum", *command]) == 2
    assert message in capsys.readouterr().err


def test_a_function_that_returns_something_else_is_refused(model, capsys):
    assert cli.run(["spectrum", "--model", model.replace("trained", "wrong"), "--data", "data.npz"]) == 2
    assert "return (apply, params)" in capsys.readouterr().err


def test_other_arrays_are_refused(model, tmp_path, capsys):
    np.savez(tmp_path / "data.npz", X=X)
    assert cli.run(["spectrum", "--model", model, "--data", "data.npz"]) == 2
    assert "the arrays X and y" in capsys.readouterr().err

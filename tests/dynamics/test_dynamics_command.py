"""`tutelage dynamics`: numbers, pictures, warnings and refusals."""

import json

import numpy as np
import pytest

from tutelage import Problem, sample_teacher, save_network
from tutelage.cli import run
from tutelage.dynamics import (
    NoisyTeacher,
    noise_floor,
    predict_loss,
    predict_sgd,
    sgd_stability,
    spectral_measure,
)
from tutelage.input_families import parse_inputs


def test_the_numbers_are_the_predictions(tmp_path, capsys):
    out, picture = tmp_path / "c.json", tmp_path / "c.png"
    code = run(
        ["dynamics", "--activation", "linear", "-d", "4", "-k", "3", "--noise", "0.01",
         "--json", str(out), "--plot", str(picture)]
    )  # fmt: skip
    assert code == 0
    content = json.loads(out.read_text())
    teacher = sample_teacher("linear", d=4, k=3)
    expected = predict_loss(spectral_measure(teacher, NoisyTeacher(0.01)), content["times"])
    np.testing.assert_allclose(content["predicted_mean"], expected.loss, rtol=1e-12)
    np.testing.assert_allclose(content["predicted_std"], expected.std, rtol=1e-12)
    assert content["timescales"]["rank"] == 4 and content["n_params"] == 15
    assert content["predicted_mean"][-1] == pytest.approx(1e-6 * content["predicted_mean"][0], rel=1e-6)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert "largest stable learning rate" in capsys.readouterr().out


def test_a_run_lies_beside_its_own_prediction(tmp_path, capsys):
    save_network(sample_teacher("linear", d=3, k=2, seed=1), tmp_path / "teacher.npz")
    code = run(
        ["dynamics", "--weights", str(tmp_path / "teacher.npz"), "--noise", "1e-5", "--rule", "gd",
         "--learning-rate", "0.1", "--until", "3", "--simulate", "--json", "-"]
    )  # fmt: skip
    content = json.loads(capsys.readouterr().out)
    assert code == 0 and content["diverged_at"] is None
    np.testing.assert_allclose(content["simulated"], content["predicted"], rtol=1e-2)


def test_a_rate_above_the_limit_is_answered_with_a_warning_that_names_it(capsys):
    code = run(
        ["dynamics", "--activation", "linear", "-d", "3", "-k", "2", "--rule", "gd", "--learning-rate", "9",
         "--until", "90", "--json", "-"]
    )  # fmt: skip
    said = capsys.readouterr()
    content = json.loads(said.out)
    assert code == 0
    assert f"{content['timescales']['stable_rate']:.5g}" in said.err and "warning" in said.err
    assert content["predicted_mean"][-1] > content["predicted_mean"][0]


def test_sgd_has_its_mean_its_floor_its_limit_and_a_run(tmp_path, capsys):
    out, picture = tmp_path / "c.json", tmp_path / "c.png"
    code = run(
        ["dynamics", "--activation", "linear", "-d", "4", "-k", "3", "--rule", "sgd", "--batch", "4",
         "--label-noise", "0.01", "--runs", "200", "--json", str(out), "--plot", str(picture)]
    )  # fmt: skip
    content = json.loads(out.read_text())
    teacher = sample_teacher("linear", d=4, k=3)
    limit = float(sgd_stability(teacher, batch=4))
    assert code == 0 and content["learning_rate"] == pytest.approx(limit / 2)
    assert content["stability"]["value"] == limit
    floor = noise_floor(teacher, learning_rate=limit / 2, batch=4, label_noise=0.01)
    assert content["floor"] == float(floor)
    expected = predict_sgd(
        teacher,
        NoisyTeacher(1e-3),
        learning_rate=limit / 2,
        batch=4,
        label_noise=0.01,
        times=content["times"],
    )
    np.testing.assert_allclose(content["predicted_mean"], expected.loss, rtol=1e-12)
    assert content["predicted_mean"][-1] == pytest.approx(float(floor), rel=0.1)
    error = content["simulated_std"][-1] / 200**0.5
    assert abs(content["simulated"][-1] - content["predicted_mean"][-1]) < 4 * error
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert "largest stable rate, batches of 4" in capsys.readouterr().out


def test_sgd_takes_biases_and_inputs_and_says_that_gradients_are_taken_for_gaussian(tmp_path, capsys):
    options = ["--biases", "normal", "--inputs", "spiked:strength=2"]
    code = run(
        ["dynamics", "--activation", "erf", "-d", "3", "-k", "2", "--rule", "sgd", *options, "--until", "2",
         "--json", str(tmp_path / "a.json")]
    )  # fmt: skip
    assert code == 0
    content = json.loads((tmp_path / "a.json").read_text())
    problem = Problem(sample_teacher("erf", 3, 2, biases="normal"), parse_inputs("spiked:strength=2", 3))
    assert content["stability"]["value"] == float(sgd_stability(problem, batch=1))
    assert "gradients taken for Gaussian" in content["stability"]["order"]
    assert "taken for" in capsys.readouterr().out


def test_sgd_above_its_limit_is_answered_with_a_warning_that_names_it(capsys):
    limit = float(sgd_stability(sample_teacher("linear", d=3, k=2), batch=1))
    code = run(
        ["dynamics", "--activation", "linear", "-d", "3", "-k", "2", "--rule", "sgd", "--learning-rate",
         str(1.5 * limit), "--until", "9", "--json", "-"]
    )  # fmt: skip
    said = capsys.readouterr()
    assert code == 0 and f"{limit:.6g}" in said.err and "rare runs" in said.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--activation", "linear", "-d", "3", "-k", "2", "--label-noise", "0.1"], "choose --rule sgd"),
        (
            ["--activation", "linear", "-d", "3", "-k", "2", "--rule", "sgd", "--label-noise=-1"],
            "label_noise >= 0",
        ),
        (
            ["--activation", "linear", "-d", "3", "-k", "2", "--rule", "sgd", "--momentum", "0.5"],
            "no --momentum",
        ),
        (["-d", "3"], "missing --activation, -k"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--rule", "gdd"], "did you mean 'gd'"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--rule", "gd"], "needs --learning-rate"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--learning-rate", "1"], "flow takes no"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--until=-1"], "--until > 0"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--noise", "0"], "noise > 0"),
        (["--activation", "liner", "-d", "3", "-k", "2"], "did you mean 'linear'"),
        (["--activation", "linear", "-d", "3", "-k", "2", "--plot", "x.txt"], ".png"),
        (["--weights", "nowhere.npz"], "no such file"),
        (["--weights", "a.npz", "-d", "3"], "leave the sizes out"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(options, message, capsys):
    assert run(["dynamics", *options]) == 2
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and not said.out

"""Sweeps over biases, laws of the inputs and several outputs."""

import itertools

import numpy as np
import pytest

from tutelage import Problem, sample_teacher, spectrum
from tutelage.base.errors import InputError
from tutelage.dynamics import NoisyTeacher, predict_loss, sgd_stability, spectral_measure
from tutelage.input_families import parse_inputs
from tutelage.rank import effective_parameters, hessian_rank
from tutelage.sweep import SweepSpec, load_spec, run
from tutelage.sweep.folder import SweepFolder

BIASES, INPUTS, OUTPUTS = ("none", "normal"), ("standard", "spiked:strength=5.0,count=1,seed=0"), (1, 2)


def mapping(**grid):
    return {
        "quantities": ["spectrum", "lambda_max", "rank", "effective_parameters", "predicted_loss"],
        "grid": {"activation": "erf", "d": 3, "k": 2, **grid},
        "options": {"predicted_loss": {"count": 3, "last": 10.0, "noise": 0.1}},
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    grid = {"biases": ["", "normal"], "inputs": ["", "spiked:strength=5"], "outputs": [1, 2]}
    return run(mapping(**grid), store=tmp_path_factory.mktemp("any"), workers=0).compute()


def test_the_axes_are_coordinates_in_the_documented_order(found):
    assert not found.failed.values.any(), found.error.values
    expected = itertools.product(BIASES, INPUTS, OUTPUTS)
    names = (found[name].values.tolist() for name in ("biases", "inputs", "outputs"))
    assert list(zip(*names, strict=True)) == list(expected)


def test_every_quantity_is_that_of_the_network_and_its_inputs(found):
    for i, (biases, inputs, outputs) in enumerate(itertools.product(BIASES, INPUTS, OUTPUTS)):
        teacher = sample_teacher("erf", 3, 2, biases=biases, outputs=outputs)
        values = spectrum(Problem(teacher, parse_inputs(inputs, 3)))
        kept = np.isfinite(found.eigenvalues[i].values)
        largest = values.values[-1]
        np.testing.assert_allclose(found.eigenvalues[i].values[kept], values.values, atol=1e-14 * largest)
        assert found.lambda_max[i] == pytest.approx(largest, rel=1e-14)
        assert found.n_params[i] == teacher.n_params
        assert found["rank"][i] == hessian_rank(teacher).rank
        assert found.effective_parameters[i] == effective_parameters(teacher).rank
        curve = predict_loss(spectral_measure(values, NoisyTeacher(0.1)), found.time.values)
        np.testing.assert_allclose(found.predicted_loss[i], curve.loss, rtol=1e-12)


def test_sgd_knows_biases_and_inputs(tmp_path):
    grid = {"biases": "normal", "inputs": "power_law:exponent=1"}
    data = run(mapping(**grid) | {"quantities": ["sgd_stability"], "options": {}}, store=tmp_path, workers=0)
    problem = Problem(sample_teacher("erf", 3, 2, biases="normal"), parse_inputs("power_law:exponent=1", 3))
    assert data.stable_rate.values.tolist() == [float(sgd_stability(problem, batch=1))]


def test_a_grid_without_them_is_what_it_was():
    plain = SweepSpec.from_mapping(mapping())
    written = SweepSpec.from_mapping(mapping(biases="none", inputs="standard", outputs=1))
    assert plain == written and plain.key == written.key and plain.further == {}
    assert not {"biases", "inputs", "outputs"} & (set(plain.columns([0])) | set(plain.to_mapping()["grid"]))


def test_a_grid_with_them_is_another_and_survives_being_written():
    spec = SweepSpec.from_mapping(mapping(biases="uniform", inputs="spiked:strength=5"))
    assert spec.key != SweepSpec.from_mapping(mapping()).key
    assert SweepSpec.from_mapping(spec.to_mapping()) == spec
    spelled = mapping(biases="uniform", inputs="spiked:strength=5.0,count=1,seed=0")
    assert spec.key == SweepSpec.from_mapping(spelled).key


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"biases": "gaussian"}, "unknown name 'gaussian'"),
        ({"inputs": "spikes:strength=1"}, "did you mean"),
        ({"inputs": "spiked:strength=much"}, "expected a number for strength"),
        ({"inputs": "spiked:strength=-2"}, "at least -1"),
        ({"inputs": "spiked:strength=1,count=4"}, "up to d = 3"),
        ({"inputs": "nowhere.npz"}, "no such file"),
        ({"inputs": ["", "standard"]}, "twice"),
        ({"outputs": 0}, "outputs"),
        ({"biases": []}, "at least one"),
        ({"extra": {"biases": [1, 2]}}, "expected a new name"),
    ],
)
def test_what_no_point_could_be_evaluated_with_is_refused_before_anything_is_written(tmp_path, grid, words):
    with pytest.raises(InputError, match=words):
        run(mapping(**grid), store=tmp_path / "store", workers=0)
    assert not SweepFolder(tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("quantity", "grid"),
    [
        ("recovery", {"biases": "normal"}),
        ("recovery", {"inputs": "spiked:strength=1"}),
        ("recovery", {"outputs": 2}),
        ("sgd_stability", {"outputs": [1, 2]}),
        ("predicted_sgd", {"outputs": 2}),
    ],
)
def test_a_quantity_that_no_point_has_is_refused(quantity, grid):
    with pytest.raises(InputError, match=f"{quantity} is stated for .* got other {next(iter(grid))}"):
        SweepSpec.from_mapping(mapping(**grid) | {"quantities": [quantity], "options": {}})


def test_inputs_from_a_file_beside_the_specification(tmp_path, monkeypatch):
    covariance = np.diag([4.0, 2.0, 0.0])
    np.savez(tmp_path / "law.npz", covariance=covariance)
    text = (
        'quantities = ["lambda_max", "rank"]\n[grid]\nactivation = "erf"\nd = 3\nk = 2\ninputs = "law.npz"\n'
    )
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    data = run(load_spec(tmp_path / "a.toml"), store=tmp_path / "store", workers=0).compute()
    problem = Problem(sample_teacher("erf", 3, 2), parse_inputs(str(tmp_path / "law.npz"), 3))
    assert data.lambda_max.values.tolist() == [spectrum(problem).values[-1]]
    # The exact rank is that of inputs that see every direction.
    assert data.failed.values.all() and "singular covariance" in str(data.error.values[0])
    (tmp_path / "b.toml").write_text(text.replace("d = 3", "d = [3, 4]"))
    with pytest.raises(InputError, match="dimension of the input law"):
        run(load_spec(tmp_path / "b.toml"), store=tmp_path / "other", workers=0)


def test_the_size_of_a_point_counts_what_the_reduction_keeps():
    spec = SweepSpec.from_mapping(
        mapping(d=100, biases="normal", inputs=["", "spiked:strength=5,count=3"], outputs=2)
    )
    assert spec.block_sizes(np.arange(spec.n_points)).max() == 2 * (5 + 2 + 1)
    dense = SweepSpec.from_mapping(mapping(d=100, inputs="power_law:exponent=1"))
    assert dense.block_sizes([0]) == [2 * 101]

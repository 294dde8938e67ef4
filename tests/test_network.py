"""Networks, architectures, weight laws: sampling, saving, loading, and every way to get them wrong."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage import Architecture, Network, load_network, parse_activation, sample_teacher, save_network
from tutelage.base.errors import InputError
from tutelage.dynamics.starts import NoisyTeacher, RandomStart
from tutelage.inputs import GaussianInputs
from tutelage.quadratic.teacher import sample_inputs, sample_quadratic_teacher, sample_start
from tutelage.weights import WEIGHT_LAWS, FromScipy, as_weight_law

LAWS_WITH_VARIANCE = ("normal", "uniform", "rademacher", "laplace", "student_t:nu=5")


def test_pytorch_read_out_shape_is_accepted():
    assert Network([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]], "erf").a.shape == (2,)


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("biases", [(), ("b",), ("c",), ("b", "c")])
def test_biases_and_outputs_are_part_of_the_value_the_parameters_and_the_file(biases, m, tmp_path):
    rng = np.random.default_rng(m)
    d, k, outputs = 3, 2, () if m == 1 else (m,)
    W, a = rng.standard_normal((k, d)), rng.standard_normal((*outputs, k))
    known = {"b": rng.standard_normal(k), "c": rng.standard_normal(outputs)}
    chosen = {name: known[name] for name in biases}
    network = Network(W, a, "erf", **chosen)
    x = rng.standard_normal((5, d))
    hidden = scipy.special.erf(x @ W.T + chosen.get("b", 0.0))
    expected = hidden @ np.atleast_2d(a).T + np.reshape(chosen.get("c", np.zeros(m)), m)
    assert network(x).shape == (5, *outputs)
    assert np.abs(network(x).reshape(5, m) - expected).max() < 1e-14
    parts = [
        W.ravel(),
        *(chosen[n] for n in ("b",) if n in chosen),
        a.ravel(),
        *(np.ravel(chosen[n]) for n in ("c",) if n in chosen),
    ]
    assert np.array_equal(network.theta, np.concatenate(parts))
    assert network.n_params == Architecture.of(network).n_params == network.theta.size
    assert Architecture.of(network).widths == (d, k, m) and network.n_outputs == m
    moved = network.with_theta(network.theta + 1)
    assert all(np.allclose(moved.layers[name], array + 1) for name, array in network.layers.items())
    save_network(network, tmp_path / "network.npz")
    loaded = load_network(tmp_path / "network.npz")
    assert list(loaded.layers) == list(network.layers) and np.array_equal(loaded.theta, network.theta)


def test_value_is_the_sum_over_neurons():
    network = Network([[1.0, 2.0], [0.5, -1.0]], [2.0, 3.0], "quadratic:alpha=0.5")
    u = np.array([1.0 + 2.0, 0.5 - 1.0])
    assert network([1.0, 1.0]) == pytest.approx(np.dot([2.0, 3.0], u + 0.5 * u**2), rel=1e-15)


@pytest.mark.parametrize("law", LAWS_WITH_VARIANCE)
def test_weights_have_zero_mean_and_variance_one_over_fan_in(law):
    teacher = sample_teacher("linear", d=400, k=300, seed=1, weights=law)
    n, w = teacher.W.size, teacher.W * np.sqrt(400)
    assert abs(w.mean()) < 5 / np.sqrt(n)
    for squares in (np.ravel(w) ** 2, 300 * teacher.a**2):
        assert abs(squares.mean() - 1) < 5 * squares.std() / np.sqrt(squares.size) + 1e-12


@pytest.mark.parametrize("law", ["cauchy", "student_t:nu=1.5"])
def test_laws_without_variance_keep_the_quartiles_of_the_normal(law):
    w = np.ravel(sample_teacher("linear", d=400, k=300, seed=1, weights=law).W) * np.sqrt(400)
    lower, middle, upper = np.quantile(w, [0.25, 0.5, 0.75])
    assert abs(middle) < 0.02
    assert (upper - lower) / 2 == pytest.approx(scipy.stats.norm.ppf(0.75), rel=0.02)


def test_a_frozen_scipy_law_is_centred_and_scaled():
    w = sample_teacher("linear", d=500, k=400, weights=scipy.stats.expon(loc=3, scale=7)).W * np.sqrt(500)
    assert abs(w.mean()) < 0.02 and np.var(w) == pytest.approx(1, rel=0.03)
    assert as_weight_law(scipy.stats.laplace(scale=4)).kurtosis == pytest.approx(6.0)


@pytest.mark.parametrize(
    "name, kurtosis", [("normal", 3), ("rademacher", 1), ("uniform", 1.8), ("laplace", 6)]
)
def test_kurtosis_of_the_named_laws(name, kurtosis):
    assert WEIGHT_LAWS[name]().kurtosis == pytest.approx(kurtosis)


def test_streams_depend_on_seed_realization_layer_and_size_alone():
    one = sample_teacher("erf", 5, 4, seed=3, realization=2)
    again = sample_teacher("linear", 5, 4, seed=3, realization=2, outputs=2)
    assert np.array_equal(one.W, again.W) and np.array_equal(one.a, again.a[0])
    for other in (sample_teacher("erf", 5, 4, seed=4, realization=2), sample_teacher("erf", 5, 4, seed=3)):
        assert not np.any(other.W == one.W)
    # Recorded: the same seed gives the same weights on any machine and in any later version.
    assert np.array_equal(sample_teacher("erf", 2, 1, seed=0).W, [[-0.4860401137085103, 0.8836470820310307]])
    assert np.array_equal(
        sample_teacher("erf", 2, 1, seed=0, coupled=True).W, [[0.555720004835074, -0.6505049735768947]]
    )


DRAWS = {
    "teacher": lambda d, k, **option: sample_teacher("erf", d, k, biases="normal", **option).theta,
    "start": lambda d, k, **option: NoisyTeacher(1.0, **option).displacement(d * k, 0),
    "random start": lambda d, k, **option: (
        RandomStart(k, **option).sample(sample_teacher("erf", d, 2, biases="normal"), 0).theta * np.sqrt(d)
    ),
    "inputs": lambda d, k: GaussianInputs().sample(k, d).ravel(),
    "quadratic": lambda d, k: sample_quadratic_teacher(d, k).W.ravel(),
    "quadratic inputs": lambda d, k: sample_inputs(k, d).ravel(),
    "quadratic start": lambda d, k: sample_start(k, d).ravel(),
}


@pytest.mark.parametrize("what", DRAWS)
def test_draws_of_different_sizes_share_no_number_unless_coupled(what):
    small, large = DRAWS[what](4, 6), DRAWS[what](6, 8)
    assert len(np.intersect1d(small, large)) == 0
    ratio = np.corrcoef(small[:20], large[:20])[0, 1]
    assert abs(ratio) < 0.8


def test_coupled_teachers_and_starts_of_different_sizes_begin_with_the_same_numbers():
    for what in ("start", "random start"):
        small, large = DRAWS[what](4, 6, coupled=True), DRAWS[what](6, 8, coupled=True)
        assert np.allclose(small[:24], large[:24], rtol=1e-12)
    small, large = (sample_teacher("linear", n, n, coupled=True) for n in (4, 6))
    assert np.allclose(small.W.ravel() * 2, large.W.ravel()[:16] * np.sqrt(6))
    values = {c: np.array([[top(n, r, c) for n in (14, 20)] for r in range(60)]) for c in (False, True)}
    assert abs(np.corrcoef(values[False].T)[0, 1]) < 0.4 < np.corrcoef(values[True].T)[0, 1]


def top(size, realization, coupled):
    teacher = sample_teacher("linear", size, size, realization=realization, coupled=coupled)
    return np.linalg.norm(teacher.W, 2) ** 2 + teacher.a @ teacher.a


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10**9))
def test_npz_gives_back_the_same_bits(tmp_path_factory, d, k, seed):
    path = tmp_path_factory.mktemp("npz") / "network.npz"
    network = sample_teacher("quadratic:alpha=0.3", d, k, seed=seed)
    save_network(network, path)
    loaded = load_network(path)
    assert np.array_equal(loaded.W, network.W) and np.array_equal(loaded.a, network.a)
    assert loaded.activation == network.activation
    assert [p.name for p in path.parent.iterdir()] == ["network.npz"]


def test_parameters_of_architectures_are_counted():
    assert Architecture((4, 3, 1), "erf").n_params == 15
    assert Architecture((4, 3, 1), "erf", True).n_params == 19
    assert Architecture((4, 3, 2, 1), ("erf", "linear"), (True, False, False)).n_params == 12 + 3 + 6 + 2


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


BAD = {
    "W of one dimension": (lambda p: Network([1.0], [1.0], "erf"), "2 dimension"),
    "empty W": (lambda p: Network(np.zeros((0, 3)), [], "erf"), "non-empty W"),
    "ragged W": (lambda p: Network([[1.0], [1.0, 2.0]], [1.0, 1.0], "erf"), "rectangular"),
    "complex W": (lambda p: Network([[1j]], [1.0], "erf"), "real W"),
    "NaN in W": (lambda p: Network([[np.nan]], [1.0], "erf"), "finite W, got 1 NaN"),
    "inf in a": (lambda p: Network([[1.0]], [np.inf], "erf"), "finite a"),
    "strings": (lambda p: Network([["x"]], [1.0], "erf"), "numbers for W"),
    "wrong length of a": (lambda p: Network([[1.0, 2.0]], [1.0, 2.0], "erf"), r"a of shape \(1,\)"),
    "a of shape (k, 1)": (lambda p: Network([[1.0], [2.0]], [[1.0], [2.0]], "erf"), r"got \(2, 1\)"),
    "unknown activation": (lambda p: Network([[1.0]], [1.0], "erff"), "did you mean 'erf'"),
    "a class for an activation": (lambda p: Network([[1.0]], [1.0], np.tanh), r"Numerical\(fn\)"),
    "unknown activation parameter": (lambda p: parse_activation("erf:scal=1"), "did you mean 'scale'"),
    "parameter of none": (lambda p: parse_activation("linear:x=1"), "it takes none"),
    "parameter without value": (lambda p: parse_activation("erf:scale"), "expected key=value"),
    "parameter not a number": (lambda p: parse_activation("erf:scale=big"), "expected a number for scale"),
    "missing coefficients": (lambda p: parse_activation("polynomial"), "missing parameter"),
    "negative erf scale": (lambda p: parse_activation("erf:scale=-1"), "scale > 0"),
    "NaN alpha": (lambda p: parse_activation("quadratic:alpha=nan"), "finite alpha"),
    "d = 0": (lambda p: sample_teacher("erf", 0, 2), "d >= 1"),
    "k = -1": (lambda p: sample_teacher("erf", 2, -1), "k >= 1"),
    "fractional d": (lambda p: sample_teacher("erf", 2.5, 2), "an integer d"),
    "boolean k": (lambda p: sample_teacher("erf", 2, True), "an integer k"),
    "negative seed": (lambda p: sample_teacher("erf", 2, 2, seed=-1), "seed >= 0"),
    "negative realization": (lambda p: sample_teacher("erf", 2, 2, realization=-1), "realization >= 0"),
    "unknown weight law": (lambda p: sample_teacher("erf", 2, 2, weights="norml"), "did you mean 'normal'"),
    "student_t without nu": (lambda p: sample_teacher("erf", 2, 2, weights="student_t"), "missing parameter"),
    "student_t with nu = 0": (lambda p: sample_teacher("erf", 2, 2, weights="student_t:nu=0"), "nu > 0"),
    "a number for a weight law": (lambda p: sample_teacher("erf", 2, 2, weights=3), "expected a law"),
    "one width": (lambda p: Architecture((4,), ()), "input and an output width"),
    "zero width": (lambda p: Architecture((4, 0, 1), "erf"), "width >= 1"),
    "too few activations": (lambda p: Architecture((4, 3, 2, 1), ("erf",)), "activations and hidden layers"),
    "too many biases": (lambda p: Architecture((4, 3, 1), "erf", (True,) * 3), "biases and weight layers"),
    "input of the wrong size": (lambda p: sample_teacher("erf", 3, 2)([1.0, 2.0]), "last dimension of x"),
    "no such file": (lambda p: load_network(p / "none.npz"), "no such file"),
    "not an archive": (lambda p: load_network(_write(p / "x.npz", b"hello")), "expected an npz archive"),
    "a truncated archive": (lambda p: load_network(_truncated(p / "x.npz")), "expected an npz archive"),
    "a single array": (lambda p: load_network(_npy(p / "x.npy")), "single npy array"),
    "arrays missing": (lambda p: load_network(npz(p / "x.npz", V=np.ones(2))), "missing W, a"),
    "no activation in the file": (
        lambda p: load_network(npz(p / "x.npz", W=np.ones((1, 1)), a=np.ones(1))), "names no activation"),
    "shapes in the file": (
        lambda p: load_network(npz(p / "x.npz", W=np.ones((2, 1)), a=np.ones(3)), "erf"), "a of shape"),
    "b of the wrong length": (lambda p: Network([[1.0]], [1.0], "erf", b=[1.0, 2.0]), r"b of shape \(1,\)"),
    "c of the wrong length": (lambda p: Network([[1.0]], [1.0], "erf", c=[1.0, 2.0]), r"c of shape \(\)"),
    "c of one output for two": (lambda p: Network([[1.0]], [[1.0], [2.0]], "erf", c=1.0), r"c of shape \(2,\)"),
    "NaN in b": (lambda p: Network([[1.0]], [1.0], "erf", b=[np.nan]), "finite b"),
    "read-outs of a transposed layer": (
        lambda p: Network(np.ones((2, 5)), np.ones((2, 3)), "erf"), "transpose a, whose rows are outputs"),
    "an array the file should not hold": (
        lambda p: load_network(npz(p / "x.npz", W=np.ones((1, 1)), a=np.ones(1), bias=np.ones(1)), "erf"), "got bias too"),
    "a newer file": (
        lambda p: load_network(npz(p / "x.npz", W=np.ones((1, 1)), a=np.ones(1), version=99), "erf"), "newer"),
    "pickled objects": (
        lambda p: load_network(npz(p / "x.npz", W=np.array([[None]]), a=np.ones(1)), "erf"), "npz archive"),
    "save into no folder": (lambda p: save_network(sample_teacher("erf", 1, 1), p / "no" / "x.npz"), "existing folder"),
}  # fmt: skip


def _write(path, content):
    path.write_bytes(content)
    return path


def _truncated(path):
    save_network(sample_teacher("erf", 3, 2), path)
    return _write(path, path.read_bytes()[:200])


def _npy(path):
    np.save(path, np.ones(3))
    return path


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_message_and_nothing_is_half_written(case, tmp_path):
    call, message = BAD[case]
    with pytest.raises(InputError, match=message):
        call(tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "network.npz"
    first = sample_teacher("erf", 2, 2, seed=1)
    save_network(first, path)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises((InputError, OSError), match="space"):
        save_network(sample_teacher("erf", 2, 2, seed=2), path)
    assert np.array_equal(load_network(path).W, first.W)
    assert [p.name for p in tmp_path.iterdir()] == ["network.npz"]


def test_weight_laws_reprs_and_specs():
    assert as_weight_law("student_t:nu=3").spec == "student_t:nu=3.0"
    assert isinstance(as_weight_law(scipy.stats.norm()), FromScipy)
    network = sample_teacher("erf", 3, 2)
    assert repr(network) == "Network(erf:scale=1.0, d=3, k=2, P=8)"
    assert "P = 8" in network._repr_html_()

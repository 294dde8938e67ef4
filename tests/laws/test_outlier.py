"""The largest eigenvalue and the mean trace, against Lanczos, dense traces and closed forms."""

import numpy as np
import pytest

import tutelage
from tutelage.base.errors import InputError
from tutelage.laws import largest_eigenvalue, largest_step, mean_largest, mean_trace, outlier
from tutelage.laws.outlier import averages
from tutelage.teachers import sample_teacher

NOT_CENTRED = ("relu", "gelu", "abs", "cos", "quadratic:alpha=0.5", "sigmoid", "softplus")


def _rms(activation, size, teachers):
    found = []
    for seed in range(teachers):
        network = sample_teacher(activation, size, size, seed)
        exact = tutelage.spectrum(network, "lanczos", count=1).values[-1]
        found.append(largest_eigenvalue(network.W, network.a, activation) - exact)
    return float(np.sqrt(np.mean(np.square(found))))


@pytest.mark.parametrize("activation", ["relu", "cos", "quadratic:alpha=0.5"])
def test_error_of_the_outlier_falls_with_size(activation):
    # Like 1/√size or faster: a half at most; the ratio of these two is known to a quarter of itself.
    assert _rms(activation, 80, 12) < _rms(activation, 20, 24) / 1.6


@pytest.mark.slow
@pytest.mark.parametrize("activation", NOT_CENTRED)
def test_error_falls_at_least_like_the_root_of_the_size(activation):
    # A half at most; the ratio of these two is known to a quarter of itself.
    assert _rms(activation, 160, 10) < _rms(activation, 40, 20) / 1.6


@pytest.mark.parametrize("activation", ["linear", "erf"])
def test_without_a_mean_the_largest_is_the_top_edge(activation):
    network = sample_teacher(activation, 80, 80, 1)
    exact = tutelage.spectrum(network, "lanczos", count=1).values[-1]
    predicted = largest_eigenvalue(network.W, network.a, activation)
    assert predicted == pytest.approx(exact, rel=1e-11 if activation == "linear" else 0.06)
    assert largest_step(network.W, network.a, activation) == 2 / predicted


@pytest.mark.parametrize("activation", ["relu", "cos", "quadratic:alpha=0.5"])
def test_averages_in_numpy_are_the_compiled_ones(activation, monkeypatch):
    lengths = np.array([1e-3, 0.5, 1.0, 7.0])
    plain = averages(activation, lengths)
    monkeypatch.setattr(outlier, "_plain_tables", lambda sigma, rows: None)
    for found, compiled in zip(plain, averages(activation, lengths), strict=True):
        np.testing.assert_allclose(found, compiled, rtol=1e-13)


def test_quadratic_outlier_is_that_of_the_groups():
    network = sample_teacher("quadratic:alpha=0.7", 30, 20, 3)
    from tutelage.laws import QuadraticGroups

    expected = QuadraticGroups(network.W, network.a, 0.7).outlier
    assert largest_eigenvalue(network.W, network.a, network.activation) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "cos"])
def test_mean_over_teachers_is_the_mean_of_the_predictions(activation):
    d, k = 20, 30
    found = []
    for seed in range(400):
        network = sample_teacher(activation, d, k, seed)
        found.append(largest_eigenvalue(network.W, network.a, activation))
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - mean_largest(activation, d, k)) < 4 * error


@pytest.mark.parametrize(("d", "k"), [(1, 3), (30, 12), (1000, 7)])
def test_mean_trace_has_its_closed_forms(d, k):
    assert mean_trace("linear", d, k) == pytest.approx(k + d, rel=1e-12)
    assert mean_trace("relu", d, k) == pytest.approx((k + d) / 2, rel=1e-12)
    square = 0.3**2
    quadratic = k * (1 + 3 * square * (1 + 2 / d)) + d + 4 * square * (d + 2)
    assert mean_trace("quadratic:alpha=0.3", d, k) == pytest.approx(quadratic, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["erf", "gelu"])
def test_mean_trace_is_the_mean_of_exact_traces(activation):
    d, k = 5, 4
    traces = [tutelage.hessian_at_optimum(sample_teacher(activation, d, k, s)).trace() for s in range(2000)]
    assert abs(np.mean(traces) - mean_trace(activation, d, k)) < 4 * np.std(traces) / np.sqrt(len(traces))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: largest_eigenvalue(np.eye(2), np.ones(2), "polynomial:coefficients=-1,0,1"), "no outlier is known"),
        (lambda: largest_eigenvalue(np.eye(2), np.ones(3), "relu"), "rows of W and read-outs"),
        (lambda: mean_largest("erf", 3, 3), "E sigma\\(z\\) != 0"),
        (lambda: mean_trace("erf", 0, 3), "expected d >= 1"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()

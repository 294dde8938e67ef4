"""Noisy labels: the drift along flat directions and the excess of finite data, in closed form and by simulation."""

import numpy as np
import pytest

from tutelage import Network, Problem, hessian_at_optimum, hessian_rank, sample_teacher
from tutelage.base.errors import InputError
from tutelage.dynamics import GradientDescent, data_excess, flat_drift, predict_drift, simulate
from tutelage.dynamics.label_noise import trace_gradient


@pytest.mark.parametrize("sigma", ["linear", "quadratic:alpha=0.5", "erf", "tanh"])
def test_the_gradient_of_the_trace_is_that_of_the_hessian(sigma):
    teacher = sample_teacher(sigma, d=4, k=2, seed=0)
    step, expected = 1e-5, []
    for unit in np.eye(teacher.n_params):
        up, down = (
            hessian_at_optimum(teacher.with_theta(teacher.theta + s * step * unit)).trace() for s in (1, -1)
        )
        expected.append((up - down) / (2 * step))
    np.testing.assert_allclose(trace_gradient(teacher), expected, rtol=1e-6, atol=1e-8)


def test_the_drift_is_flat_and_descends_the_trace():
    teacher = sample_teacher("linear", d=4, k=3, seed=0)
    go = dict(learning_rate=0.02, batch=2, label_noise=0.1)
    drift = flat_drift(teacher, **go)
    assert np.linalg.norm(hessian_at_optimum(teacher).dense() @ drift) < 1e-12
    assert drift @ trace_gradient(teacher) < 0
    np.testing.assert_allclose(flat_drift(teacher, **(go | {"batch": 4})), drift / 2, rtol=1e-12)
    full = sample_teacher("erf", d=3, k=1, seed=0)
    assert not flat_drift(full, **go).any()


def test_the_drift_ends_at_the_flattest_network_of_the_same_function():
    # A linear function v·x of one neuron: d a² + |w|² at a w = v is least, 2 √d |v|, where √d |a| = |w|.
    teacher = Network([[0.3, 0.4, 1.2]], [2.0], "linear")
    curve = predict_drift(teacher, learning_rate=0.1, batch=1, label_noise=0.4, times=[0.0, 2000.0])
    size = np.linalg.norm(teacher.a[0] * teacher.W)
    np.testing.assert_allclose(curve.records["trace"], [3 * 4 + 1.69, 2 * 3**0.5 * size], rtol=1e-6)
    np.testing.assert_allclose(curve.loss, 0.01 * curve.records["trace"], rtol=1e-12)


@pytest.mark.slow
def test_simulated_sgd_drifts_as_predicted():
    teacher = sample_teacher("linear", d=6, k=8, seed=0)
    eta, batch, v, steps, runs = 0.03, 4, 0.01, np.array([0, 20_000]), 8

    def trace(network):
        return 6 * np.sum(network.a**2) + np.sum(network.W**2)

    run = simulate(
        Problem(teacher, label_noise=v), teacher, GradientDescent(eta), steps=steps, batch=batch, runs=runs,
        seed=1, record=trace,
    )  # fmt: skip
    predicted = predict_drift(teacher, learning_rate=eta, batch=batch, label_noise=v, steps=steps)
    found = run.records["record"]
    drop = found[0].mean() - found[1].mean()
    error = found[1].std(ddof=1) / runs**0.5
    expected = predicted.records["trace"][0] - predicted.records["trace"][1]
    # Corrections of the next order in the rate are several percent.
    assert abs(drop - expected) < 0.12 * expected + 4 * error
    assert drop > 10 * error


def test_each_effective_parameter_costs_half_the_noise_over_n():
    teacher = sample_teacher("quadratic", d=4, k=6, seed=0)
    n, v = 10_000, 1e-3
    assert data_excess(teacher, samples=n, label_noise=v) == v * hessian_rank(teacher).rank / (2 * n)
    assert hessian_rank(teacher).rank == 14 < teacher.n_params
    linear = sample_teacher("linear", d=6, k=8, seed=0)
    assert data_excess(Problem(linear, label_noise=v), samples=50) == pytest.approx(v * 6 / (2 * 43))


def test_the_linear_excess_is_that_of_least_squares():
    # Gaussian design: E (b − b_*)² by 4000 regressions.
    d, n, v = 3, 12, 0.5
    rng = np.random.default_rng(0)
    X, noise = rng.standard_normal((4000, n, d)), np.sqrt(v) * rng.standard_normal((4000, n))
    fits = np.linalg.solve(X.transpose(0, 2, 1) @ X, np.einsum("rnd,rn->rd", X, noise)[..., None])[..., 0]
    excess = 0.5 * np.sum(fits**2, axis=1)
    predicted = data_excess(sample_teacher("linear", d=d, k=4, seed=0), samples=n, label_noise=v)
    assert abs(excess.mean() - predicted) < 4 * excess.std() / 4000**0.5


def test_bad_input_says_what_was_expected():
    teacher = sample_teacher("linear", d=4, k=3, seed=0)
    with pytest.raises(InputError, match=r"more samples than rank H \+ 1 = 5"):
        data_excess(teacher, samples=5, label_noise=0.1)
    with pytest.raises(InputError, match="label_noise >= 0"):
        flat_drift(teacher, learning_rate=0.1, batch=1, label_noise=-0.1)


@pytest.mark.parametrize("source", [[[]], None, np.eye(2)])
def test_what_is_no_problem_is_refused(source):
    with pytest.raises(InputError, match="expected a population Problem or a Network"):
        data_excess(source, samples=3)

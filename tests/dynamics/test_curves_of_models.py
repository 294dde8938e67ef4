"""Predictions for a user's model: one Lanczos run gives its learning curve, and a diagnosis says whether to believe it."""

import jax.numpy as jnp
import numpy as np
import pytest

import tutelage
from tutelage import InputError, ModelProblem, diagnose, predict_loss, spectral_measure

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 8)) * 0.7 ** np.arange(8)
OPTIMUM = {"w": RNG.standard_normal(8)}
START = RNG.standard_normal(8)


def linear(p, X):
    return X @ p["w"]


def tanh(p, X):
    return jnp.tanh(X @ p["W"].T) @ p["a"]


def problem(noise=0.0, params=OPTIMUM):
    return ModelProblem(linear, params, X, X @ OPTIMUM["w"] + noise * RNG.standard_normal(60))


def test_a_lanczos_run_gives_the_curve_of_all_eigenvectors():
    outer, times = problem().hessian().outer, tutelage.log_times(0.1, 100, 12)
    exact = predict_loss(spectral_measure(outer, START), times)
    krylov = spectral_measure(outer, START, steps=8)
    assert krylov.mass == pytest.approx(START @ START)
    found = predict_loss(krylov, times)
    np.testing.assert_allclose(found.loss, exact.loss, rtol=1e-8)
    assert found.meta["method"] == "lanczos (8 steps)"
    assert "converged" not in exact.meta


def test_too_few_steps_are_told():
    outer, times = problem().hessian().outer, tutelage.log_times(0.1, 1000, 12)
    assert not predict_loss(spectral_measure(outer, START, steps=3), times).meta["converged"]
    assert predict_loss(spectral_measure(outer, START, steps=8), [0.1]).meta["converged"]


def test_large_models_take_products_by_themselves():
    def f(p, X):
        return jnp.tanh(X @ p["W"].T) @ p["a"]

    params = {"W": RNG.standard_normal((250, 8)), "a": RNG.standard_normal(250) / 16}
    large = ModelProblem(f, params, X, np.zeros(60))
    measure = spectral_measure(large.hessian().outer, RNG.standard_normal(2250))
    assert measure.method.startswith("lanczos") and measure.points.min() >= 0.0


@pytest.mark.parametrize("start", [np.zeros(8), np.ones(7)])
def test_a_start_that_is_none_is_refused(start):
    with pytest.raises(InputError, match="expected a start"):
        spectral_measure(problem().hessian().outer, start, steps=4)


def test_steps_need_products():
    spectrum = tutelage.spectrum(problem())
    with pytest.raises(InputError, match="leave steps out"):
        spectral_measure(spectrum, [1.0] * 8, steps=4)


def test_linear_regression_is_quadratic_everywhere():
    noisy = problem(noise=0.1)
    away = noisy.at({"w": OPTIMUM["w"] + START})
    found = diagnose(away)
    least = np.linalg.lstsq(X, noisy._data[1], rcond=None)[1][0] / 120
    assert found.gain == pytest.approx(away.loss() - least, rel=1e-6)
    assert found.second_order_holds and found.quadratic_error < 1e-6
    assert found.functional_norm.value == pytest.approx(0.0, abs=1e-12)
    values = tutelage.spectrum(away).eigenvalues
    assert found.largest == pytest.approx(values[-1]) and found.safe_rate == pytest.approx(2 / values[-1])
    assert found.below_zero.value == 0.0


def test_at_an_optimum_nothing_is_to_be_gained():
    found = diagnose(ModelProblem(linear, {"w": np.zeros(8)}, X, np.zeros(60)))
    assert found.gain == 0.0 and found.gradient_norm == 0.0 and found.second_order_holds


def test_far_from_an_optimum_the_quadratic_theory_is_refused():
    params = {"W": 3 * RNG.standard_normal((6, 8)), "a": 3 * RNG.standard_normal(6)}
    found = diagnose(ModelProblem(tanh, params, X, RNG.standard_normal(60)))
    assert not found.second_order_holds
    values = tutelage.spectrum(ModelProblem(tanh, params, X, RNG.standard_normal(60))).eigenvalues
    assert found.functional_norm.value > 0 and found.below_zero.value > 0
    assert found.smallest >= values.min() - 1 and "OUTSIDE" in repr(found)


def test_a_model_has_no_teacher_and_a_network_needs_one():
    teacher = tutelage.sample_teacher("erf", d=3, k=2, seed=0)
    with pytest.raises(InputError, match="alone"):
        diagnose(problem(), teacher)
    with pytest.raises(InputError, match="diagnose\\(student, teacher\\)"):
        diagnose(teacher)

"""L-BFGS on many rows: known minima, the path of SciPy's, and rows that do not feel each other."""

from __future__ import annotations

import numpy as np
import scipy.optimize

from tutelage.base.lbfgs import minimize_rows


def rosenbrock(x, rows):
    value = np.array([scipy.optimize.rosen(p) for p in x])
    return value, np.array([scipy.optimize.rosen_der(p) for p in x])


def test_a_hard_valley_is_followed_to_its_end_in_about_as_many_steps_as_by_scipy():
    start = np.random.default_rng(0).uniform(-1.5, 1.5, (20, 6))
    found = minimize_rows(rosenbrock, start, gradient=1e-7)
    assert np.linalg.norm(found.gradient, axis=1).max() <= 1e-7
    peers = [
        scipy.optimize.minimize(
            scipy.optimize.rosen,
            p,
            jac=scipy.optimize.rosen_der,
            method="L-BFGS-B",
            options={"gtol": 1e-7, "ftol": 0},
        )
        for p in start
    ]
    agree = [abs(found.value[i] - peer.fun) < 1e-12 for i, peer in enumerate(peers)]
    assert np.mean(agree) >= 0.8  # two minima in six dimensions: a few starts may part ways
    assert found.steps.mean() < 1.5 * np.mean([peer.nit for peer in peers])


def test_a_row_ends_where_it_would_alone():
    rng = np.random.default_rng(1)
    curvature, centre = 10.0 ** rng.uniform(-2, 2, (7, 5)), rng.standard_normal((7, 5))

    def bowl(x, rows):
        delta = x - centre[rows]
        return np.sum(curvature[rows] * delta**2 + delta**4, axis=1), 2 * curvature[
            rows
        ] * delta + 4 * delta**3

    start = rng.standard_normal((7, 5))
    together = minimize_rows(bowl, start, gradient=1e-8)
    assert np.allclose(together.x, centre, atol=1e-5)
    alone = minimize_rows(lambda x, rows: bowl(x, rows + 3), start[3:4], gradient=1e-8)
    assert np.array_equal(alone.x[0], together.x[3])
    assert alone.steps[0] == together.steps[3]


def test_a_row_ends_at_the_value_asked_for_at_its_last_step_or_where_rounding_hides_descent():
    start = np.full((1, 4), 3.0)
    bowl = lambda x, rows: (np.sum(x**2, axis=1), 2 * x)  # noqa: E731
    assert 0 < minimize_rows(rosenbrock, np.zeros((1, 4)), value=1e-3).value[0] <= 1e-3
    assert minimize_rows(rosenbrock, start, max_steps=3).steps[0] == 3
    lifted = lambda x, rows: (1e12 + np.sum(x**2, axis=1), 2 * x)  # noqa: E731
    assert np.abs(minimize_rows(lifted, start).x).max() < 0.1
    assert minimize_rows(bowl, start).value[0] == 0.0


def test_an_end_is_not_a_value_that_is_not_a_number():
    """Steps into a region without values are shortened, not taken."""

    def walled(x, rows):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sum(x - np.log(x), axis=1), 1 - 1 / x

    found = minimize_rows(walled, np.array([[20.0, 0.01]]), gradient=1e-8)
    assert np.allclose(found.x, 1.0)

"""The batched solver: zero loss, the same verdicts as one-at-a-time descent, instances that leave early."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from tutelage.base.errors import InputError
from tutelage.quadratic import (
    METHODS,
    empirical_gradient,
    empirical_loss,
    matrix_of,
    minimise,
    weight_gradient,
)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_reaches_zero_loss_and_reports_it(method, instances):
    A, X, S = instances(4, 2, 3, 10)
    # Descent alone is slow along flat valleys: it is asked for less.
    tolerance = {"gradient_descent": 1e-5, "gradient_flow": 1e-10}.get(method, 1e-12)
    run = minimise(A, X, S, method=method, training_loss=tolerance)
    assert run.arrived.all()
    for a, x, found, loss in zip(A, X, run.A, run.loss, strict=True):
        np.testing.assert_allclose(
            empirical_loss(found, a, x) / empirical_loss(0 * a, a, x), loss, rtol=1e-3, atol=1e-18
        )
        assert loss <= tolerance
        assert np.linalg.eigvalsh(found)[0] > -1e-12


def test_an_instance_is_solved_the_same_alone_and_in_a_batch(instances):
    A, X, S = instances(5, 2, 11, 12)
    together = minimise(A, X, S)
    for i in (0, 5, 11):
        alone = minimise(A[i : i + 1], X[i : i + 1], S[i : i + 1])
        assert alone.steps[0] == together.steps[i]
        np.testing.assert_allclose(alone.A[0], together.A[i], atol=1e-9)


def test_levenberg_marquardt_follows_the_weights_not_only_the_matrix(instances):
    """The update of A is that of the weights under the n × n Gauss-Newton system: rebuilt here from the Jacobian."""
    A, X, S = instances(4, 2, 6, 8)
    run = minimise(A, X, S, method="levenberg_marquardt", max_steps=1)
    moved = [i for i in range(8) if np.abs(run.A[i] - S[i]).max() > 1e-6]
    assert moved
    for i in moved:
        W = np.linalg.cholesky(S[i]).T * np.sqrt(4)
        J = (2 / 4) * ((X[i] @ W.T)[:, :, None] * X[i][:, None, :]).reshape(6, 16)
        # w = sqrt(m) ŵ: the system of the rescaled weights is m J Jᵀ.
        K = 4 * J @ J.T
        residual = np.einsum("ni,ij,nj->n", X[i], S[i] - A[i], X[i])
        z = np.linalg.solve(K + 1e-2 * np.trace(K) / 6 * np.eye(6), residual)
        np.testing.assert_allclose(run.A[i], matrix_of(W - 4 * (J.T @ z).reshape(4, 4)), atol=1e-10)


def test_descent_agrees_with_lbfgs_where_the_minimiser_is_unique(instances):
    A, X, S = instances(4, 1, 10, 4)
    run = minimise(A, X, S)
    for a, x, s, found in zip(A, X, S, run.A, strict=True):
        W0 = 2 * np.linalg.cholesky(s).T

        def loss(w, a=a, x=x):
            W = w.reshape(4, 4)
            return float(empirical_loss(matrix_of(W), a, x)), weight_gradient(
                W, empirical_gradient(matrix_of(W), a, x)
            ).ravel()

        result = scipy_minimize(
            loss,
            W0.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 1e-20, "gtol": 1e-10, "maxiter": 5000},
        )
        np.testing.assert_allclose(matrix_of(result.x.reshape(4, 4)), found, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_progress_counts_to_the_end(method, instances):
    A, X, S = instances(4, 1, 5, 10)
    seen = []
    minimise(A, X, S, method, 1e-4, progress=seen.append)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_a_run_that_needs_more_steps_says_so(instances):
    A, X, S = instances(4, 2, 9, 6)
    run = minimise(A, X, S, "gradient_descent", max_steps=3)
    assert not run.arrived.any()
    assert np.all(run.steps == 3)
    assert np.all(run.loss > 1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "newton"}, "unknown method 'newton'"),
        ({"training_loss": 0.0}, "training_loss > 0"),
        ({"max_steps": 0}, "max_steps >= 1"),
        ({"X": np.ones((2, 3, 5))}, "expected teachers"),
        ({"starts": np.ones((3, 4, 4))}, "expected teachers"),
        ({"teachers": np.ones((4, 4))}, "3 dimension"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {
        "teachers": np.ones((2, 4, 4)),
        "X": np.ones((2, 3, 4)),
        "starts": np.ones((2, 4, 4)),
    } | change
    with pytest.raises(InputError, match=message):
        minimise(**arguments)

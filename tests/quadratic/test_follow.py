"""The flow followed by implicit steps: against the integrated flow, its order, and plain descent instance by instance."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.quadratic import TARGETS, RecoverySettings, matrix_flow, minimise, recover
from tutelage.quadratic import follow as module
from tutelage.quadratic.losses import quadratic_forms


def test_one_step_is_of_third_order_in_its_length(instances):
    """Second order whatever the Jacobian: the error of one step falls eightfold when h is halved."""
    A, X, S = instances(4, 2, 6, 1)
    y = quadratic_forms(X, A)
    errors = []
    for h in (0.02, 0.01):
        update, _ = module._rosenbrock(S, X, y, np.array([h]))
        moved = (update @ S @ np.swapaxes(update, 1, 2))[0]
        exact = matrix_flow(A[0], S[0], [h], X[0], rtol=1e-12, atol=1e-15)
        errors.append(np.abs(moved - A[0] - exact.delta[0]).max())
    assert errors[0] / errors[1] == pytest.approx(8, rel=0.25)


def test_its_end_is_the_end_of_the_integrated_flow(instances):
    """Few samples: the flow arrives exponentially at one of many fits, which must be the same one."""
    A, X, S = instances(4, 2, 5, 4)
    run = minimise(A, X, S, "gradient_flow", 1e-10)
    assert run.arrived.all()
    for a, x, s, found in zip(A, X, S, run.A, strict=True):
        late = matrix_flow(a, s, [4e4], x, rtol=1e-8).delta[-1] + a
        np.testing.assert_allclose(found, late, atol=0.02 * np.linalg.norm(late))


@pytest.mark.parametrize(("d", "m_star", "n"), [(4, 1, 7), (5, 2, 11)])
def test_plain_descent_and_the_flow_give_the_same_verdicts_on_the_same_instances(d, m_star, n):
    """Both stopped at one training loss. A step of half the stable size moves ln E by a few hundredths, and ln E
    spreads over ten units: fewer than one verdict in twenty may differ."""
    plain = recover(d, m_star, n, 30, settings=RecoverySettings("gradient_descent", 1e-4))
    flow = recover(d, m_star, n, 30, settings=RecoverySettings("gradient_flow", 1e-4))
    assert plain.arrived.all() and flow.arrived.all()
    differ = [np.mean((plain.error <= t) != (flow.error <= t)) for t in TARGETS]
    assert np.mean(differ) <= 0.05
    assert np.median(np.abs(np.log(plain.error / flow.error))) < 0.15


@pytest.mark.slow
@pytest.mark.parametrize(("d", "m_star", "n"), [(6, 2, 15), (8, 2, 21), (12, 3, 42)])
def test_plain_descent_to_a_millionth_agrees_with_the_flow(d, m_star, n):
    plain = recover(d, m_star, n, 40, settings=RecoverySettings("gradient_descent", 1e-6))
    flow = recover(d, m_star, n, 40, settings=RecoverySettings("gradient_flow", 1e-6))
    both = plain.arrived & flow.arrived
    assert both.mean() > 0.9
    differ = [np.mean((plain.error <= t)[both] != (flow.error <= t)[both]) for t in TARGETS]
    assert np.mean(differ) <= 0.05


def test_stopping_early_changes_the_verdict():
    """The falsifier of "success at 1e-4" without a training loss: at 1e-4 of it nothing has arrived yet."""
    early = recover(6, 2, 18, 20, settings=RecoverySettings("gradient_flow", 1e-4))
    late = recover(6, 2, 18, 20)
    assert late.successes(1e-4) > early.successes(1e-4) + 10


def test_followed_to_the_end_the_flow_recovers_what_is_certified():
    outcome = recover(6, 2, 16, 40)
    assert 5 < np.sum(outcome.status == "unique") < 40
    # Unfinished runs and sets of fits thinner than the tolerance: standard error 0.05 at 40 instances.
    assert outcome.disagreements(1e-4) <= 4

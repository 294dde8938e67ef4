"""Each filter is the rule it names: closed forms against the recurrence, stability limits, flow as the
small-rate limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.base.errors import InputError
from tutelage.dynamics import (
    CustomFilter,
    GradientDescent,
    GradientFlow,
    HeavyBall,
    Nesterov,
    StabilityWarning,
    parse_rule,
    predict_loss,
)
from tutelage.dynamics.rules import RULES
from tutelage.measure import Measure

rates = st.floats(1e-6, 3.0)
betas = st.one_of(st.just(0.0), st.floats(0.0, 0.99))
STEPS = np.array([0, 1, 2, 3, 7, 30, 101])


def march(rule, eigenvalue, steps):
    """ψ at the given steps by applying the rule's own update to the loss λθ²/2."""
    theta, state, out = 1.0, rule.init(1.0), []
    for n in range(steps[-1] + 1):
        if n in steps:
            out.append(theta)
        theta, state = rule.update(lambda y: eigenvalue * y, theta, state)
    return np.array(out)


@settings(max_examples=60)
@given(rate=rates, beta=betas, eigenvalue=st.one_of(st.just(0.0), st.floats(1e-12, 2.0)))
def test_the_closed_filter_is_the_marched_recurrence(rate, beta, eigenvalue):
    for rule in (GradientDescent(rate), HeavyBall(rate, beta), Nesterov(rate, beta)):
        closed = rule.filter(np.array([eigenvalue]), STEPS.astype(float))[:, 0]
        marched = march(rule, eigenvalue, STEPS)
        # Errors of the march are measured against the largest value passed, not the one reached.
        scale = np.maximum.accumulate(np.abs(marched))
        assert np.all(
            np.abs(closed - marched)
            <= 1e-10 * np.maximum(scale, 1.0) + 1e-7 * (rate * eigenvalue > 2) * scale
        )


@pytest.mark.parametrize("beta", [0.25, 0.81])
def test_a_double_root_is_the_polynomial_times_the_power(beta):
    root = np.sqrt(beta)
    rule = HeavyBall((1 - root) ** 2, beta)
    psi = rule.filter(np.array([1.0]), STEPS.astype(float))[:, 0]
    expected = root**STEPS * (1 + STEPS * (1 - root))
    np.testing.assert_allclose(psi, expected, rtol=1e-6)


def test_one_step_annihilates_the_direction_whose_eigenvalue_is_the_inverse_rate():
    for rule in (GradientDescent(0.5), Nesterov(0.5, 0.9)):
        np.testing.assert_array_equal(
            rule.filter(np.array([2.0]), np.array([0.0, 1.0, 2.0]))[:, 0], [1, 0, 0]
        )


def test_nearly_flat_directions_keep_their_digits():
    # mpmath-free truth: log(1 - x) = -x - x²/2 - ... with x = 1e-14.
    psi = GradientDescent(0.1).filter(np.array([1e-13]), np.array([1e12]))[0, 0]
    assert abs(psi - np.exp(-1e-2 * (1 + 0.5e-14))) < 1e-14
    psi = HeavyBall(0.1, 0.9).filter(np.array([1e-13]), np.array([1e12]))[0, 0]
    assert abs(psi - np.exp(-1e-1)) < 1e-11


@pytest.mark.parametrize("rule", [GradientDescent, HeavyBall, Nesterov])
def test_the_stability_limit_separates_decay_from_growth(rule):
    limit = rule(1.0).largest_stable_rate(2.0)
    below, above = (rule(limit * f).filter(np.array([2.0]), np.array([3000.0]))[0, 0] for f in (0.99, 1.01))
    assert abs(below) < 1e-3
    assert abs(above) > 1e3


@pytest.mark.parametrize(
    "rule", [GradientDescent, lambda eta: Nesterov(eta, 0.0), lambda eta: HeavyBall(eta, 0.0)]
)
def test_descent_tends_to_the_flow_at_first_order_in_the_rate(rule):
    measure = Measure(np.array([0.1, 0.5, 1.0, 2.0]), np.array([1.0, 2.0, 0.5, 0.3]))
    times = np.array([0.8, 1.6, 4.0])
    flow = predict_loss(measure, times).loss
    errors = [np.abs(predict_loss(measure, times, rule(eta)).loss - flow) for eta in (0.02, 0.01, 0.005)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 1) < 0.05)


def test_a_custom_filter_equals_the_rule_it_copies():
    measure = Measure(np.array([0.3, 1.0]), np.ones(2))
    copied = predict_loss(measure, [0.0, 2.0], CustomFilter(lambda x, t: np.exp(-x * t)))
    np.testing.assert_allclose(copied.loss, predict_loss(measure, [0.0, 2.0]).loss, rtol=1e-15)


@pytest.mark.parametrize(
    "rule", [GradientFlow(), GradientDescent(0.25), HeavyBall(0.5, 0.8), Nesterov(0.1, 0.5)]
)
def test_rules_survive_their_written_form(rule):
    assert parse_rule(rule.spec) == rule
    assert rule.name in RULES


def test_a_rate_above_the_limit_warns_with_the_limit():
    measure = Measure(np.array([4.0]), np.ones(1))
    with pytest.warns(StabilityWarning, match=r"0\.6 .*largest stable rate 0\.5 "):
        curve = predict_loss(measure, steps=[0, 10], rule=GradientDescent(0.6))
    assert curve.loss[1] > curve.loss[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parse_rule("gradient_desent"), "unknown name"),
        (lambda: parse_rule("gd"), "missing parameter"),
        (lambda: parse_rule("gd:rate=1"), "learning_rate"),
        (lambda: GradientDescent(0.0), "learning_rate > 0"),
        (lambda: GradientDescent(float("nan")), "finite learning_rate"),
        (lambda: HeavyBall(0.1, 1.0), "momentum < 1"),
        (lambda: predict_loss(Measure([1.0], [1.0]), [1.0], rule=3), "expected a Rule"),
        (
            lambda: predict_loss(Measure([1.0], [1.0]), [1.0], CustomFilter(lambda x, t: np.ones(3))),
            "elementwise",
        ),
        (lambda: GradientFlow().update(lambda y: y, 1.0, ()), "discrete steps"),
    ],
)
def test_bad_rules_say_what_was_expected(make, message):
    with pytest.raises(InputError, match=message):
        make()

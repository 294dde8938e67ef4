"""The arithmetic of local slopes, and the rule by which panels are laid out."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutelage.plotting.slopes import local_slopes, mean_and_errors
from tutelage.plotting.style import WIDTH, panels, plain_powers

steps = st.lists(st.floats(0.1, 3.0), min_size=2, max_size=8)


@given(steps, st.floats(-3.0, 3.0))
def test_a_power_law_has_its_exponent_everywhere(ratios, power):
    x = np.exp(np.cumsum(ratios))
    where, slopes, errors = local_slopes(x, 2.0 * x**power)
    assert slopes == pytest.approx(power, abs=1e-9) and not errors.any()
    assert where == pytest.approx(np.sqrt(x[1:] * x[:-1]))


@given(steps, st.floats(-3.0, 3.0))
def test_an_exponential_has_its_rate_and_a_line_its_slope(ratios, rate):
    x = np.cumsum(ratios)
    assert local_slopes(x, 2.0 * np.exp(rate * x), log="y")[1] == pytest.approx(rate, abs=1e-9)
    where, slopes, _ = local_slopes(x, 2.0 + rate * x, log="")
    assert slopes == pytest.approx(rate, abs=1e-9) and where == pytest.approx((x[1:] + x[:-1]) / 2)


def test_the_error_of_a_slope_is_that_of_simulated_means():
    rng = np.random.default_rng(0)
    x, y, errors = np.array([1.0, 2.0, 8.0]), np.array([5.0, 3.0, 1.0]), np.array([0.1, 0.05, 0.02])
    drawn = np.array([local_slopes(x, y + errors * rng.standard_normal(3))[1] for _ in range(4000)])
    # A standard deviation of 4000 draws has a relative standard error of 1.1 %; 5 % is more than four of them.
    assert local_slopes(x, y, errors)[2] == pytest.approx(drawn.std(axis=0), rel=0.05)


def test_the_mean_of_a_row_and_its_error():
    mean, error = mean_and_errors(np.array([[1.0, 3.0], [2.0, 2.0]]))
    assert mean.tolist() == [2.0, 2.0] and error.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("count", range(1, 8))
def test_never_three_panels_in_a_row_and_the_last_of_an_odd_number_fills_its_row(count):
    figure, axes = panels(count)
    assert len(axes) == count and figure.get_figwidth() <= WIDTH
    columns = [axis.get_subplotspec().colspan for axis in axes]
    assert max(span.stop for span in columns) == min(count, 2)
    assert (len(columns[-1]) == 2) == (count % 2 == 1 and count > 1)


@given(st.integers(-140, 3), st.integers(0, 140), st.sampled_from(["log", "symlog"]))
@example(1, 0, "log")
@example(-5, 0, "log")
@example(6, 0, "log")
def test_labels_of_powers_are_plain_and_say_where_they_are(lowest, decades, scale):
    figure, (axes,) = panels(1)
    axes.set(yscale=scale, ylim=(0.5 * 10.0**lowest, 10.0 ** (lowest + decades)))
    plain_powers(figure)
    shown = {label.get_position()[1]: label.get_text() for label in axes.get_yticklabels(which="both")}
    assert any(shown.values()) and "$" not in "".join(shown.values())
    for position, label in shown.items():
        if label:
            power = re.fullmatch("(?:([0-9.]+)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", label)
            exponent = power and int(power[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
            value = float(label) if power is None else float(power[1] or 1.0) * 10.0**exponent
            assert value == pytest.approx(position)
            assert power is not None or 0.01 < position < 1000.0 or position == 0.0
            assert power is None or power[1] is None or not 0.01 < position < 1000.0
    if (decades, scale) == (0, "log"):
        assert any("×" in label or label.isdecimal() for label in shown.values())

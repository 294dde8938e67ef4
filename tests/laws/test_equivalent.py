"""The deterministic equivalent: its solution has the sign that makes it the right one, and says where no support is."""

import numpy as np
import pytest

from tutelage.laws.equivalent import Equivalent


def _equation(fixed, count, ratio, feedback):
    """Levels a hundredfold apart."""
    levels = 100.0 ** (np.arange(count) - (count - 1) / 2)
    return Equivalent(np.full(count, 1 / count), fixed * levels, levels, ratio, feedback)


@pytest.mark.parametrize(
    ("fixed", "count", "ratio", "feedback"),
    [(0.0, 1, 1.0, 3.0), (0.0, 2, 0.3, 1.0), (0.0, 5, 0.3, 3.0), (0.0, 5, 3.0, 20.0), (1.0, 5, 3.0, 20.0)],
)
def test_solutions_just_above_the_line_are_the_proper_ones(fixed, count, ratio, feedback):
    """(1 - S) Im e = q Im z sum p phi |omega|^2, which no other solution has with Im e > 0: steps down that are too large
    for some of these points lose it on the way."""
    equation = _equation(fixed, count, ratio, feedback)
    z = np.geomspace(1e-4, 1, 100) * equation.top * (1 + 1e-6j)
    e = equation.follow(z)[:, 0]
    weights, levels = equation.weight, equation.coupled
    size = np.abs(1 / (equation.fixed + ratio / (1 + e[:, None]) * levels - z[:, None])) ** 2
    share = feedback * ratio / np.abs(1 + e) ** 2 * (size @ (weights * levels**2))
    np.testing.assert_allclose(
        (1 - share) * e.imag, feedback * z.imag * (size @ (weights * levels)), rtol=1e-5
    )
    assert np.all(e.imag > 0)


@pytest.mark.parametrize(("ratio", "feedback"), [(1.0, 3.0), (4.0, 0.5)])
def test_real_points_outside_the_support_are_known(ratio, feedback):
    """Without a fixed part and with one level, the support is that of Marchenko and Pastur."""
    equation = _equation(0.0, 1, ratio, feedback)
    low, high = ratio * (1 - (feedback / ratio) ** 0.5) ** 2, ratio * (1 + (feedback / ratio) ** 0.5) ** 2
    x = np.concatenate(
        [np.linspace(0.1, 0.99, 9) * low, np.linspace(1.01 * low, 0.99 * high, 9), 1.01 * high * np.ones(1)]
    )
    z = x.astype(complex)
    state = equation.follow(z)
    np.testing.assert_array_equal(equation.outside(state, z), (x < low) | (x > high))
    np.testing.assert_array_equal(equation.proper(state, z), (x > low) & (x < high))

"""Tables of Chebyshev panels end where only round-off is left, however sharp the tolerance."""

import numpy as np
import pytest

from tutelage.laws.table import tabulate


@pytest.mark.parametrize("tolerance", [1e-10, 1e-13])
def test_round_off_below_1e_8_is_not_halved_for_ever(tolerance):
    rng, points = np.random.default_rng(0), [0]

    def noisy(x):
        points[0] += x.size
        assert points[0] < 50_000, "panels of noise are halved again and again"
        return np.cos(3 * x) + 1e-10 * rng.standard_normal(x.size)

    table = tabulate(noisy, (0.0, 1.0), tolerance)
    x = np.linspace(0, 1, 101)
    np.testing.assert_allclose(table(x), np.cos(3 * x), atol=1e-9)

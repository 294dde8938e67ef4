"""Whether error bars cover the errors, against eigenvalues of many digits."""

import mpmath
import numpy as np
import pytest
import scipy.optimize

from tutelage import spectrum
from tutelage.base.errors import InputError


def excess(source, exact, method, floor):
    """Largest error in error bars, to which the error of the exact values is added; None where the computation is refused.

    Exact values are paired with found ones so that the worst pair is best: a value that is known poorly may have
    come out below one that is known well.
    """
    try:
        found = spectrum(source, method)
    except InputError:
        return None
    assert np.isfinite(found.errors).all()
    bars = np.repeat(found.errors, found.multiplicities) + floor * np.abs(exact).max() + 1e-300
    ratio = np.abs(found.eigenvalues[:, None] - exact[None, :]) / bars[:, None]
    i, j = scipy.optimize.linear_sum_assignment(np.maximum(np.minimum(ratio, 1e9), 1e-3))
    return float(ratio[i, j].max())


@pytest.fixture
def check_covered():
    """A check of a network or problem against its exact eigenvalues, by both methods that solve a matrix."""

    def check(source, exact, refused=False, floor=1e-50):
        for method in ("auto", "dense"):
            found = excess(source, exact, method, floor)
            if refused:
                assert found is None
            else:
                assert found is not None and found <= 1.0, (source, method, found)

    return check


def _sigmoid(u):
    return 1 / (1 + mpmath.exp(-u))


def _softplus(u):
    return mpmath.log1p(mpmath.exp(u)) if u < 0 else u + mpmath.log1p(mpmath.exp(-u))


@pytest.fixture
def of_many_digits():
    """σ and σ' of mpmath numbers, by the name of an activation whose tables are quadratures."""
    return {
        "tanh": (mpmath.tanh, lambda u: mpmath.sech(u) ** 2),
        "sigmoid": (_sigmoid, lambda u: _sigmoid(u) * _sigmoid(-u)),
        "softplus": (_softplus, _sigmoid),
        "silu": (lambda u: u * _sigmoid(u), lambda u: _sigmoid(u) * (1 + u * _sigmoid(-u))),
    }

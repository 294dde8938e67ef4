"""Networks and inputs that some formulas do not hold for: refused by name, never cut down to what they hold for."""

import numpy as np
import pytest

from tutelage import (
    GaussianInputs,
    Problem,
    compress,
    diagnose,
    empirical,
    equivalent,
    fisher,
    hessian_at_optimum,
    hessian_rank,
    ntk,
    sample_teacher,
    spectrum,
)
from tutelage.base.errors import NotAvailableError
from tutelage.dynamics import RandomStart, match_neurons
from tutelage.rank import continuous_symmetries, flat_directions


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"b": [0.0, 1.0]}, "with hidden biases b"),
        ({"c": 0.0}, "with an output bias c"),
        ({"a": [[1.0, 2.0], [3.0, 4.0]], "b": [1.0, 1.0]}, "with hidden biases b and 2 outputs"),
    ],
)
def test_networks_beyond_the_formulas_are_refused_and_never_cut_down(change, words):
    plain = sample_teacher("erf", d=3, k=2)
    beyond = plain.with_layers({name: np.array(array) for name, array in change.items()})
    X = np.ones((4, 3))
    calls = (
        lambda: Problem(beyond), lambda: Problem(plain).loss(beyond), lambda: Problem(plain).gradient(beyond),
        lambda: Problem(plain).hessian(beyond), lambda: Problem(plain).objective([beyond]), lambda: spectrum(beyond),
        lambda: hessian_at_optimum(beyond), lambda: empirical.Problem(X, np.ones(4)).loss(beyond),
        lambda: empirical.Problem(X, np.ones(4)).gradient(beyond), lambda: empirical.Problem(X, np.ones(4)).hessian(beyond),
        lambda: empirical.Problem(X, np.ones(4)).objective([beyond]), lambda: ntk(beyond, X), lambda: fisher(beyond, X),
        lambda: hessian_rank(beyond), lambda: compress(beyond), lambda: equivalent(plain, beyond),
        lambda: flat_directions(beyond), lambda: continuous_symmetries(beyond), lambda: match_neurons(plain, beyond),
        lambda: RandomStart().sample(beyond, 0), lambda: diagnose(plain, beyond),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(NotAvailableError, match=words):
            call()


def test_inputs_beyond_the_formulas_are_refused():
    teacher = sample_teacher("erf", d=2, k=2)
    assert Problem(teacher, inputs=GaussianInputs(covariance=np.eye(2))).loss(teacher) == 0.0
    for inputs in (GaussianInputs(mean=[1.0, 0.0]), GaussianInputs(covariance=np.diag([1.0, 2.0]))):
        with pytest.raises(NotAvailableError, match="standard normal inputs"):
            Problem(teacher, inputs=inputs)

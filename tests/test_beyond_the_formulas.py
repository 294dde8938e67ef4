"""Networks that some formulas do not hold for: refused by name, never cut down to what they hold for."""

import numpy as np
import pytest

from tutelage import GaussianInputs, InputError, Problem, empirical, sample_teacher
from tutelage.base.errors import NotAvailableError
from tutelage.dynamics import flat_drift, match_neurons


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"b": [0.0, 1.0]}, "with hidden biases b"),
        ({"c": 0.0}, "with an output bias c"),
        ({"a": [[1.0, 2.0], [3.0, 4.0]], "b": [1.0, 1.0]}, "with hidden biases b and 2 outputs"),
    ],
)
def test_networks_beyond_the_formulas_are_refused_and_never_cut_down(change, words):
    def beyond(activation):
        plain = sample_teacher(activation, d=3, k=2)
        return plain.with_layers({name: np.array(array) for name, array in change.items()})

    calls = (lambda: flat_drift(beyond("erf"), learning_rate=0.1, batch=1, label_noise=0.1),)
    for call in calls:
        with pytest.raises(NotAvailableError, match=words):
            call()


def test_networks_of_other_outputs_are_refused():
    plain, wide = sample_teacher("erf", d=3, k=2), sample_teacher("erf", d=3, k=2, outputs=2)
    data = empirical.Problem(np.ones((4, 3)), np.ones(4))
    calls = (
        lambda: Problem(plain).loss(wide), lambda: Problem(plain).gradient(wide), lambda: Problem(plain).hessian(wide),
        lambda: Problem(plain).objective([wide]), lambda: data.loss(wide), lambda: match_neurons(plain, wide),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(InputError, match="output"):
            call()


def test_inputs_of_another_dimension_are_refused():
    with pytest.raises(InputError, match="the dimension of the input law"):
        Problem(sample_teacher("erf", d=2, k=2), inputs=GaussianInputs(mean=[1.0, 0.0, 0.0]))

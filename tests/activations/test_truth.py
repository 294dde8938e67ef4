"""Facts are declared; a false one is refused before a proof rests on it."""

import dataclasses

import pytest

from tutelage import Architecture, Network, effective_parameters, hessian_rank
from tutelage.activations import (
    ACTIVATIONS,
    EVEN,
    ODD,
    Cos,
    Erf,
    Exp,
    Gelu,
    Reflection,
    Relu,
    Sin,
    parse_activation,
)
from tutelage.activations.truth import require_true_facts
from tutelage.base.errors import InputError
from tutelage.rank import compress, equivalent, flat_directions

FALSE = {
    "reflection": (Gelu, {"reflection": EVEN}),
    "reflection of the other sign": (Sin, {"reflection": EVEN}),
    "homogeneity": (Relu, {"homogeneity": 2}),
    "translation": (Exp, {"translation": 2.0}),
    "coefficients": (Sin, {"coefficients": (0.0, 1.0)}),
    "Taylor series": (Erf, {"taylor": Sin.taylor}),
    "declared reflection": (Cos, {"reflection": None}),
    "declared reflection of GELU": (Gelu, {"reflection": None}),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_built_in_activations_declare_is_true(name):
    require_true_facts(parse_activation(name + (":coefficients=0.5,1,2" if name == "polynomial" else "")))


@pytest.mark.parametrize("fact", FALSE)
def test_a_false_fact_is_named_by_everything_that_rests_on_it(fact):
    base, members = FALSE[fact]
    liar = dataclasses.dataclass(frozen=True)(type("Liar", (base,), dict(members)))()
    network = Network([[1.0, 2.0], [3.0, 1.0]], [1.0, 2.0], liar)
    message = fact.partition(" of ")[0]
    for question in (hessian_rank, compress, flat_directions, lambda n: equivalent(n, n)):
        with pytest.raises(InputError, match=rf"Liar.*{message}"):
            question(network)
    with pytest.raises(InputError, match=message):
        effective_parameters(Architecture((2, 2, 1), liar))


@pytest.mark.parametrize("wrong", [(2,), (1, 3.0), (-1, 0.0, 1.0)])
def test_a_reflection_that_no_function_has(wrong):
    with pytest.raises(InputError, match="no function has another one"):
        Reflection(*wrong)


def test_parity_and_degree_follow_from_what_is_declared():
    assert (ODD.parity, EVEN.parity, Reflection(-1, 1.0).parity) == ("odd", "even", None)
    for text, reflection, homogeneity in (
        ("0,1", ODD, 1),
        ("0,0,3", EVEN, 2),
        ("2,1,0,1", Reflection(-1, 4.0), None),
        ("2,1,1", Reflection(1, linear=-2.0), None),
        ("0,0,1,1", None, None),
        ("5", EVEN, 0),
        ("0,0", EVEN, 0),
    ):
        activation = parse_activation(f"polynomial:coefficients={text}")
        assert (activation.reflection, activation.homogeneity) == (reflection, homogeneity)
        require_true_facts(activation)

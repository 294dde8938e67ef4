"""A link carries the state, and a bad value is named and left out."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage import InputError
from tutelage.explore import State
from tutelage.explore.state import ACTIVATION_NAMES, LARGEST, WEIGHT_NAMES

STATES = st.builds(
    State,
    activation=st.sampled_from(ACTIVATION_NAMES),
    d=st.integers(1, LARGEST),
    k=st.integers(1, LARGEST),
    alpha=st.floats(-10, 10),
    weights=st.sampled_from(WEIGHT_NAMES),
    biases=st.booleans(),
    noise=st.floats(1e-8, 1),
    samples=st.integers(0, 20_000),
    width=st.integers(1, LARGEST),
    run=st.booleans(),
    seed=st.integers(0, 2**53),
)


@given(STATES)
def test_a_link_restores_the_state_to_the_last_digit(state):
    assert State.from_query(state.query()) == (state, [])
    assert State.from_query("?" + state.query()) == (state, [])


def test_the_usual_state_needs_no_words():
    assert State().query() == "" and State.from_query("") == (State(), [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("d=abc", "whole number for d"),
        ("d=2.5", "whole number for d"),
        ("d=", "whole number for d"),
        ("k=0", "k >= 1"),
        ("k=51", "k <= 50"),
        ("activation=eerf", "erf"),
        ("activation=os:system", "unknown activation"),
        ("weights=student_t:nu=x", "number for nu"),
        ("noise=nan", "finite noise"),
        ("noise=0", "noise >= 1e-08"),
        ("samples=1e3", "whole number for samples"),
        ("samples=999999", "samples <= 20000"),
        ("run=maybe", "unknown run"),
        ("seed=-1", "seed >= 0"),
        ("colour=red", "unknown value"),
    ],
)
def test_a_bad_value_is_named_and_the_others_are_taken(text, says):
    state, messages = State.from_query(f"alpha=0.25&{text}&width=3")
    assert state == State(alpha=0.25, width=3)
    assert len(messages) == 1 and messages[0].startswith(("explore: ", "weight law ")) and says in messages[0]


@pytest.mark.parametrize("wrong", [{"d": 0}, {"k": True}, {"noise": "much"}, {"biases": 1}, {"weights": 3}])
def test_a_state_cannot_be_made_with_a_bad_value(wrong):
    with pytest.raises(InputError):
        dataclasses.replace(State(), **wrong)

"""A verdict is a function of (predicted, measured, uncertainty, threshold) and nothing else."""

import dataclasses
import math
from typing import ClassVar

import pytest

from tutelage.base.errors import InputError
from tutelage.studies import Card, available, discover, study_class
from tutelage.studies.base import Study
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.judge import REASONS, TESTS, judge


@pytest.mark.parametrize(
    ("test", "numbers", "passes"),
    [
        ("equal", (55, 55, 0, 0), True),
        ("equal", (55, 54, 0, 0), False),
        ("within", (1.0, 1.09, 0, 0.1), True),
        ("within", (1.0, 1.11, 0, 0.1), False),
        ("within relative", (-2.0, -2.09, 0, 0.05), True),
        ("within relative", (-2.0, -1.89, 0, 0.05), False),
        ("within errors", (1.0, 1.39, 0.1, 4), True),
        ("within errors", (1.0, 0.59, 0.1, 4), False),
        ("at most", (0.0, 0.1, 0, 0.1), True),
        ("at most", (0.0, 0.11, 0, 0.1), False),
        ("at least", (0.0, 0.1, 0, 0.1), True),
        ("at least", (0.0, 0.09, 0, 0.1), False),
    ],
)
def test_each_test_on_both_sides_of_its_threshold(test, numbers, passes):
    assert judge(test, *numbers) == ("holds" if passes else "fails")


@pytest.mark.parametrize("test", sorted(TESTS))
def test_nothing_measured_fails(test):
    assert judge(test, 0.0, math.nan, 1.0, 1.0, corrected=0.0) == "fails"


def test_a_correction_is_named_only_when_the_printed_statement_fails():
    assert judge("equal", 20, 40, corrected=40) == "holds with a correction"
    assert judge("equal", 20, 20, corrected=40) == "holds"
    assert judge("equal", 20, 30, corrected=40) == "fails"


def test_bad_rules_are_refused():
    with pytest.raises(InputError, match="did you mean 'within'"):
        judge("withn", 0, 0)
    with pytest.raises(InputError, match="uncertainty"):
        judge("within errors", 0, 0, math.nan, 1)
    with pytest.raises(InputError, match="unknown test"):
        Statement("a", "b", "c", "close to")


def test_a_claim_survives_json_and_rejudging():
    statement = Statement("x.count", "There are n.", "[C25] (14)", "equal")
    claim = Claim.judged(statement, Measured(20, 40, corrected=40))
    again = Claim.from_dict(claim.to_dict())
    assert again == claim and again.rejudged() == "holds with a correction"
    assert dataclasses.replace(again, measured=41.0).rejudged() == "fails"
    with pytest.raises(InputError, match="missing: \\['measured'\\]"):
        Claim.from_dict({k: v for k, v in claim.to_dict().items() if k != "measured"})


def test_every_statement_is_measured_and_nothing_else():
    @dataclasses.dataclass(frozen=True)
    class Odd(Study):
        card: ClassVar[Card] = Card("odd", "Odd", statements=(Statement("odd.a", "a", "", "equal"),))
        sizes: tuple[tuple[int, int], ...] = ((1, 2),)

        def compute(self, progress=None):
            raise NotImplementedError

        def measure(self, dataset):
            return dataset

    assert Odd().claims({"odd.a": Measured(1, 1)})[0].verdict == "holds"
    with pytest.raises(InputError, match=r"odd\.b"):
        Odd().claims({"odd.a": Measured(1, 1), "odd.b": Measured(1, 1)})
    assert Odd.from_parameters({"sizes": [[3, 4]]}) == Odd(((3, 4),))
    with pytest.raises(InputError, match="known: \\['sizes'\\]"):
        Odd.from_parameters({"size": 1})


def test_an_unknown_study_names_the_nearest(monkeypatch):
    monkeypatch.setattr(discover, "available", lambda: {"fig2": "a:b", "recovery": "c:d"})
    with pytest.raises(InputError, match="did you mean 'recovery'"):
        discover.study_class("recovry")


@pytest.mark.parametrize("test", ["within", "within relative", "at most", "at least"])
def test_a_free_threshold_needs_a_reason(test):
    with pytest.raises(InputError, match="reason"):
        Statement("a.b", "a", "", test, 0.1)
    assert Statement("a.b", "a", "", test, 0.1, "round-off").reason == "round-off"


def test_a_claim_says_why_its_threshold():
    counted = Claim.judged(Statement("a.b", "a", "", "equal"), Measured(1, 1))
    assert counted.reason == REASONS["equal"] and Claim.from_dict(counted.to_dict()) == counted
    chosen = Claim.judged(Statement("a.b", "a", "", "at most", 1.0, "so"), Measured(0, 0.5))
    assert chosen.reason == "so"


@pytest.mark.parametrize("name", available())
def test_another_seed_changes_the_seed_alone(name):
    for study in (study_class(name).quick(), study_class(name).full()):
        other = study.reseeded(7)
        assert other.seed == study.seed + 7 and other.reseeded(-7) == study


def test_standard_errors_are_four_everywhere():
    with pytest.raises(InputError, match="4 standard errors, got 3"):
        Statement("a.b", "a", "", "within errors", 3.0)

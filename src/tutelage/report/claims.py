"""Claims in words: verdicts with a sign, thresholds with their reason, what needs a correction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from tutelage.report.typeset import label
from tutelage.studies.claim import Claim
from tutelage.studies.judge import CORRECTED, FAILS, HOLDS, UNDECIDED, VERDICTS
from tutelage.studies.runner import Judged

SIGN = {HOLDS: "✓", CORRECTED: "≈", UNDECIDED: "?", FAILS: "✗"}
"""A sign beside every verdict's word, so that colour is never the only carrier."""

CSS_CLASS = {HOLDS: "holds", CORRECTED: "corrected", UNDECIDED: "undecided", FAILS: "fails"}

_RULE = {
    "equal": "equal",
    "within": "within {0:g}",
    "within relative": "within {1:g} %",
    "within errors": "within {0:g} errors",
    "at most": "at most {0:g}",
    "at least": "at least {0:g}",
}
_TITLES = {
    FAILS: "What fails",
    UNDECIDED: "What this run is too small to decide",
    CORRECTED: "What holds only with a correction",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A claim as it is shown: numbers rounded, the rule and its reason in words."""

    id: str
    text: str
    place: str
    where: str
    predicted: str
    corrected: str
    measured: str
    rule: str
    why: str
    verdict: str


@dataclasses.dataclass(frozen=True)
class Count:
    """How many claims have a verdict."""

    verdict: str
    number: int


@dataclasses.dataclass(frozen=True)
class Group:
    """Claims that a reader should look at first."""

    title: str
    claims: list[Row]


def counts(claims: Iterable[Claim | Row]) -> list[Count]:
    """How many claims have each verdict; "undecided" only where there are some."""
    verdicts = [claim.verdict for claim in claims]
    found = [Count(word, verdicts.count(word)) for word in VERDICTS]
    return [count for count in found if count.number or count.verdict != UNDECIDED]


def rule(claim: Claim) -> str:
    """The test and its threshold in words."""
    return _RULE[claim.test].format(claim.threshold, 100 * claim.threshold)


def measured(claim: Claim) -> str:
    """The measurement with its standard error."""
    error = f" ± {claim.uncertainty:.1g}" if claim.uncertainty else ""
    return f"{claim.measured:.5g}{error}"


def why(claim: Claim) -> str:
    """The threshold, its reason, what must be excluded and what is compared, in plain text."""
    reason = f". Why: {claim.reason}" if claim.reason else ""
    denied = "" if claim.null is None else f". Must exclude: {claim.null:g}, by four standard errors"
    note = f". Note: {claim.note}" if claim.note else ""
    return f"Threshold: {rule(claim)}{reason}{denied}{note}."


def rows(run: Judged) -> list[Row]:
    """The claims of one study."""
    return [
        Row(
            claim.id,
            claim.text,
            claim.place,
            label(run.study.card.place),
            f"{claim.predicted:.5g}",
            "" if claim.corrected is None else f"{claim.corrected:.5g}",
            measured(claim),
            rule(claim),
            why(claim),
            claim.verdict,
        )
        for claim in run.claims
    ]


def exceptions(claims: Sequence[Row]) -> list[Group]:
    """What fails, what is undecided, and what holds only with a correction; nothing where there is nothing."""
    found = [Group(title, [c for c in claims if c.verdict == word]) for word, title in _TITLES.items()]
    return [group for group in found if group.claims]

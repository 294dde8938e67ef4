"""How a claim is judged: named tests of (predicted, measured, uncertainty, threshold), nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tutelage.base.check import choice
from tutelage.base.errors import InputError

Verdict = Literal["holds", "holds with a correction", "undecided", "fails"]
HOLDS, CORRECTED, UNDECIDED, FAILS = "holds", "holds with a correction", "undecided", "fails"
VERDICTS = (HOLDS, CORRECTED, UNDECIDED, FAILS)

_POWER = 4.0
"""Standard errors by which what a statement denies must be excluded: as many as it is allowed itself."""


def _equal(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return measured == predicted


def _within(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return abs(measured - predicted) <= threshold


def _within_relative(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return abs(measured - predicted) <= threshold * abs(predicted)


def _within_errors(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return abs(measured - predicted) <= threshold * uncertainty


def _at_most(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return measured <= threshold


def _at_least(predicted: float, measured: float, uncertainty: float, threshold: float) -> bool:
    return measured >= threshold


TESTS: dict[str, Callable[[float, float, float, float], bool]] = {
    "equal": _equal,
    "within": _within,
    "within relative": _within_relative,
    "within errors": _within_errors,
    "at most": _at_most,
    "at least": _at_least,
}
"""``equal``: measured = predicted (counts).
``within``: |measured − predicted| ≤ threshold; ``within relative``: that over |predicted|;
``within errors``: that over the uncertainty, so that the threshold is in standard errors.
``at most``, ``at least``: measured against the threshold alone (distances, p-values).
"""

REASONS = {
    "equal": "an exact count: nothing but equality will do",
    "within errors": "chance alone exceeds four standard errors once in 16 000, "
    "somewhat more often where few samples estimate them",
}
"""Why a test has the threshold it has, for those whose threshold is nobody's choice."""


def judge(
    test: str,
    predicted: float,
    measured: float,
    uncertainty: float = 0.0,
    threshold: float = 0.0,
    corrected: float | None = None,
    null: float | None = None,
) -> Verdict:
    """The verdict of one test.

    ``corrected`` is what the corrected statement predicts: when the statement as printed fails and the
    corrected one passes the same test at the same threshold, the claim "holds with a correction". NaN fails.
    ``null`` is what the statement denies (no growth: a slope of 0). A measurement that would pass, but lies within four
    standard errors of the null as well, cannot tell the two apart: the claim is "undecided".

    Examples
    --------
    >>> judge("within errors", predicted=0.25, measured=0.06, uncertainty=0.08, threshold=4, null=0.0)
    'undecided'
    >>> judge("equal", predicted=20, measured=40, corrected=40)
    'holds with a correction'
    >>> judge("within errors", predicted=1.5, measured=1.6, uncertainty=0.02, threshold=4)
    'fails'
    """
    passes = TESTS[choice(test, "judge", "test", TESTS)]
    if not uncertainty >= 0:
        raise InputError(f"judge: expected uncertainty >= 0, got {uncertainty}; pass a standard error")
    if passes(predicted, measured, uncertainty, threshold):
        verdict: Verdict = HOLDS
    elif corrected is not None and passes(corrected, measured, uncertainty, threshold):
        verdict = CORRECTED
    else:
        return FAILS
    return verdict if null is None or abs(measured - null) > _POWER * uncertainty else UNDECIDED

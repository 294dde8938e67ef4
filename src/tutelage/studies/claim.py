"""Statement and Claim: what is judged and how, written before the run; the numbers; the verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Self

from tutelage.base.errors import InputError
from tutelage.base.value import Value
from tutelage.studies.fields import checked, complete, declared
from tutelage.studies.judge import REASONS, TESTS, judge
from tutelage.studies.repeats import USUAL, Repeats


@dataclasses.dataclass(frozen=True)
class Statement:
    """What will be judged and how: all of it written before any number is measured.

    Attributes
    ----------
    id : str
        Unique name, ``"fig2.mean"``.
    text : str
        The claim in one plain sentence.
    place : str
        Where the paper says it, ``"[C25] Fig. 2"`` or with an equation's number.
    test : str
        A name in :data:`tutelage.studies.judge.TESTS`.
    threshold : float
        In the test's unit.
    reason : str
        Why this threshold and no other, known before the run: round-off, a standard error, the next order of an
        expansion. Tests without a free threshold need none (:data:`tutelage.studies.judge.REASONS`).
    note : str
        What exactly is compared, and what the correction is.
    null : float or None
        The value that a reader would see were the statement wrong (no growth: a slope of 0): the claim holds only if the
        measurement excludes it by four standard errors. Zero where a value other than zero is judged "within errors".
    repeats : Repeats
        How far its numbers may move on another machine.
    """

    id: str
    text: str
    place: str
    test: str
    threshold: float = 0.0
    reason: str = ""
    note: str = ""
    null: float | None = None
    repeats: Repeats = USUAL

    def __post_init__(self) -> None:
        if self.test not in TESTS:
            raise InputError(
                f"Statement {self.id!r}: unknown test {self.test!r}; known: {', '.join(sorted(TESTS))}"
            )
        if self.test == "within errors" and self.threshold != 4:
            raise InputError(
                f"Statement {self.id!r}: expected 4 standard errors, got {self.threshold:g}; use 'within'"
            )
        if not self.reason and self.test not in REASONS:
            raise InputError(
                f"Statement {self.id!r}: expected the reason of its threshold; say why {self.threshold:g}"
            )


@dataclasses.dataclass(frozen=True)
class Measured:
    """The numbers one statement is judged on; ``uncertainty`` is one standard error."""

    predicted: float
    measured: float
    uncertainty: float = 0.0
    corrected: float | None = None


@dataclasses.dataclass(frozen=True)
class Claim(Value):
    """A judged statement. ``corrected`` is the prediction of the corrected statement, where there is one."""

    id: str
    text: str
    place: str
    predicted: float
    measured: float
    uncertainty: float
    test: str
    threshold: float
    verdict: str
    reason: str = ""
    note: str = ""
    corrected: float | None = None
    null: float | None = None

    @classmethod
    def judged(cls, statement: Statement, numbers: Measured) -> Self:
        """Apply the statement's test to the numbers."""
        # float() so that NumPy scalars compare, print and serialise like numbers
        predicted, measured, error = map(float, (numbers.predicted, numbers.measured, numbers.uncertainty))
        corrected = None if numbers.corrected is None else float(numbers.corrected)
        null = statement.null
        if null is None and statement.test == "within errors" and predicted != 0:
            null = 0.0
        verdict = judge(statement.test, predicted, measured, error, statement.threshold, corrected, null)
        return cls(
            statement.id,
            statement.text,
            statement.place,
            predicted,
            measured,
            error,
            statement.test,
            statement.threshold,
            verdict,
            statement.reason or REASONS.get(statement.test, ""),
            statement.note,
            corrected,
            null,
        )

    def rejudged(self) -> str:
        """The verdict these numbers give, whatever ``verdict`` says."""
        numbers = (self.predicted, self.measured, self.uncertainty, self.threshold, self.corrected, self.null)
        return judge(self.test, *numbers)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and text."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, object]) -> Self:
        """The inverse of :meth:`to_dict`; missing and unknown fields, and those of another type, are named."""
        hints = declared(cls)
        complete(content, hints, "Claim")
        # JSON has no NaN: it is written as null
        values: dict[str, Any] = {
            name: math.nan for name in ("predicted", "measured", "uncertainty") if content[name] is None
        }
        values |= {n: checked(content[n], hints[n], "Claim", n) for n in hints if n not in values}
        return cls(**values)

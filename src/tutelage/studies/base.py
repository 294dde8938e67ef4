"""Study and Claim: frozen parameters -> dataset -> claims, each judged by a rule written before the run."""

from __future__ import annotations

import abc
import dataclasses
import importlib
import math
import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tutelage.base.errors import InputError
from tutelage.base.progress import Progress
from tutelage.base.progress import portion as portion
from tutelage.studies.fields import checked, complete, declared
from tutelage.studies.judge import REASONS, TESTS, judge
from tutelage.studies.repeats import USUAL, Repeats

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


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
class Claim:
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

    @classmethod
    def judged(cls, statement: Statement, numbers: Measured) -> Self:
        """Apply the statement's test to the numbers."""
        # float() so that NumPy scalars compare, print and serialise like numbers
        predicted, measured, error = map(float, (numbers.predicted, numbers.measured, numbers.uncertainty))
        corrected = None if numbers.corrected is None else float(numbers.corrected)
        verdict = judge(statement.test, predicted, measured, error, statement.threshold, corrected)
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
        )

    def rejudged(self) -> str:
        """The verdict these numbers give, whatever ``verdict`` says."""
        return judge(
            self.test, self.predicted, self.measured, self.uncertainty, self.threshold, self.corrected
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and text."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; missing and unknown fields, and those of another type, are named."""
        hints = declared(cls)
        complete(content, hints, "Claim")
        # JSON has no NaN: it is written as null
        absent = {
            name: math.nan for name in ("predicted", "measured", "uncertainty") if content[name] is None
        }
        fields = {
            name: checked(content[name], hints[name], "Claim", name) for name in hints if name not in absent
        }
        return cls(**fields, **absent)


@dataclasses.dataclass(frozen=True)
class Study(abc.ABC):
    """Frozen parameters that know how to compute a dataset and what is claimed about it.

    A subclass is a frozen dataclass whose fields have defaults and are numbers, text or tuples of them; one is
    ``seed``, from which every random number of the data follows.
    Predictions come from the STUDY's parameters, measurements from the DATASET: a dataset computed with other
    parameters (a wrong alpha, a wrong ratio) must therefore fail, and the tests check that it does.
    """

    name: ClassVar[str]
    """The word after ``tutelage reproduce``."""
    title: ClassVar[str]
    place: ClassVar[str] = ""
    """The figure or section of the paper, and its equations: ``"[C25] Fig. 2, (15)"``."""
    words: ClassVar[str] = ""
    """What the figure shows and why it matters, for a reader without the paper, by paragraphs."""
    formulas: ClassVar[tuple[str, ...]] = ()
    """Formulas of the section, as plain Unicode text or HTML with <sub>, <sup> and <i>."""
    statements: ClassVar[tuple[Statement, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ()
    """Rooms the result depends on, besides the study's own module; they key the cache."""
    cost: ClassVar[float] = 1.0
    """Seconds the quick form takes, roughly; only the order in which a report starts its studies depends on it."""

    @abc.abstractmethod
    def compute(self, progress: Progress | None = None) -> xr.Dataset:
        """Run everything; the dataset holds what was measured, before any comparison."""

    @abc.abstractmethod
    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        """For every statement, by id: what is predicted and what the dataset shows."""

    @classmethod
    def quick(cls) -> Self:
        """Parameters for seconds on two cores: the defaults unless a study says otherwise."""
        return cls()

    @classmethod
    def full(cls) -> Self:
        """Parameters for the full report: the defaults unless a study says otherwise."""
        return cls()

    def claims(self, dataset: xr.Dataset) -> list[Claim]:
        """One judged claim per statement, in their order."""
        numbers = self.measure(dataset)
        ids = [statement.id for statement in self.statements]
        if set(ids) != set(numbers):
            raise InputError(
                f"{self.name}: statements and measurements differ: {sorted(set(ids) ^ set(numbers))}"
            )
        return [Claim.judged(statement, numbers[statement.id]) for statement in self.statements]

    def draw(self, dataset: xr.Dataset) -> Figure:
        """The figure, by ``tutelage.figures.<module of the study>``, from the dataset alone."""
        module = type(self).__module__.rpartition(".")[2]
        return importlib.import_module(f"tutelage.figures.{module}").draw(dataset)

    def reseeded(self, offset: int) -> Self:
        """The same study on other random numbers: ``offset`` is added to its seed."""
        return dataclasses.replace(self, **{"seed": self.parameters()["seed"] + offset})

    def parameters(self) -> dict[str, Any]:
        """Field name -> value; tuples stay tuples."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`parameters`, also after JSON turned tuples into lists; types are checked."""
        hints = declared(cls)
        if unknown := sorted(set(parameters) - set(hints)):
            raise InputError(
                f"{cls.__name__}: unknown parameters {reprlib.repr(unknown)}; known: {sorted(hints)}"
            )
        return cls(
            **{key: checked(value, hints[key], cls.__name__, key) for key, value in parameters.items()}
        )

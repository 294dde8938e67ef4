"""Study: frozen parameters -> dataset -> claims, each judged by a rule written before the run."""

from __future__ import annotations

import dataclasses
import importlib
import reprlib
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tutelage.base.errors import InputError
from tutelage.base.progress import AskedProgress, as_progress
from tutelage.studies.card import Card
from tutelage.studies.claim import Claim, Measured, Statement
from tutelage.studies.fields import checked, declared

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

PARTS = ("compute", "figure")
"""The modules beside a study's ``__init__``, imported when they are needed."""


@dataclasses.dataclass(frozen=True)
class Study:
    """Frozen parameters that know how to compute a dataset and what is claimed about it.

    A subclass is a frozen dataclass whose fields have defaults and are numbers, text or tuples of them; one is
    ``seed``, from which every random number of the data follows. It stands in the ``__init__.py`` of a folder, beside
    ``study.toml`` (:func:`read_card`), ``compute.py`` with the functions ``compute(study, progress)`` and
    ``measure(study, dataset)``, and ``figure.py`` with ``draw(dataset)``. So its parameters are known before anything
    heavy is imported. A class that overrides the three methods needs no files but its own.

    Predictions come from the STUDY's parameters, measurements from the DATASET: a dataset computed with other
    parameters (a wrong alpha, a wrong ratio) must therefore fail, and the tests check that it does.
    """

    card: ClassVar[Card]
    """Words, statements and rules: ``read_card(__file__)``."""

    @property
    def name(self) -> str:
        """The word after ``tutelage reproduce``."""
        return self.card.name

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What is judged."""
        return self.card.statements

    def compute(self, progress: AskedProgress = None) -> xr.Dataset:
        """Run everything; the dataset holds what was measured, before any comparison."""
        progress = as_progress(progress, self.name)
        return self._part("compute").compute(self, progress)

    def measure(self, dataset: xr.Dataset) -> Mapping[str, Measured]:
        """For every statement, by id: what is predicted and what the dataset shows."""
        return self._part("compute").measure(self, dataset)

    def draw(self, dataset: xr.Dataset) -> Figure:
        """The figure, from the dataset alone."""
        return self._part("figure").draw(dataset)

    def draw_judged(self, dataset: xr.Dataset) -> Figure | None:
        """What the claims are judged by and the figure does not show (local slopes, fixed windows), where the card has words
        for it."""
        return self._part("figure").draw_judged(dataset) if self.card.judged else None

    @classmethod
    def homes(cls) -> list[str]:
        """Modules of the classes with a card, this one's first: the packages that hold its other files."""
        return [owner.__module__ for owner in cls.__mro__ if "card" in vars(owner)]

    @classmethod
    def _part(cls, name: str) -> ModuleType:
        parts = [f"{home}.{name}" for home in cls.homes()]
        for part in parts:
            try:
                return importlib.import_module(part)
            except ModuleNotFoundError as error:
                if error.name != part:
                    raise
        raise InputError(
            f"{cls.__name__}: expected {name}.py beside its study.toml ({parts[0]}), there is none; write it or override "
            "the method"
        )

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

    def reseeded(self, offset: int) -> Self:
        """The same study on other random numbers: ``offset`` is added to its seed."""
        return dataclasses.replace(self, **{"seed": self.parameters()["seed"] + offset})

    def parameters(self) -> dict[str, Any]:
        """Field name -> value; tuples stay tuples."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, object]) -> Self:
        """The inverse of :meth:`parameters`, also after JSON turned tuples into lists; types are checked."""
        hints = declared(cls)
        if unknown := sorted(set(parameters) - set(hints)):
            raise InputError(
                f"{cls.__name__}: unknown parameters {reprlib.repr(unknown)}; known: {sorted(hints)}"
            )
        return cls(
            **{key: checked(value, hints[key], cls.__name__, key) for key, value in parameters.items()}
        )

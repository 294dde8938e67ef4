"""What can be asked of a point: a named quantity, and the point while it is evaluated."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tutelage.base.errors import InputError
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import Spectrum, spectrum

if TYPE_CHECKING:
    from tutelage.sweep.spec import Point

#: What a quantity returns: name -> number, text, array, or (dimension names, array).
Values = Mapping[str, Any]


class Evaluation:
    """One point while it is evaluated: what several quantities share is computed once."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.methods: dict[str, str] = {}
        self._spectra: dict[str, Spectrum] = {}

    @functools.cached_property
    def teacher(self) -> Network:
        """The teacher network."""
        return self.point.teacher()

    @functools.cached_property
    def problem(self) -> Problem:
        """It with its inputs."""
        return Problem(self.teacher, self.point.input_law())

    def spectrum(self, method: str = "auto") -> Spectrum:
        """The teacher's spectrum, computed once per method; its method is noted in the record of the point."""
        if method not in self._spectra:
            self._spectra[method] = spectrum(self.problem, method=method)
        self.methods["spectrum"] = self._spectra[method].method
        return self._spectra[method]


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A named quantity: ``compute(evaluation, **options) -> values``.

    ``options`` holds the defaults (None: anything goes); ``coordinates(**options)`` gives the shared axes of
    array-valued results; ``checked(**options)`` raises where no point could be evaluated with them. ``plain`` names the
    axes of which it knows the usual value only: biases, inputs, outputs.
    """

    name: str
    compute: Callable[..., Values]
    options: Mapping[str, Any] | None = dataclasses.field(default_factory=dict)
    coordinates: Callable[..., Mapping[str, Any]] | None = None
    help: str = ""
    checked: Callable[..., object] | None = None
    plain: tuple[str, ...] = ()

    def __call__(self, evaluation: Evaluation, given: Mapping[str, object]) -> Values:
        """Evaluate with the given options over the defaults."""
        return self.compute(evaluation, **{**(self.options or {}), **given})

    def check(self, given: Mapping[str, object], who: str) -> None:
        """Refuse options that cannot work, before the first point."""
        options = {**(self.options or {}), **given}
        try:
            if self.checked is not None:
                self.checked(**options)
        except InputError as error:
            raise InputError(f"{who}: option of {self.name}: {error}") from None

    def axes(self, given: Mapping[str, object]) -> Mapping[str, Any]:
        """Coordinates of the shared dimensions."""
        return {} if self.coordinates is None else self.coordinates(**{**(self.options or {}), **given})

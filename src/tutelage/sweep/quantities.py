"""What can be asked of a point: a named quantity, and the point while it is evaluated."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tutelage.base.errors import InputError
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.spectra import Spectrum, spectrum, spectrum_many
from tutelage.sweep.names import PLAIN
from tutelage.teachers import draw_teachers

if TYPE_CHECKING:
    from tutelage.sweep.spec import Point

#: What a quantity returns: name -> number, text, array, or (dimension names, array).
Values = Mapping[str, Any]


class Evaluation:
    """One point while it is evaluated: what several quantities share, a user's functions included, is computed once.

    ``refine`` says whether any of them looks at eigenvalues that LAPACK leaves unresolved; ``seconds`` is the point's share
    of what was computed for many at once.
    """

    def __init__(self, point: Point, refine: bool = True) -> None:
        self.point = dataclasses.replace(point, evaluation=self)
        self.methods: dict[str, str] = {}
        self.seconds = 0.0
        self.refine = refine
        self._spectra: dict[str, Spectrum] = {}

    @functools.cached_property
    def teacher(self) -> Network:
        """The teacher network."""
        return self.point.teacher()

    @functools.cached_property
    def problem(self) -> Problem:
        """It with its inputs."""
        return Problem(self.teacher, self.point.input_law())

    @property
    def source(self) -> Network | Problem:
        """What has the spectrum: a network alone is one under standard inputs."""
        return self.teacher if self.point.inputs in PLAIN["inputs"] else self.problem

    def spectrum(self, method: str = "auto") -> Spectrum:
        """The teacher's spectrum, computed once per method; its method is noted in the record of the point."""
        if method not in self._spectra:
            self._spectra[method] = spectrum(self.source, method=method, refine=self.refine)
        self.methods["spectrum"] = self._spectra[method].method
        return self._spectra[method]

    def take(self, spectrum: Spectrum, seconds: float) -> None:
        """Its spectrum by method ``auto``, from a batch of which this much time is its own."""
        self._spectra["auto"] = spectrum
        self.seconds += seconds


def share_spectra(evaluations: Sequence[Evaluation]) -> None:
    """The spectra of points by method ``auto``, as one batch where they are of one shape."""
    start = time.perf_counter()
    refine = any(evaluation.refine for evaluation in evaluations)
    _draw(evaluations)
    found = spectrum_many([evaluation.source for evaluation in evaluations], refine=refine)
    share = (time.perf_counter() - start) / len(evaluations)
    for evaluation, each in zip(evaluations, found, strict=True):
        evaluation.take(each, share)


def _draw(evaluations: Sequence[Evaluation]) -> None:
    """Every ``point.teacher()``; of those in a row that differ in their realization alone, together."""

    def law(each: Evaluation) -> tuple[Any, ...]:
        point = each.point
        return point.activation, point.d, point.k, point.seed, point.weights, point.biases, point.outputs

    for (activation, d, k, seed, weights, biases, outputs), members in itertools.groupby(evaluations, law):
        alike = list(members)
        realizations = [each.point.realization for each in alike]
        drawn = draw_teachers(activation, d, k, seed, weights, realizations, biases, outputs)
        for each, teacher in zip(alike, drawn, strict=True):
            each.teacher = teacher


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A named quantity: ``compute(evaluation, **options) -> values``.

    ``options`` holds the defaults (None: anything goes); ``coordinates(**options)`` gives the shared axes of
    array-valued results; ``checked(**options)`` raises where no point could be evaluated with them; ``resolves`` says whether
    the smallest eigenvalues matter to it. ``plain`` names the axes of which it knows the usual value only: biases, inputs,
    outputs.
    """

    name: str
    compute: Callable[..., Values]
    options: Mapping[str, Any] | None = dataclasses.field(default_factory=dict)
    coordinates: Callable[..., Mapping[str, Any]] | None = None
    help: str = ""
    checked: Callable[..., object] | None = None
    _: dataclasses.KW_ONLY
    resolves: bool = True
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

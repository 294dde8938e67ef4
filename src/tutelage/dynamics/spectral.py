"""Spectral measures of a start: eigenvalues of H weighted by how far the start lies along each
eigenvector."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.dynamics.starts import NoisyTeacher, isotropic_scale
from tutelage.measure import Measure
from tutelage.source import Source
from tutelage.spectra import Eigensystem, Spectrum, eigensystem, spectrum

_LEVEL = 8
"""Nodes of a density: about 2000 a panel. Halving them changes the loss of a Marchenko-Pastur bulk by less than 1e-12."""

MeasureSource: TypeAlias = Source | Eigensystem | Spectrum | Measure
"""Whatever has eigenvalues, with or without eigenvectors."""


@dataclasses.dataclass(frozen=True, eq=False)
class StartMeasure(Value):
    r"""The measure :math:`\sum_i w_i\,\delta_{\lambda_i}` that a filter is integrated against.

    Attributes
    ----------
    measure : Measure
        Atoms at eigenvalues; :math:`w_i = (v_i\cdot\delta_0)^2` for one start (mass :math:`\|\delta_0\|^2`),
        :math:`w_i = s^2 m_i` for an isotropic start (mass :math:`s^2 P`, :math:`m_i` the multiplicity).
    variance : float or None
        :math:`s^2` of an isotropic start; None for one start, whose curve has no spread.
    method : str
        How the eigenvalues were obtained.
    energy_only : bool
        True when flat directions carry no weight (a Lanczos run in the energy product): losses are right,
        distances are not.
    """

    measure: Measure
    variance: float | None = None
    method: str = "given"
    energy_only: bool = False

    @property
    def points(self) -> np.ndarray:
        """Eigenvalues, ascending."""
        return self.measure.points

    @property
    def weights(self) -> np.ndarray:
        """Their weights."""
        return self.measure.weights

    @property
    def mass(self) -> float:
        """Total weight."""
        return float(self.measure.mass)

    def __repr__(self) -> str:
        kind = "one start" if self.variance is None else f"isotropic, s = {self.variance**0.5:.4g}"
        return f"StartMeasure({self.points.size} atoms, mass {self.mass:.6g}, {kind}, {self.method})"


def spectral_measure(source: MeasureSource, start: NoisyTeacher | ArrayLike) -> StartMeasure:
    r"""The measure behind a learning curve (science 6.8).

    Parameters
    ----------
    source
        An Eigensystem, Spectrum, Measure, or anything :func:`tutelage.hessian_of` takes; a Network means H at the
        optimum where the student is that teacher. A Spectrum or a Measure of eigenvalues (mass = number of parameters;
        a law included) has no eigenvectors and takes isotropic starts only.
    start : NoisyTeacher, float or array_like (P,)
        Isotropic start of that standard deviation, or one displacement :math:`\delta_0`.

    Raises
    ------
    InputError
        A start of the wrong shape, or a displacement without eigenvectors.

    Examples
    --------
    >>> spectral_measure(np.diag([0.0, 2.0]), [3.0, 4.0]).weights
    array([ 9., 16.])
    """
    scale = isotropic_scale(start, "spectral_measure")
    if isinstance(source, StartMeasure):
        raise InputError(
            "spectral_measure: expected a source of eigenvalues, got a StartMeasure; use it as it is"
        )
    if scale is not None:
        eigenvalues, method = _eigenvalue_measure(source)
        weighted = Measure(
            eigenvalues.points,
            scale**2 * eigenvalues.weights,
            support=eigenvalues.support,
            mass=scale**2 * float(eigenvalues.mass),
        )
        return StartMeasure(weighted, scale**2, method)
    displacement = check.float_array(start, "spectral_measure", "start", ndim=1)
    system = eigensystem_of(source, "spectral_measure")
    if displacement.size != system.n_params:
        raise InputError(
            f"spectral_measure: expected a start of shape ({system.n_params},), got {displacement.shape}; "
            "it is the displacement from the optimum, W row-major, then a"
        )
    measure = Measure(_clean(system.values), system.project(displacement))
    return StartMeasure(measure, None, system.method)


def as_start_measure(measure: StartMeasure | Measure, who: str) -> StartMeasure:
    """A StartMeasure from itself or from a plain Measure of start weights (its density discretised)."""
    if isinstance(measure, StartMeasure):
        return measure
    if isinstance(measure, Measure):
        return StartMeasure(measure.discretise(_LEVEL), None, "given")
    raise InputError(
        f"{who}: expected a measure, got {type(measure).__name__}; make one with spectral_measure(source, "
        f"start)"
    )


def _eigenvalue_measure(source: MeasureSource) -> tuple[Measure, str]:
    """Eigenvalues with multiplicities as weights, and the method's name."""
    if isinstance(source, Measure):
        return source.discretise(_LEVEL), "measure"
    if isinstance(source, Eigensystem):
        source = source.spectrum()
    result = source if isinstance(source, Spectrum) else spectrum(source)
    return Measure(without_null_round_off(result), result.multiplicities.astype(np.float64)), str(
        result.method
    )


def eigensystem_of(source: MeasureSource, who: str) -> Eigensystem:
    """The Eigensystem of a source that has eigenvectors."""
    if isinstance(source, (Measure, Spectrum)):
        raise InputError(
            f"{who}: expected an Eigensystem or a source of hessian_of, got "
            f"{type(source).__name__}; "
            "a displacement needs eigenvectors, eigenvalues alone take isotropic starts (NoisyTeacher)"
        )
    return source if isinstance(source, Eigensystem) else eigensystem(source)


def without_null_round_off(spectrum: Spectrum) -> np.ndarray:
    """Eigenvalues of a Spectrum with those below its proven rank at exactly 0, and negative round-off at
    0."""
    values = _clean(spectrum.values)
    if spectrum.rank is None or not spectrum.is_complete:
        return values
    # Ascending: an eigenvalue belongs to the null space when all of its copies fit into the first P - rank.
    last_copy = np.cumsum(spectrum.multiplicities)
    return np.where(last_copy <= spectrum.n_params - spectrum.rank, 0.0, values)


def _clean(values: np.ndarray) -> np.ndarray:
    """Negative round-off becomes 0: a flat direction at -1e-17 would otherwise grow without end."""
    values = np.asarray(values, dtype=np.float64)
    floor = values.size * np.finfo(float).eps * max(float(np.max(np.abs(values))), 0.0)
    return np.where((values < 0) & (values > -floor), 0.0, values)

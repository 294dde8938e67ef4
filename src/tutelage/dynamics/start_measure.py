"""Spectral measures of a start: eigenvalues of H weighted by how far the start lies along each
eigenvector."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.dynamics.starts import NoisyTeacher, isotropic_scale
from tutelage.measure import Measure
from tutelage.operators import SymmetricOperator
from tutelage.source import Source, hessian_of
from tutelage.spectra import Eigensystem, Spectrum, eigensystem, spectrum
from tutelage.spectra.choose import LANCZOS_FROM
from tutelage.spectra.lanczos import gauss_rule, tridiagonalize

_LEVEL = 8
"""Nodes of a density: about 2000 a panel. Halving them changes the loss of a Marchenko-Pastur bulk by less than 1e-12."""

KRYLOV_STEPS = 100
"""Of a run from one start, a choice; predicted curves say where they are too few."""

_DENSE_UP_TO = 600
"""Largest P whose top eigenvalue is taken from the dense matrix; the crossover with Lanczos is not measured."""

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
    coarse : Measure or None
        From half the steps of a Lanczos run: where a number of it differs, the run was too short for that number.
    """

    measure: Measure
    variance: float | None = None
    method: str = "given"
    energy_only: bool = False
    coarse: Measure | None = None

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


def spectral_measure(
    source: MeasureSource, start: NoisyTeacher | ArrayLike, steps: int | None = None
) -> StartMeasure:
    r"""The measure behind a learning curve (science 6.8).

    Parameters
    ----------
    source
        An Eigensystem, Spectrum, Measure, or anything :func:`tutelage.hessian_of` takes; a Network means H at the
        optimum where the student is that teacher. A Spectrum or a Measure of eigenvalues (mass = number of parameters;
        a law included) has no eigenvectors and takes isotropic starts only.
    start : NoisyTeacher, float or array_like (P,)
        Isotropic start of that standard deviation, or one displacement :math:`\delta_0`.
    steps : int, optional
        Of one Lanczos run from a displacement: the Gauss rule of its measure, exact for polynomials of degree below
        2·steps. By default the eigenvectors; 100 steps of a model with more than 2000 parameters.

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
    operator = _for_krylov(source, steps)
    if operator is not None:
        _require_size(displacement, operator.size)
        count = check.integer(steps or KRYLOV_STEPS, "spectral_measure", "steps")
        return krylov_measure(operator, displacement, count)
    system = eigensystem_of(source, "spectral_measure")
    _require_size(displacement, system.n_params)
    measure = Measure(_clean(system.values), system.project(displacement))
    return StartMeasure(measure, None, system.method)


def _for_krylov(source: MeasureSource, steps: int | None) -> SymmetricOperator | None:
    """The operator whose measure one Lanczos run gives; None where eigenvectors are wanted."""
    if isinstance(source, (Eigensystem, Spectrum, Measure)):
        if steps is not None:
            raise InputError(
                f"spectral_measure: expected a source of products with steps, got {type(source).__name__}; leave steps out"
            )
        return None
    operator = hessian_of(source, who="spectral_measure")
    large = operator.by_products and operator.size > LANCZOS_FROM
    return operator if large or steps is not None else None


def krylov_measure(operator: SymmetricOperator, displacement: np.ndarray, steps: int) -> StartMeasure:
    """The Gauss rule of one Lanczos run (Golub and Meurant 2010, chapter 4), and that of half of its steps."""
    mass = float(displacement @ displacement)
    if not mass:
        raise InputError(
            "spectral_measure: expected a start with steps, got zeros; it is already at the optimum"
        )
    ((diagonal, off_diagonal, _),) = tridiagonalize(operator.matmat, displacement[:, None], steps)

    def rule(m: int) -> Measure:
        nodes, weights = gauss_rule(diagonal[:m], off_diagonal[: m - 1])
        return Measure(np.maximum(nodes, 0.0) if operator.semidefinite else nodes, mass * weights)

    method = f"lanczos ({diagonal.size} steps)"
    return StartMeasure(rule(diagonal.size), None, method, coarse=rule(-(-diagonal.size // 2)))


def _require_size(displacement: np.ndarray, size: int) -> None:
    if displacement.size != size:
        raise InputError(
            f"spectral_measure: expected a start of shape ({size},), got {displacement.shape}; "
            "it is the displacement from the optimum, W row-major, then a"
        )


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


def largest_eigenvalue(operator: SymmetricOperator) -> float:
    """λ_max alone."""
    if operator.size <= _DENSE_UP_TO:
        return float(scipy.linalg.eigvalsh(operator.dense(), driver="evd")[-1])
    return float(spectrum(operator, "lanczos", count=1).values[-1])


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

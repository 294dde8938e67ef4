"""How near a model is to an optimum, and whether the quadratic theory applies there."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.estimate import Estimate
from tutelage.model.sampled import SampledModel
from tutelage.operators import LossHessian, SymmetricOperator
from tutelage.spectra import estimate_frobenius_norm, spectral_density
from tutelage.spectra.lanczos import tridiagonalize

_HOLDS = 0.1
"""Second order "holds" to ten percent."""

_PROBES = 4
"""Of the density of the whole Hessian."""


@dataclasses.dataclass(frozen=True, eq=False)
class ModelDiagnosis:
    r"""A model at its parameters.

    Attributes
    ----------
    loss, gradient_norm : float
    gain : float
        What conjugate gradients on the outer part take off the loss in ``steps`` steps, were it quadratic: a lower bound
        of :math:`\tfrac12 g^T G^+ g`. Far below the loss: near an optimum.
    quadratic_error : float
        How far the loss at the end of that step is from the predicted one, relative to the gain; 0 where there is none.
    outer_norm, functional_norm : Estimate
        Frobenius norms of the two parts of the Hessian; the second vanishes where all residuals do.
    largest, smallest : float
        Extreme Ritz values of the Hessian, which lie inside its spectrum.
    below_zero : Estimate
        The share of its eigenvalues below zero, beyond rounding.
    steps : int
    """

    loss: float
    gradient_norm: float
    gain: float
    quadratic_error: float
    outer_norm: Estimate
    functional_norm: Estimate
    largest: float
    smallest: float
    below_zero: Estimate
    steps: int

    @property
    def safe_rate(self) -> float:
        """2 over the largest eigenvalue: from there on gradient descent is unstable."""
        return 2.0 / self.largest if self.largest > 0 else float("inf")

    @property
    def second_order_holds(self) -> bool:
        """Whether the outer part describes the loss: its step gains what it says and the rest of H is small, to 10 %."""
        return self.quadratic_error <= _HOLDS and self.functional_norm <= _HOLDS * self.outer_norm

    def __repr__(self) -> str:
        inside = "inside" if self.second_order_holds else "OUTSIDE"
        return (
            f"ModelDiagnosis(loss {self.loss:.4g}, {self.gain:.3g} of it to gain, gradient {self.gradient_norm:.3g}; {inside} "
            f"the second-order range; eigenvalues {self.smallest:.3g} to {self.largest:.4g}, "
            f"{100 * self.below_zero:.3g} % below zero; safe rate {self.safe_rate:.4g})"
        )


def diagnose_model(problem: SampledModel, steps: int = 50, seed: int = 0) -> ModelDiagnosis:
    """Where a model stands, from products alone: about ten times ``steps`` of them."""
    steps = check.integer(steps, "diagnose", "steps")
    whole, gradient = problem.hessian(), problem.gradient()
    loss, outer = problem.loss(), whole.outer
    step, gain = _descent(outer, gradient, steps)
    density = spectral_density(whole, _PROBES, steps, seed)
    largest, smallest = float(density.points.max()), float(density.points.min())
    rounding = max(float(np.finfo(np.float64).eps), whole.structure.entries().relative)
    floor = -1e3 * rounding * max(largest, -smallest)
    return ModelDiagnosis(
        loss=loss,
        gradient_norm=float(np.linalg.norm(gradient)),
        gain=gain,
        quadratic_error=_quadratic_error(problem, step, loss, gain),
        outer_norm=estimate_frobenius_norm(outer, seed=seed),
        functional_norm=_functional_norm(whole, seed),
        largest=largest,
        smallest=smallest,
        below_zero=density.estimate(lambda x, w: float(w @ (x < floor)) / whole.size),
        steps=steps,
    )


def _functional_norm(whole: LossHessian, seed: int) -> Estimate:
    functional = whole.functional
    return Estimate(0.0, 0.0, 0) if functional is None else estimate_frobenius_norm(functional, seed=seed)


def _descent(outer: SymmetricOperator, gradient: np.ndarray, steps: int) -> tuple[np.ndarray, float]:
    """−T⁻¹ in the Krylov space of the gradient, conjugate gradients' step, and ½ gᵀ of it."""
    length = float(np.linalg.norm(gradient))
    if not length:
        return np.zeros_like(gradient), 0.0
    ((diagonal, off_diagonal, basis),) = tridiagonalize(outer.matmat, gradient[:, None], steps)
    values, vectors = scipy.linalg.eigh_tridiagonal(diagonal, off_diagonal)
    # What lies at rounding of zero is flat: nothing is to be gained along it.
    kept = values > 1e3 * np.finfo(np.float64).eps * values[-1]
    along = length * vectors[0, kept]
    return -basis @ (vectors[:, kept] @ (along / values[kept])), float(0.5 * np.sum(along**2 / values[kept]))


def _quadratic_error(problem: SampledModel, step: np.ndarray, loss: float, gain: float) -> float:
    if gain <= 1e-12 * abs(loss):
        return 0.0
    there = problem.loss(problem.with_theta(problem.optimum, problem.theta(problem.optimum) + step))
    return abs(loss - there - gain) / gain

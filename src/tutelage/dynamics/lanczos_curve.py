"""One Lanczos run started at δ_0 predicts its whole learning curve, with bounds, from three vectors of
memory."""

from __future__ import annotations

import dataclasses
import warnings
from typing import cast

import equinox as eqx
import numpy as np
import scipy.linalg

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike, Product
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.predict import predict_loss
from tutelage.dynamics.rules import FLOW, Rule, StabilityWarning, as_rule, warn_if_unstable
from tutelage.dynamics.start_measure import StartMeasure
from tutelage.measure import Measure
from tutelage.source import Source, hessian_of


@dataclasses.dataclass(frozen=True, eq=False)
class LanczosRun:
    r"""The tridiagonal matrix of H in the energy product :math:`\langle u, v\rangle = u^T H v`, started at
    :math:`\delta_0`.

    Attributes
    ----------
    diagonal : ndarray, shape (m,)
    off_diagonal : ndarray, shape (m,)
        The last entry couples to the vector the run did not take; 0 if the Krylov space was exhausted.
    energy : float
        :math:`\delta_0^T H \delta_0 = 2\epsilon(0)`.
    """

    diagonal: np.ndarray
    off_diagonal: np.ndarray
    energy: float

    @property
    def steps(self) -> int:
        """Number of products with H that the quadrature uses."""
        return self.diagonal.size

    def gauss(self) -> StartMeasure:
        r"""Gauss quadrature: a lower bound of the loss of flow and gradient descent (even derivatives of
        :math:`\psi^2` are positive); exact for gradient descent up to step m - 1."""
        return self._measure(self.diagonal, self.off_diagonal[:-1], "lanczos (Gauss)")

    def radau(self) -> StartMeasure:
        r"""Gauss-Radau quadrature with a node at 0: an upper bound of the loss of the flow, and of gradient
        descent with :math:`\eta\lambda_{max} \le 1` (odd derivatives of :math:`\psi^2` are negative)."""
        if self.off_diagonal[-1] == 0.0:
            return self.gauss()
        # Golub's modification: the last diagonal entry that makes 0 an eigenvalue, from the Cholesky pivots
        # of T.
        pivot = self.diagonal[0]
        for alpha, beta in zip(self.diagonal[1:], self.off_diagonal[:-1], strict=True):
            pivot = alpha - beta**2 / pivot
        corner = self.off_diagonal[-1] ** 2 / pivot
        return self._measure(np.append(self.diagonal, corner), self.off_diagonal, "lanczos (Gauss-Radau)")

    def _measure(self, diagonal: np.ndarray, off_diagonal: np.ndarray, method: str) -> StartMeasure:
        nodes, vectors = scipy.linalg.eigh_tridiagonal(diagonal, off_diagonal)
        energies = self.energy * vectors[0] ** 2
        # A node at 0 is energy that never decays; it is kept at the smallest positive number so that
        # weight x node is that energy.
        nodes = np.maximum(nodes, np.finfo(float).tiny * 1e16)
        return StartMeasure(Measure(nodes, energies / nodes), None, method, energy_only=True)


def lanczos_run(product: Product, displacement: np.ndarray, steps: int) -> LanczosRun:
    r"""The three-term recurrence in the energy product, one product with H per step, no stored basis.

    matfree's ``tridiag_sym`` stores all m vectors (16 GB for m = 2000 at P = 10^6) and orthogonalises in the
    Euclidean product, where Gauss quadrature of the loss has no sign; hence these lines. Lost orthogonality
    repeats nodes and splits their weight, which leaves the quadrature right (Greenbaum 1989; Golub and
    Meurant 2010, chapter 4).
    """
    vector = np.array(displacement, dtype=np.float64)
    image = product(vector)
    energy = float(vector @ image)
    if not energy > 0.0:
        raise InputError(
            f"lanczos_run: expected a start with positive energy, got δᵀHδ = {energy:g}; it is already flat"
        )
    scale = np.sqrt(energy)
    vector, image = vector / scale, image / scale
    previous, beta = np.zeros_like(vector), 0.0
    diagonal, off_diagonal = [], []
    for _ in range(steps):
        alpha = float(image @ image)
        residual = image - alpha * vector - beta * previous
        next_image = product(residual)
        squared = float(residual @ next_image)
        beta = np.sqrt(max(squared, 0.0))
        diagonal.append(alpha)
        # Below this the residual is round-off of the product: the Krylov space of the start is exhausted.
        if beta <= 1e-14 * max(diagonal):
            off_diagonal.append(0.0)
            break
        off_diagonal.append(beta)
        previous, vector, image = vector, residual / beta, next_image / beta
    return LanczosRun(np.array(diagonal), np.array(off_diagonal), energy)


def lanczos_loss(
    source: Source | Product,
    displacement: ArrayLike,
    times: ArrayLike | None = None,
    rule: Rule | str = FLOW,
    *,
    steps: ArrayLike | None = None,
    products: int = 60,
    label: str = "predicted (Lanczos)",
) -> Curve:
    r"""The predicted loss of one start without a dense matrix; ``bounds`` are Gauss (below) and Gauss-Radau
    (above).

    Parameters
    ----------
    source
        Anything :func:`tutelage.hessian_of` takes, or a function v -> H v alone.
    displacement : array_like, shape (P,)
    times, steps, rule
        As in :func:`predict_loss`.
    products : int
        Length m of the run. Gradient descent is exact up to step m - 1; the flow converges geometrically.

    Returns
    -------
    Curve
        ``loss`` is the Gauss value. The bounds hold for the flow, and for gradient descent with
        :math:`\eta\lambda_{max}\le 1`; other rules get none.
    """
    who = "lanczos_loss"
    rule, start = as_rule(rule), check.float_array(displacement, who, "displacement", ndim=1)
    ticks = clock(rule, times, steps, who)
    run = lanczos_run(_product(source, start, who), start, check.integer(products, who, "products"))
    readings = {"times": ticks.times} if ticks.steps is None else {"steps": ticks.steps}
    gauss, bounds = run.gauss(), None
    warn_if_unstable(rule, float(gauss.points[-1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StabilityWarning)  # said once, above
        curve = predict_loss(gauss, rule=rule, label=label, **readings)
        if rule.name in ("flow", "gd"):
            bounds = (curve.loss, predict_loss(run.radau(), rule=rule, **readings).loss)
    return dataclasses.replace(curve, bounds=bounds, meta=curve.meta | {"products": run.steps})


def _product(source: Source | Product, start: np.ndarray, who: str) -> Product:
    # Networks and operators are modules, and callable for other reasons; anything else callable is v -> H v.
    if callable(source) and not isinstance(source, eqx.Module):
        return cast("Product", source)
    operator = hessian_of(cast("Source", source), who=who)
    check.same_length(start.size, operator.size, who, "the length of the displacement and P")
    return operator.matvec

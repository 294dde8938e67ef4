"""Predicted learning curves: a measure integrated against the filter of a rule."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.rules import FLOW, Rule, as_rule, warn_if_unstable
from tutelage.dynamics.start_measure import StartMeasure, as_start_measure, eigensystem_of
from tutelage.measure import Measure

# Filter tables are made in slices of this many numbers (80 MB of float64), whatever the size of the measure.
_SLICE = 10_000_000


def predict_loss(
    measure: StartMeasure | Measure,
    times: ArrayLike | None = None,
    rule: Rule | str = FLOW,
    *,
    steps: ArrayLike | None = None,
    label: str = "predicted",
) -> Curve:
    r"""The loss near the optimum ([C25] 6-7):

    .. math:: \epsilon(t) = \tfrac12\int \lambda\,\psi(\lambda, t)^2\,d\mu(\lambda),\qquad
              \|\delta(t)\|^2 = \int \psi^2\,d\mu .

    For an isotropic start this is the mean over starts, and ``std`` is
    :math:`(s^2/\sqrt2)\,(\sum_i \lambda_i^2\psi_i^4)^{1/2}`.

    Parameters
    ----------
    measure : StartMeasure or Measure
        From :func:`spectral_measure`; a plain Measure carries start weights.
    times, steps : array_like, shape (n,)
        Exactly one; ascending. Time is learning rate times steps; a stepping rule moves times to whole steps.
    rule : Rule or str
        GradientFlow, GradientDescent, HeavyBall, Nesterov, CustomFilter or a written form,
        ``"gd:learning_rate=0.1"``.
    label : str
        Name in the legend.

    Returns
    -------
    Curve
        Of a measure from a Lanczos run ``meta["converged"]`` says whether half of its steps would do, to one percent.

    Raises
    ------
    InputError
        Negative or descending times, an unknown rule.

    Warns
    -----
    StabilityWarning
        Learning rate at or above the largest stable one; the message gives it.

    Examples
    --------
    >>> from tutelage.measure import Measure
    >>> predict_loss(Measure([2.0], [1.0]), [0.0, 1.0]).loss.round(4)
    array([1.    , 0.0183])
    """
    rule, source = as_rule(rule), as_start_measure(measure, "predict_loss")
    ticks = clock(rule, times, steps, "predict_loss")
    if source.points.size:
        warn_if_unstable(rule, float(source.points[-1]))
    x, w = source.points, source.weights
    with np.errstate(over="ignore", invalid="ignore"):
        loss, distance, spread = _integrate(
            rule,
            x,
            ticks.readings,
            lambda psi: (0.5 * (psi**2) @ (x * w), (psi**2) @ w, (psi**4) @ (x**2 * w)),
        )
    std = None if source.variance is None else np.sqrt(0.5 * source.variance * spread)
    meta = {"label": label, "rule": _rule_text(rule), "method": source.method}
    if source.coarse is not None:
        meta["converged"] = _agrees(rule, source.coarse, ticks.readings, loss)
    return Curve(
        ticks.times,
        loss,
        std=std,
        steps=ticks.steps,
        distance=None if source.energy_only else distance,
        meta=meta,
    )


def _agrees(rule: Rule, coarse: Measure, readings: np.ndarray, loss: np.ndarray) -> bool:
    """Whether half the steps of a Lanczos run give these losses to one percent."""
    x, w = coarse.points, coarse.weights
    with np.errstate(over="ignore", invalid="ignore"):
        (half,) = _integrate(rule, x, readings, lambda psi: (0.5 * (psi**2) @ (x * w),))
    return bool(np.all(np.abs(half - loss) <= 0.01 * loss + 1e-14 * loss.max(initial=0.0)))


def loss_cumulants(
    measure: StartMeasure,
    times: ArrayLike | None = None,
    rule: Rule | str = FLOW,
    *,
    steps: ArrayLike | None = None,
    order: int = 4,
) -> np.ndarray:
    r"""Cumulants of the loss over isotropic starts,
    :math:`\kappa_n = \tfrac12 (n-1)! \sum_i (s^2\lambda_i\psi_i^2)^n`.

    Returns
    -------
    ndarray, shape (order, n_times)
        The first row is the mean, the second the variance.
    """
    rule, source = as_rule(rule), as_start_measure(measure, "loss_cumulants")
    if source.variance is None:
        raise InputError(
            "loss_cumulants: expected an isotropic start, got one displacement; its loss has no spread"
        )
    order = check.integer(order, "loss_cumulants", "order")
    ticks = clock(rule, times, steps, "loss_cumulants")
    variance, x = source.variance, source.points
    counts = source.weights / variance

    def rows(psi: np.ndarray) -> tuple[np.ndarray, ...]:
        term = variance * x * psi**2
        return tuple(0.5 * math.factorial(n - 1) * term**n @ counts for n in range(1, order + 1))

    return np.stack(_integrate(rule, x, ticks.readings, rows))


def predict_parameters(
    source: object,
    displacement: ArrayLike,
    times: ArrayLike | None = None,
    rule: Rule | str = FLOW,
    *,
    steps: ArrayLike | None = None,
) -> np.ndarray:
    r"""The displacement itself, :math:`\delta(t) = \sum_i \psi(\lambda_i, t)\,v_i\,(v_i\cdot\delta_0)` ([C25]
    6).

    Parameters
    ----------
    source
        An Eigensystem, or anything :func:`tutelage.hessian_of` takes.
    displacement : array_like, shape (P,)
        :math:`\delta_0`, W row-major, then a.

    Returns
    -------
    ndarray, shape (n_times, P)
    """
    who = "predict_parameters"
    rule, start = as_rule(rule), check.float_array(displacement, who, "displacement", ndim=1)
    ticks = clock(rule, times, steps, who)
    system = eigensystem_of(source, who)
    check.same_length(start.size, system.n_params, who, "the length of the displacement and P")
    warn_if_unstable(rule, float(system.values[-1]))
    return np.stack(
        [system.apply(lambda x, t=t: rule.filter(x, np.array([t]))[0], start) for t in ticks.readings]
    )


def _integrate(
    rule: Rule, points: np.ndarray, readings: np.ndarray, rows: Callable[[np.ndarray], tuple[np.ndarray, ...]]
) -> tuple[np.ndarray, ...]:
    """Apply ``rows`` to slices of the filter table and join the results along time."""
    width = max(1, _SLICE // max(points.size, 1))
    parts = [rows(rule.filter(points, readings[i : i + width])) for i in range(0, readings.size, width)]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _rule_text(rule: Rule) -> str:
    return rule.name if rule.name == "custom" else rule.spec

"""What a spectrum says about the times of learning: rates, time constants, asymptotes, times to reach a loss."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.types import ArrayLike
from tutelage.base.value import Value
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.predict import predict_loss
from tutelage.dynamics.rules import FLOW, Rule, as_rule, warn_if_unstable
from tutelage.dynamics.start_measure import StartMeasure, as_start_measure, without_null_round_off
from tutelage.measure import Measure
from tutelage.spectra import Eigensystem, Spectrum, spectrum

_TRUSTED = 1e3
"""A smallest eigenvalue below this many error bars is asked for again in extended precision."""

_EXTENDED_UP_TO = 300
"""Largest P for which extended precision is tried unasked: about a second there, growing like P³."""


@dataclasses.dataclass(frozen=True)
class Timescales(Value):
    r"""What a spectrum says about learning near the optimum (science 6).

    Attributes
    ----------
    smallest, smallest_error : float
        :math:`\lambda_{min}^+`, the smallest non-zero eigenvalue, and its error bar.
    largest : float
        :math:`\lambda_{max}`.
    rank, n_params : int
        Number of non-zero eigenvalues (proven where ``rank_kind`` is "structural", else counted) and P.
    time_constant : float
        :math:`1/(2\lambda_{min}^+)`: the loss falls by e in this time at the end.
    stable_rate : float
        :math:`2/\lambda_{max}`, the largest stable learning rate of gradient descent.
    best_rate, best_factor : float
        :math:`2/(\lambda_{min}^+ + \lambda_{max})` and the factor per step of the slowest direction,
        :math:`(\kappa-1)/(\kappa+1)`.
    best_momentum, best_momentum_rate, best_momentum_factor : float
        Polyak's :math:`\beta = ((\sqrt\kappa-1)/(\sqrt\kappa+1))^2`, its learning rate
        :math:`4/(\sqrt{\lambda_{max}}+\sqrt{\lambda_{min}^+})^2` and factor :math:`\sqrt\beta`.
    """

    smallest: float
    smallest_error: float
    largest: float
    rank: int
    rank_kind: str
    n_params: int

    @property
    def condition(self) -> float:
        r""":math:`\kappa = \lambda_{max}/\lambda_{min}^+`."""
        return self.largest / self.smallest

    @property
    def time_constant(self) -> float:
        return 0.5 / self.smallest

    @property
    def stable_rate(self) -> float:
        return 2.0 / self.largest

    @property
    def best_rate(self) -> float:
        return 2.0 / (self.smallest + self.largest)

    @property
    def best_factor(self) -> float:
        return (self.condition - 1.0) / (self.condition + 1.0)

    @property
    def best_momentum(self) -> float:
        root = math.sqrt(self.condition)
        return ((root - 1.0) / (root + 1.0)) ** 2

    @property
    def best_momentum_rate(self) -> float:
        return 4.0 / (math.sqrt(self.largest) + math.sqrt(self.smallest)) ** 2

    @property
    def best_momentum_factor(self) -> float:
        return math.sqrt(self.best_momentum)

    def to_dict(self) -> dict[str, Any]:
        """Fields and derived numbers, for tables and JSON."""
        derived = (
            "condition", "time_constant", "stable_rate", "best_rate", "best_factor", "best_momentum",
            "best_momentum_rate", "best_momentum_factor",
        )  # fmt: skip
        return dataclasses.asdict(self) | {name: getattr(self, name) for name in derived}


def timescales(source: object) -> Timescales:
    """Rates and time constants of a Spectrum, an Eigensystem or anything :func:`tutelage.hessian_of` takes.

    Where the smallest eigenvalue drowns in its error bar and the operator has exact entries, it is computed
    again in extended precision (erf networks: 1e-13 … 1e-5 of the largest).
    """
    found = _spectrum_of(source)
    values = without_null_round_off(found)
    if found.rank is not None:
        positive, rank, kind = values > 0.0, found.rank, "structural"
    else:
        positive = values > 10.0 * found.errors
        rank, kind = int(found.multiplicities[positive].sum()), "counted above ten error bars"
    if not np.any(positive):
        raise InputError(
            "timescales: expected a positive eigenvalue, got none above its error bar; nothing is learned"
        )
    first = int(np.argmax(positive))
    return Timescales(
        float(values[first]), float(found.errors[first]), float(values[-1]), rank, kind, found.n_params
    )


def _spectrum_of(source: object) -> Spectrum:
    if isinstance(source, Spectrum):
        return source
    if isinstance(source, Eigensystem):
        return source.spectrum()
    found = spectrum(source)
    values = without_null_round_off(found)
    smallest = int(np.argmax(values > 0.0))
    if values[smallest] > _TRUSTED * found.errors[smallest] or found.n_params > _EXTENDED_UP_TO:
        return found
    try:
        return spectrum(source, "extended")
    except NotAvailableError:
        return found


def asymptote(
    measure: StartMeasure | Measure,
    times: ArrayLike,
    rule: Rule | str = FLOW,
    *,
    through: Curve | None = None,
) -> Curve:
    r"""The long-time law: :math:`C e^{-2\lambda_{min}^+ t}` for the flow,
    :math:`C\,\psi(\lambda_{min}^+, t)^2` for any rule.

    Parameters
    ----------
    measure : StartMeasure or Measure
    times : array_like (n,)
    rule : Rule or str
    through : Curve or None
        C so that both meet at the final time of this curve, as [C25] Fig. 3 does. None predicts
        :math:`C = \tfrac12\lambda_{min}^+ w`, w the weight of that eigenvalue.
    """
    source, rule = as_start_measure(measure, "asymptote"), as_rule(rule)
    ticks = clock(rule, times, None, "asymptote")
    rate, weight = _slowest(source)
    log_constant, fixed = math.log(0.5 * rate * weight), "predicted"
    if through is not None:
        if not through.loss[-1] > 0.0:
            raise InputError(
                f"asymptote: expected a positive final loss to pass through, got {through.loss[-1]:g}; "
                "end the curve before it meets round-off (meta['floor'])"
            )
        last = clock(rule, through.times[-1:], None, "asymptote").readings
        # In logarithms: e^{2λt} overflows where C itself is an ordinary number.
        log_constant = math.log(through.loss[-1]) - float(_log_square(rule, rate, last)[0])
        fixed = "fixed at the final time"
    loss = np.exp(log_constant + _log_square(rule, rate, ticks.readings))
    meta = {"label": f"slowest direction, C {fixed}", "rate": rate, "constant": math.exp(log_constant)}
    return Curve(ticks.times, loss, steps=ticks.steps, meta=meta)


def _log_square(rule: Rule, rate: float, readings: np.ndarray) -> np.ndarray:
    if rule.name == "flow":
        return -2.0 * rate * readings
    with np.errstate(divide="ignore"):
        return 2.0 * np.log(np.abs(rule.filter(np.array([rate]), readings)[:, 0]))


def _slowest(source: StartMeasure) -> tuple[float, float]:
    floor = source.points.size * np.finfo(float).eps * source.points[-1]
    positive = (source.points > floor) & (source.weights > 0.0)
    if not np.any(positive):
        raise InputError(
            "asymptote: expected a start along some non-zero eigenvalue, got none; its loss is 0"
        )
    rate = source.points[positive][0]
    same = np.abs(source.points - rate) <= 1e-12 * rate + floor
    return float(rate), float(source.weights[same].sum())


def time_to_loss(measure: StartMeasure | Measure, target: float, rule: Rule | str = FLOW) -> float:
    r"""The time at which the predicted loss falls to ``target``: :math:`\epsilon(t) = target` inverted.

    For gradient descent the first whole step, times the learning rate; ``inf`` where the rate is unstable.
    The loss of momentum methods is not monotone and has no single answer.
    """
    who = "time_to_loss"
    rule, source = as_rule(rule), as_start_measure(measure, who)
    target = check.number(target, who, "target", above=0.0)
    if rule.name not in ("flow", "gd"):
        raise InputError(
            f"{who}: expected flow or gd, got {rule.name}; read oscillating curves off predict_loss"
        )
    unit = rule.step_size
    if unit is not None and unit >= rule.largest_stable_rate(float(source.points[-1])):
        warn_if_unstable(rule, float(source.points[-1]))
        return math.inf

    def loss(at: float) -> float:
        return float(predict_loss(source, [at], rule).loss[0])

    if loss(0.0) <= target:
        return 0.0
    high = unit or 1.0 / float(source.points[-1])
    while loss(high) > target:
        high *= 2.0
        if high > 1e30:
            return math.inf
    low = 0.0
    # Bisection to one step, or to rounding: the loss is monotone and convex in log time only piecewise.
    while high - low > (unit * 1.001 if unit else 4e-16 * high):
        middle = 0.5 * (low + high) if unit is None else unit * round(0.5 * (low + high) / unit)
        if middle in (low, high):
            break
        low, high = (middle, high) if loss(middle) > target else (low, middle)
    return high


def active_directions(
    measure: StartMeasure | Measure,
    times: ArrayLike | None = None,
    rule: Rule | str = FLOW,
    *,
    steps: ArrayLike | None = None,
) -> np.ndarray:
    r"""How many directions carry the loss at time t: the participation ratio
    :math:`(\sum_i c_i)^2/\sum_i c_i^2`, :math:`c_i = \lambda_i\psi_i^2` over directions, of an isotropic
    start.

    It is also :math:`2\,(\text{mean}/\text{std})^2` of the loss over starts, and ends at the multiplicity of
    :math:`\lambda_{min}^+`; NaN where the loss has underflowed to 0.
    """
    source = as_start_measure(measure, "active_directions")
    if source.variance is None:
        raise InputError(
            "active_directions: expected an isotropic start; use spectral_measure(source, NoisyTeacher(s))"
        )
    rule = as_rule(rule)
    ticks = clock(rule, times, steps, "active_directions")
    counts = source.weights / source.variance
    found = np.empty(ticks.readings.size)
    for i, reading in enumerate(ticks.readings):
        share = source.points * rule.filter(source.points, np.array([reading]))[0] ** 2
        # Over the largest, so that squares of a late loss do not underflow.
        share = share / (share.max() or 1.0)
        total = counts @ share
        found[i] = total**2 / (counts @ share**2) if total > 0.0 else np.nan
    return found

"""Stochastic gradient descent near the optimum: how fast it may go, where label noise holds it, and its mean curve."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import warnings

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.gradient_moments import second_moments
from tutelage.dynamics.rules import GradientDescent, StabilityWarning
from tutelage.dynamics.sgd_second_moments import SecondMoments
from tutelage.dynamics.start_measure import largest_eigenvalue
from tutelage.dynamics.starts import NoisyTeacher
from tutelage.empirical import Problem as DataProblem
from tutelage.network import Network
from tutelage.population import Problem
from tutelage.problem import AbstractProblem

_QUICK = 1500
"""Parameters up to which a spectrum costs less than compiling a run."""

RARE = "near the limit rare runs carry the mean, and typical runs look stable a while beyond it"
"""What every message about the limit adds."""


@dataclasses.dataclass(frozen=True)
class StableRate:
    r"""The largest learning rate at which the mean square of the displacement does not grow; ``float()`` gives it.

    Attributes
    ----------
    value : float
    batch : int
        B, fresh inputs a step.
    full_batch : float
        :math:`2/\lambda_{max}`: the limit without sampling, which large batches reach.
    crossing_batch : float
        :math:`\mathrm{tr}H/\lambda_{max}`: below it the samples set the limit, :math:`\eta_{max} \approx 2B/\mathrm{tr}H`,
        above it the steepest direction.
    method : str
        How the fourth moments of the gradients were obtained.
    order : str
        What was neglected beyond the linearisation; empty where nothing was.
    """

    value: float
    batch: int
    full_batch: float
    crossing_batch: float
    method: str
    order: str

    def __float__(self) -> float:
        return self.value

    @property
    def approximate(self) -> bool:
        """Whether more was neglected than the linearisation at the optimum."""
        return bool(self.order)


@dataclasses.dataclass(frozen=True)
class NoiseFloor:
    r"""The excess loss ε that label noise sustains, v/2 an output not counted; ``float()`` gives it.

    Attributes
    ----------
    value : float
        ``inf`` at or above the largest stable rate.
    small_rate : float
        :math:`\frac{\eta v}{4B}\mathrm{tr}H`, its limit for small rates.
    learning_rate, label_noise : float
        η and v.
    limit : StableRate
    """

    value: float
    small_rate: float
    learning_rate: float
    label_noise: float
    limit: StableRate

    def __float__(self) -> float:
        return self.value

    @property
    def approximate(self) -> bool:
        """Whether more was neglected than the linearisation at the optimum."""
        return self.limit.approximate


def sgd_stability(problem: AbstractProblem | Network, *, batch: int) -> StableRate:
    r"""The largest learning rate of SGD at which the mean loss near the optimum stays bounded (science C2, 10c).

    The map of :math:`S = E\,\delta\delta^T` over a step has spectral radius 1 there, which is one symmetric eigenproblem.
    Its fourth moments :math:`E[(g^TSg)gg^T]` are, in this order,

    - exact for linear networks, of any size and batch: :math:`\sum_i \eta\lambda_i/(2B - \eta(B+1)\lambda_i) = 1`;
    - a quadrature over the span of the neurons, exact for polynomials of few neurons and to its error for smooth
      activations of up to three;
    - for erf and polynomials of degree 2 with k < d/2, closed four-point moments outside that span, to relative order
      k/d;
    - those of Gaussian gradients elsewhere, some percent off for odd activations, and more for heavy-tailed gradients.

    ``approximate`` says whether the last two were used. Several outputs have the quadrature alone, linear ones too.

    Parameters
    ----------
    problem : Problem, empirical.Problem or Network
        At its optimum; a Network is its own teacher. Batches of samples are drawn with replacement.
    batch : int

    Raises
    ------
    InputError
        A batch below 1 or above the number of samples.
    NotAvailableError
        A problem that does not know its optimum; several outputs with biases, kinks or too many neurons for a quadrature.
    NoHessianError
        A zero neuron under a kinked activation.

    Examples
    --------
    >>> from tutelage import sample_teacher
    >>> limit = sgd_stability(sample_teacher("linear", d=6, k=8), batch=4)
    >>> limit.approximate, float(limit) < limit.full_batch
    (False, True)
    """
    problem, batch = _checked(problem, batch, "sgd_stability")
    return _limit(second_moments(problem, _optimum(problem, "sgd_stability")), batch)


def noise_floor(
    problem: AbstractProblem | Network, *, learning_rate: float, batch: int, label_noise: float | None = None
) -> NoiseFloor:
    r"""The mean excess loss at which SGD with noisy labels stays near the optimum (science C2, 10d).

    Where S' = S: exactly :math:`\tfrac v2\,\Omega/(1 - \Omega)` for linear networks, by a linear system otherwise; for
    small rates :math:`\frac{\eta v}{4B}\mathrm{tr}H`. Of relative order v, a term with second derivatives is left out.
    Long runs drift along flat directions to flatter minima and lower floors (:func:`flat_drift`).

    Parameters
    ----------
    problem : Problem, empirical.Problem or Network
    learning_rate : float
    batch : int
    label_noise : float, optional
        v, a VARIANCE; that of the problem by default.

    Raises
    ------
    InputError
        Negative noise, a batch below 1 or above the number of samples.

    Warns
    -----
    StabilityWarning
        A rate at or above the largest stable one, which the message gives; the floor is then infinite.

    Examples
    --------
    >>> from tutelage import Network
    >>> one = Network([[1.0]], [1.0], "linear")   # one eigenvalue, 2: Ω = 2η/(2 − 4η) = 0.125
    >>> float(noise_floor(one, learning_rate=0.1, batch=1, label_noise=0.07))
    0.005
    """
    who = "noise_floor"
    problem, batch = _checked(problem, batch, who)
    rate, v = check.number(learning_rate, who, "learning_rate", above=0.0), _noise(problem, label_noise, who)
    moments = second_moments(problem, _optimum(problem, who))
    limit = _limit(moments, batch)
    small = rate * v / (4.0 * batch) * moments.trace
    if warn_above(limit, rate, stacklevel=3):
        return NoiseFloor(math.inf if v else 0.0, small, rate, v, limit)
    return NoiseFloor(moments.floor(rate, batch, v), small, rate, v, limit)


def predict_sgd(
    problem: AbstractProblem | Network,
    start: NoisyTeacher | ArrayLike,
    *,
    learning_rate: float,
    batch: int,
    times: ArrayLike | None = None,
    steps: ArrayLike | None = None,
    label_noise: float | None = None,
    label: str = "predicted mean of SGD",
) -> Curve:
    r"""The mean excess loss over runs of SGD, at every step, linearised at the optimum (science C2).

    Exact for linear networks at any batch, d numbers a step; by the fourth moments of :func:`sgd_stability` otherwise.

    Parameters
    ----------
    problem : Problem, empirical.Problem or Network
    start : NoisyTeacher or array_like (P,)
        Isotropic noise around the optimum, or one displacement from it.
    learning_rate : float
    batch : int
    times, steps : array_like (n,)
        Exactly one, as in :func:`predict_loss`.
    label_noise : float, optional
        v, a VARIANCE; that of the problem by default.

    Returns
    -------
    Curve
        ``loss`` without v/2; ``meta["limit"]`` is the largest stable rate, ``meta["floor_of_noise"]`` the limit of the
        curve.

    Warns
    -----
    StabilityWarning
        A rate at or above the largest stable one: the mean grows.

    Examples
    --------
    >>> from tutelage import Network
    >>> one = Network([[1.0]], [1.0], "linear")   # 2ε → (1 − 4η + 12η²) 2ε in a step
    >>> predict_sgd(one, NoisyTeacher(0.1), learning_rate=0.1, batch=1, steps=[0, 1]).loss.round(6)
    array([0.01  , 0.0072])
    """
    who = "predict_sgd"
    problem, batch = _checked(problem, batch, who)
    rule, v = GradientDescent(learning_rate), _noise(problem, label_noise, who)
    ticks = clock(rule, times, steps, who)
    begin = start if isinstance(start, NoisyTeacher) else _displacement(problem, start, who)
    moments = second_moments(problem, _optimum(problem, who))
    limit = _limit(moments, batch)
    unstable = warn_above(limit, rule.step_size, stacklevel=3)
    loss = moments.losses(moments.start(begin), np.rint(ticks.readings), rule.step_size, batch, v)
    floor = math.inf if unstable else moments.floor(rule.step_size, batch, v)
    meta = {"label": label, "rule": rule.spec, "batch": batch, "label_noise": v, "method": moments.method}
    return Curve(
        ticks.times, loss, steps=ticks.steps, meta=meta | {"limit": limit.value, "floor_of_noise": floor}
    )


def warn_above(limit: StableRate, rate: float, stacklevel: int) -> bool:
    """Whether the rate is not below the limit, with the warning that says so; ``stacklevel`` as in warnings.warn."""
    if rate < limit.value:
        return False
    about = f" ({limit.order})" if limit.approximate else ""
    warnings.warn(
        f"learning rate {rate:g} is not below {limit.value:.6g}{about}, the largest stable in mean square of SGD with "
        f"batches of {limit.batch} (without sampling: {limit.full_batch:.6g}); the mean loss grows; {RARE}",
        StabilityWarning,
        stacklevel=stacklevel,
    )
    return True


def limit_near(problem: AbstractProblem, optimum: object, batch: int) -> StableRate:
    """The largest stable rate for the warning of a run: a bound from above where the sharp one takes long."""
    operator = problem.hessian(optimum)
    if operator.size <= _QUICK or operator.structure.reduction() is not None:
        # Of several outputs the map is not always affordable.
        with contextlib.suppress(NotAvailableError):
            return _limit(second_moments(problem, optimum), batch)
    trace, largest = operator.trace(), largest_eigenvalue(operator)
    if isinstance(optimum, Network) and optimum.n_outputs > 1:  # a sample's gradient is then m vectors
        order = "that of full gradients; batches lower it"
        return StableRate(2.0 / largest, batch, 2.0 / largest, trace / largest, "largest eigenvalue", order)
    bound = min(2.0 * batch / trace, 2.0 * batch / ((batch + 1.0) * largest))
    order = "a bound from above, gradients taken for Gaussian"
    return StableRate(bound, batch, 2.0 / largest, trace / largest, "trace and largest eigenvalue", order)


def _optimum(problem: AbstractProblem, who: str) -> object:
    if problem.optimum is None:
        raise NotAvailableError(
            f"{who}: expected a problem that knows its optimum, got {problem!r}; build it with its teacher"
        )
    return problem.optimum


def _limit(moments: SecondMoments, batch: int) -> StableRate:
    return StableRate(
        moments.largest_stable_rate(batch),
        batch,
        2.0 / moments.largest,
        moments.trace / moments.largest,
        moments.method,
        moments.order,
    )


def _checked(problem: AbstractProblem | Network, batch: int, who: str) -> tuple[AbstractProblem, int]:
    problem = Problem(problem) if isinstance(problem, Network) else problem
    if not isinstance(problem, AbstractProblem):
        raise InputError(f"{who}: expected a problem or a Network, got {type(problem).__name__}")
    batch = check.integer(batch, who, "batch")
    if isinstance(problem, DataProblem) and batch > problem.n_samples:
        raise InputError(
            f"{who}: expected a batch of at most the n = {problem.n_samples} samples, got {batch}; "
            "the full gradient has the limit 2/λ_max"
        )
    return problem, batch


def _noise(problem: AbstractProblem, label_noise: float | None, who: str) -> float:
    if label_noise is None:
        return problem.label_noise if isinstance(problem, Problem) else 0.0
    v = check.number(label_noise, who, "label_noise", minimum=0.0)
    if v and isinstance(problem, DataProblem):
        raise NotAvailableError(
            f"{who}: expected fresh labels, got label noise on given samples, whose labels stay; use the population problem"
        )
    return v


def _displacement(problem: AbstractProblem, start: ArrayLike, who: str) -> np.ndarray:
    displacement = check.float_array(start, who, "start", ndim=1)
    size = problem.layout(problem.optimum).size if problem.optimum is not None else displacement.size
    check.same_length(displacement.size, size, who, "the length of the start and P")
    return displacement

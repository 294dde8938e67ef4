"""What noisy labels do beyond their floor: a slow drift to flatter minima, and a price a parameter for finite data."""

from __future__ import annotations

import numpy as np
import scipy.integrate
import scipy.linalg

from tutelage.activations.derivatives import derivative_tables
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.rules import GradientDescent
from tutelage.network import Network, require_plain
from tutelage.population import Problem, hessian_at_optimum
from tutelage.population.problem import population_problem
from tutelage.spectra import spectrum

_FLAT = 1e-11
"""Eigenvalues below this share of the largest are flat."""

_NODES = np.linspace(-9.0, 9.0, 241)
_WEIGHTS = np.exp(-(_NODES**2) / 2.0) / np.exp(-(_NODES**2) / 2.0).sum()


def trace_gradient(network: Network) -> np.ndarray:
    r""":math:`\nabla\,\mathrm{tr}H` at the optimum, shape (P,), from one-dimensional means: with r = |w| and z normal

    .. math:: \mathrm{tr}H = \sum_i a_i^2E[\sigma'(r_iz)^2(d - 1 + z^2)] + E[\sigma(r_iz)^2].
    """
    W, a = network.W, network.a
    r = np.linalg.norm(W, axis=1)
    value, slope, curvature = derivative_tables(network.activation, np.outer(r, _NODES))
    length = network.d - 1.0 + _NODES**2
    by_a = 2.0 * a * ((slope**2 * length) @ _WEIGHTS)
    radial = a**2 * ((slope * curvature * _NODES * length) @ _WEIGHTS) + (value * slope * _NODES) @ _WEIGHTS
    by_W = 2.0 * radial[:, None] * W / np.where(r > 0, r, 1.0)[:, None]
    return network.layout.flatten({"W": by_W, "a": by_a})


def flat_drift(network: Network, *, learning_rate: float, batch: int, label_noise: float) -> np.ndarray:
    r"""The velocity of SGD with noisy labels along its flat directions, shape (P,) (science C3):

    .. math:: \frac{d\theta}{dt} = -\frac{\eta v}{4B}\,\Pi_{\ker H}\nabla\,\mathrm{tr}H(\theta),\qquad t = \eta\times\text{steps},

    towards flatter minima. To leading order in η; the next order made it 4 to 9 % faster or slower in simulation.

    Parameters
    ----------
    network : Network
        A minimum of zero excess loss: the teacher, or any network that is the same function.
    learning_rate, batch, label_noise
        η, B and the VARIANCE v.

    Examples
    --------
    >>> one = Network([[2.0]], [1.0], "linear")   # H = (1, 2)(1, 2)ᵀ is flat along (2, −1); ∇tr H = 2 (2, 1)
    >>> flat_drift(one, learning_rate=0.1, batch=1, label_noise=0.4).round(3)
    array([-0.024,  0.012])
    """
    who = "flat_drift"
    require_plain(network, who)
    rate = check.number(learning_rate, who, "learning_rate", above=0.0)
    v = check.number(label_noise, who, "label_noise", minimum=0.0)
    speed = rate * v / (4.0 * check.integer(batch, who, "batch"))
    values, vectors = scipy.linalg.eigh(hessian_at_optimum(network).dense(), driver="evd")
    flat = vectors[:, values <= _FLAT * values[-1]]
    return -speed * (flat @ (flat.T @ trace_gradient(network)))


def predict_drift(
    network: Network,
    *,
    learning_rate: float,
    batch: int,
    label_noise: float,
    times: ArrayLike | None = None,
    steps: ArrayLike | None = None,
) -> Curve:
    r"""The trace of H along the drift of :func:`flat_drift`, and the floor that falls with it.

    Returns
    -------
    Curve
        ``records["trace"]`` is tr H; ``loss`` the floor for small rates, :math:`\frac{\eta v}{4B}\mathrm{tr}H`.

    Examples
    --------
    >>> one = Network([[2.0]], [1.0], "linear")
    >>> curve = predict_drift(one, learning_rate=0.1, batch=1, label_noise=0.4, times=[0.0, 1000.0])
    >>> curve.records["trace"].round(3)   # the flattest factors of 2 are equal: 2 · 2
    array([5., 4.])
    """
    rule = GradientDescent(learning_rate)
    ticks = clock(rule, times, steps, "predict_drift")
    go = {"learning_rate": rule.step_size, "batch": batch, "label_noise": label_noise}
    flat_drift(network, **go)  # its checks, before the solver's first step
    path = np.tile(network.theta, (ticks.times.size, 1))
    if ticks.times[-1] > 0:
        found = scipy.integrate.solve_ivp(
            lambda t, theta: flat_drift(network.with_theta(theta), **go), (0.0, ticks.times[-1]), network.theta,
            t_eval=ticks.times, rtol=1e-7, atol=1e-9,
        )  # fmt: skip
        path = found.y.T
    trace = np.array([hessian_at_optimum(network.with_theta(theta)).trace() for theta in path])
    floor = rule.step_size * label_noise / (4.0 * batch) * trace
    meta = {"label": "floor along the drift", "rule": rule.spec, "batch": batch, "label_noise": label_noise}
    return Curve(ticks.times, floor, steps=ticks.steps, records={"trace": trace}, meta=meta)


def data_excess(problem: Problem | Network, *, samples: int, label_noise: float | None = None) -> float:
    r"""The mean excess loss of a least-squares fit to n noisy labels near the teacher (science C4):

    .. math:: \epsilon \approx \frac{v\,\mathrm{rank}H}{2n},\qquad n \gg \mathrm{rank}H .

    Each EFFECTIVE parameter costs v/2n and flat directions nothing, so that the excess of many fits reads off their number.
    Linear networks have Gaussian gradients and exactly :math:`vr/2(n - r - 1)`; heavy tails of others come on top
    (a quarter at n = 10 rank).

    Parameters
    ----------
    problem : Problem or Network
    samples : int
        n.
    label_noise : float, optional
        v, a VARIANCE; that of the problem by default.

    Examples
    --------
    >>> from tutelage import sample_teacher
    >>> round(data_excess(sample_teacher("linear", d=6, k=8), samples=100, label_noise=0.01), 9)
    0.000322581
    """
    who = "data_excess"
    problem = population_problem(problem, who)
    n = check.integer(samples, who, "samples")
    v = problem.label_noise if label_noise is None else label_noise
    v = check.number(v, who, "label_noise", minimum=0.0)
    found = spectrum(problem.hessian(problem.teacher))
    r = found.numerical_rank().rank if found.rank is None else found.rank
    left = n - r - 1 if problem.teacher.activation.degree == 1 else n
    if n <= r + 1:
        raise InputError(
            f"{who}: expected more samples than rank H + 1 = {r + 1}, got {n}; fewer leave the fit undetermined"
        )
    return v * r / (2.0 * left)

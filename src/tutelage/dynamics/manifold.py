"""Zero-loss networks near a student: the nearest one, and the one its gradient flow ends at."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from tutelage.base.errors import InputError
from tutelage.dynamics.simulate import simulate
from tutelage.network import Network
from tutelage.operators import LossHessian
from tutelage.population import Problem

_CUT = 1e-9
"""Eigenvalues below this share of the largest are treated as flat by the projections: moving along them costs
less loss than 1e-9 of moving across, and dividing by them would leave the neighbourhood."""


def nearest_zero_loss(problem: Problem, student: Network, start: Network, rounds: int = 60) -> Network:
    r"""The zero-loss network nearest to the student, found from a zero-loss ``start`` of the problem by projected steps.

    Repeat: move from θ towards the student along the flat directions of H(θ), then fall back on the zero-loss
    set by Gauss-Newton steps :math:`-H^+\nabla\varepsilon` of least length. At a fixed point the displacement
    to the student is orthogonal to the flat directions, which is the condition of a nearest point. A network
    without flat directions stays where it is.
    """
    theta, wanted = start.theta, student.theta
    shrink = 1.0
    for _ in range(rounds):
        here = start.with_theta(theta)
        values, vectors = scipy.linalg.eigh(hessian_there(problem, here).dense(), driver="evd")
        flat = vectors[:, values <= _CUT * values[-1]]
        step = flat @ (flat.T @ (wanted - theta))
        if np.linalg.norm(step) <= 1e-12 * (1.0 + np.linalg.norm(wanted - theta)):
            break
        moved = fall(problem, start.with_theta(theta + shrink * step)).theta
        # Curvature of the set can make the full step overshoot; a shorter one then comes closer.
        if np.linalg.norm(wanted - moved) < np.linalg.norm(wanted - theta):
            theta = moved
        else:
            shrink /= 2.0
            if shrink < 1e-3:
                break
    return start.with_theta(theta)


def limit_point(problem: Problem, student: Network, horizon: float = 1e4) -> tuple[Network, bool]:
    r""":math:`\theta_\infty`: the flow followed for a long time, then Gauss-Newton steps of least length.

    Returns the network and whether its loss is below 1e-14 of the student's, the round-off of the expanded
    loss.
    """
    before = problem.loss(student)
    if before == 0.0:
        return student, True
    kept: list[Network] = []
    largest = float(scipy.linalg.eigvalsh(problem.hessian(student).dense(), driver="evd")[-1])
    simulate(problem, student, "flow", times=[horizon / largest], record=lambda s: kept.append(s) or 0.0)
    if not kept:
        raise InputError(
            "limit_point: the flow could not be followed; the student may be at a point without a gradient"
        )
    end = fall(problem, kept[-1])
    return end, problem.loss(end) <= 1e-14 * before


def hessian_there(problem: Problem, network: Network) -> LossHessian:
    """The outer part at a network, which is its Hessian where it has no loss."""
    return Problem(network, problem.inputs).hessian(network)


def fall(problem: Problem, network: Network, rounds: int = 20) -> Network:
    r"""Gauss-Newton steps of least length, :math:`\theta \leftarrow \theta - H^+\nabla\varepsilon`, while
    they help."""
    loss = problem.loss(network)
    for _ in range(rounds):
        gradient = problem.gradient(network)
        values, vectors = scipy.linalg.eigh(hessian_there(problem, network).dense(), driver="evd")
        steep = values > _CUT * values[-1]
        step = vectors[:, steep] @ ((vectors[:, steep].T @ gradient) / values[steep])
        candidate = network.with_theta(network.theta - step)
        after = problem.loss(candidate)
        if not after < loss:
            break
        network, loss = candidate, after
    return network

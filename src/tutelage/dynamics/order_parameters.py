r"""Online SGD by its order parameters: closed equations for the overlaps of student and teacher (science 10a, 10.1)."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import scipy.integrate

from tutelage.activations.closed_form import Elementary
from tutelage.activations.pair_geometry import PairMoments
from tutelage.base import check
from tutelage.base.errors import NotAvailableError
from tutelage.base.types import ArrayLike
from tutelage.dynamics.clock import clock
from tutelage.dynamics.curve import Curve
from tutelage.dynamics.four_points import (
    closed_coefficients,
    erf_residual_products,
    polynomial_residual_products,
)
from tutelage.dynamics.rules import GradientDescent
from tutelage.dynamics.setting import Start, setting
from tutelage.network import Network, require_plain
from tutelage.population import Problem
from tutelage.population.problem import population_problem

Overlaps: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Q (k, k), M (k, k_*) and a (k,)."""

_STEP = 1e-4
"""Of the differences of fourth order that linearise: truncation and round-off both leave 1e-12."""


@dataclasses.dataclass(frozen=True, eq=False)
class OnlineEquations:
    r"""Mean motion of :math:`Q = WW^T`, :math:`M = WW_*^T` and a under SGD with one rate for both layers (science 10a).

    In t = η × steps, with Z the rows of (W; W_*), c = (a, −a_*), G = ZZᵀ and :math:`e = f - f_* - \sqrt v\,\zeta`,

    .. math:: \dot M_{ir} = V_{ir},\quad \dot a_i = -\textstyle\sum_l c_lk_{00}(i, l),\quad
       \dot Q_{ij} = V_{ij} + V_{ji} + \tfrac{\eta}{B}a_ia_jE[|x|^2e^2\sigma'_i\sigma'_j]
       + \eta(1 - \tfrac1B)\,\bar g_i\cdot\bar g_j,

    :math:`V = -\bar gZ^T` the flow of the population loss. One step from given overlaps has exactly this mean at any d:
    :math:`E[|x|^2h] = d\,E[h] + E[x\cdot\nabla h]`.

    Attributes
    ----------
    teacher : Network
        Its activation is erf(su) or c_1 u + c_2 u², linear and u² included; any widths.
    learning_rate : float
        η; 0 is the gradient flow, of any elementary activation.
    batch : int
    label_noise : float
        v, a variance.
    trained : tuple of str
        "W", "a" or both.
    """

    teacher: Network
    learning_rate: float
    batch: int = 1
    label_noise: float = 0.0
    trained: tuple[str, ...] = ("W", "a")

    def __post_init__(self) -> None:
        sigma = require_plain(self.teacher, "OnlineEquations").activation
        closed = sigma.erf_scale is not None or closed_coefficients(sigma) is not None
        if not closed and (self.learning_rate or not isinstance(sigma, Elementary)):
            raise NotAvailableError(
                f"OnlineEquations: expected erf(su) or c1 u + c2 u^2 (linear, quadratic, u^2), got {sigma.spec}; their "
                "equations are closed at any widths of student and teacher, and simulate serves any activation"
            )

    def of(self, student: Network) -> Overlaps:
        """The overlaps of a student."""
        return student.W @ student.W.T, student.W @ self.teacher.W.T, student.a

    def loss(self, overlaps: Overlaps) -> float:
        """ε, without v/2."""
        G, c = self._joined(overlaps)
        q = np.diag(G)
        kernel = self._tables(q[:, None], G, q[None, :]).k00
        return max(float(0.5 * c @ kernel @ c), 0.0)

    def velocity(self, overlaps: Overlaps) -> Overlaps:
        """dQ/dt, dM/dt, da/dt."""
        dQ, dM, da = self._drift(overlaps)
        if self.learning_rate and "W" in self.trained:
            dQ = dQ + self.learning_rate * self._diffusion(overlaps)
        return dQ, dM, da

    def _drift(self, overlaps: Overlaps) -> Overlaps:
        """The gradient flow of the population loss."""
        G, _ = self._joined(overlaps)
        k = overlaps[2].shape[0]
        g, da = self._gradient(overlaps)
        V = -(g @ G)
        kept = {name: 1.0 if name in self.trained else 0.0 for name in ("W", "a")}
        return kept["W"] * (V[:, :k] + V[:, :k].T), kept["W"] * V[:, k:], kept["a"] * da

    def _gradient(self, overlaps: Overlaps) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (k, K) of the mean gradients ḡ_i over the rows of Z, and −∂ε/∂a."""
        G, c = self._joined(overlaps)
        a = overlaps[2]
        k, q = a.shape[0], np.diagonal(G)
        t = self._tables(q[:k, None], G[:k], q[None, :])
        own = np.concatenate([np.diag(t.k20 @ c), np.zeros((k, q.shape[0] - k))], axis=1)
        return a[:, None] * (own + t.k11 * c), -(t.k00 @ c)

    def _diffusion(self, overlaps: Overlaps) -> np.ndarray:
        """What a step adds to Q at second order in the rate, over η² (k, k)."""
        G, c = self._joined(overlaps)
        a, d, v = overlaps[2], self.teacher.d, self.label_noise
        k, sigma = a.size, self.teacher.activation
        if sigma.erf_scale is not None:
            mean, growth = erf_residual_products(sigma.erf_scale, G, c, k, v)
        else:
            mean, growth = polynomial_residual_products(closed_coefficients(sigma) or (0.0, 0.0), G, c, k, v)
        noise = d * mean + growth
        g, _ = self._gradient(overlaps)
        return np.outer(a, a) * noise / self.batch + (1.0 - 1.0 / self.batch) * (g @ G @ g.T)

    def _joined(self, overlaps: Overlaps) -> tuple[np.ndarray, np.ndarray]:
        Q, M, a = overlaps
        T = self.teacher.W @ self.teacher.W.T
        return np.block([[Q, M], [M.T, T]]), np.concatenate([a, -self.teacher.a])

    def _tables(self, q_uu: np.ndarray, q_uv: np.ndarray, q_vv: np.ndarray) -> PairMoments:
        sigma = self.teacher.activation
        assert isinstance(sigma, Elementary), "checked"
        t = sigma.tables(q_uu, q_uv, q_vv, np)
        return t._replace(**{n: np.broadcast_to(getattr(t, n), q_uv.shape) for n in ("k00", "k11", "k20")})


def predict_overlaps(
    problem: Problem | Network,
    start: Start,
    *,
    learning_rate: float,
    batch: int = 1,
    times: ArrayLike | None = None,
    steps: ArrayLike | None = None,
    label_noise: float | None = None,
    seed: int = 0,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    label: str = "order parameters",
) -> Curve:
    r"""Online SGD from anywhere, by :class:`OnlineEquations`: the loss and the overlaps at recorded times (science 10a).

    Deterministic for large d at fixed η d/B. Near the optimum :func:`predict_sgd` is exact at any d.

    Parameters
    ----------
    problem : Problem or Network
        Standard normal inputs, networks without biases; erf(su) or c_1 u + c_2 u².
    start : NoisyTeacher, RandomStart, Network or array_like (P,)
        As in :func:`simulate`, of any width.
    learning_rate : float
        η, one for both layers.
    batch : int
        B fresh inputs a step.
    times, steps : array_like (n,)
        Exactly one.
    label_noise : float, optional
        v, a VARIANCE; that of the problem by default.
    seed : int
        Of the start.
    rtol, atol : float
        Of LSODA.

    Returns
    -------
    Curve
        ``loss`` without v/2; ``records["Q"]`` (n, k, k), ``records["M"]`` (n, k, k_*), ``records["a"]`` (n, k).

    Raises
    ------
    NotAvailableError
        Another activation; the message says which are closed.

    Examples
    --------
    >>> from tutelage import Network
    >>> teacher, student = Network([[1.0]], [1.0], "linear"), Network([[2.0]], [1.0], "linear")
    >>> curve = predict_overlaps(teacher, student, learning_rate=0.01, steps=[0, 100])
    >>> [f"{loss:.2g}" for loss in curve.loss], curve.records["Q"].shape
    (['0.5', '0.00038'], (2, 1, 1))
    """
    who = "predict_overlaps"
    problem = population_problem(problem, who)
    rule, batch = GradientDescent(learning_rate), check.integer(batch, who, "batch")
    v = problem.label_noise if label_noise is None else label_noise
    v = check.number(v, who, "label_noise", minimum=0.0)
    ticks = clock(rule, times, steps, who)
    place = setting(problem, start, None, None, 1, check.integer(seed, who, "seed", minimum=0), who)
    student = place.template
    assert isinstance(student, Network), "of a problem with a teacher"
    trained = problem.layout(student).trained
    equations = OnlineEquations(problem.teacher, rule.step_size, batch, v, tuple(trained))
    Q, M, a = _solve(equations, equations.of(student), ticks.times, rtol, atol)
    loss = np.array([equations.loss(one) for one in zip(Q, M, a, strict=True)])
    meta = {"label": label, "rule": rule.spec, "batch": batch, "label_noise": v, "method": "order parameters"}
    return Curve(ticks.times, loss, steps=ticks.steps, records={"Q": Q, "M": M, "a": a}, meta=meta)


def _solve(
    equations: OnlineEquations, start: Overlaps, times: np.ndarray, rtol: float, atol: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first, shape = _pack(start), start[1].shape
    path = np.full((times.size, first.size), np.nan)
    path[times == 0.0] = first
    if times[-1] > 0.0:
        found = scipy.integrate.solve_ivp(
            lambda t, y: _pack(equations.velocity(_unpack(y, shape))), (0.0, times[-1]), first, "LSODA", times,
            rtol=rtol, atol=atol,
        )  # fmt: skip
        path[: found.y.shape[1]] = found.y.T
    Q, M, a = zip(*(_unpack(y, shape) for y in path), strict=True)
    return np.stack(Q), np.stack(M), np.stack(a)


def _pack(overlaps: Overlaps) -> np.ndarray:
    """Q above its diagonal, M and a as one vector."""
    Q, M, a = overlaps
    return np.concatenate([Q[np.triu_indices(a.size)], M.reshape(-1), a])


def _unpack(y: np.ndarray, shape: tuple[int, ...]) -> Overlaps:
    k, k_star = shape
    i, j = np.triu_indices(k)
    Q = np.empty((k, k))
    Q[i, j] = Q[j, i] = y[: i.size]
    return Q, y[i.size : i.size + k * k_star].reshape(k, k_star), y[i.size + k * k_star :]


def overlap_rates(teacher: Network) -> np.ndarray:
    r"""Rates of the equations at student = teacher, η d → 0, ascending, shape (k(k + 1)/2 + k² + k,) (science 10.1).

    They are the eigenvalues of the Hessian inside the span of the neurons together with :math:`c_i + c_j`, c those
    outside: where order parameters meet the spectrum of [C25]. By differences, to 1e-11 of the largest.

    Raises
    ------
    NotAvailableError
        An activation whose tables are not elementary.

    Examples
    --------
    >>> from tutelage import Network
    >>> overlap_rates(Network([[2.0]], [3.0], "linear")).round(9) + 0.0   # H: 13 and 0 inside, 9 outside
    array([ 0., 13., 18.])
    """
    equations = OnlineEquations(teacher, 0.0)
    start = equations.of(teacher)
    at, shape = _pack(start), start[1].shape
    columns = [
        sum(
            weight * _pack(equations.velocity(_unpack(at + shift * _STEP * unit, shape)))
            for shift, weight in ((1, 8.0), (-1, -8.0), (2, -1.0), (-2, 1.0))
        )
        for unit in np.eye(at.size)
    ]
    jacobian = np.stack(columns, axis=1) / (12.0 * _STEP)
    return np.sort(np.linalg.eigvals(-jacobian).real)

r"""L-BFGS on many problems at once: each row has its own memory, its own step and its own end.

Every evaluation tries one step of every open row. A row whose step satisfies the weak Wolfe conditions takes it; one whose
step is too long or too short halves or doubles it (Lewis and Overton 2013), so that rows never wait for each other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(x (b, P), rows (b,)) -> values (b,) and gradients (b, P) of the problems with these numbers."""

_MEMORY = 10
_ARMIJO, _CURVATURE = 1e-4, 0.9
# Halvings and doublings of one step after which a row is given up: then rounding hides any descent.
_TRIALS = 40


@dataclasses.dataclass(frozen=True, eq=False)
class Minimum:
    """Where B runs ended: ``x`` (B, P), ``value`` (B,), ``gradient`` (B, P), accepted ``steps`` (B,)."""

    x: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    steps: np.ndarray


def minimize_rows(
    evaluate: Evaluate,
    start: np.ndarray,
    *,
    value: float = -np.inf,
    gradient: float = 0.0,
    max_steps: int = 3000,
) -> Minimum:
    """Minimise B problems of P unknowns from ``start`` (B, P).

    Parameters
    ----------
    evaluate : callable
        Values and gradients of some rows at once.
    value, gradient : float
        A row ends when its value or the norm of its gradient is as small as this, or when no step lowers its value.
    max_steps : int
        Accepted steps allowed to each row.
    """
    rows = np.arange(len(start))
    f, g = evaluate(start, rows)
    end = Minimum(start.copy(), f.copy(), g.copy(), np.zeros(len(start), dtype=int))
    state = _State(rows, start, f, g)
    while True:
        done = (state.f <= value) | (np.linalg.norm(state.g, axis=1) <= gradient) | (state.trials > _TRIALS)
        done |= state.steps >= max_steps
        if done.any():
            state.write(done, end)
            state.keep(~done)
        if not state.rows.size:
            return end
        trial = state.x + state.t[:, None] * state.p
        state.judge(trial, *evaluate(trial, state.rows))


class _State:
    """The open rows: point, memory, direction p, step t and its bracket."""

    def __init__(self, rows: np.ndarray, x: np.ndarray, f: np.ndarray, g: np.ndarray):
        b, P = x.shape
        self.rows, self.x, self.f, self.g = rows, x.copy(), f, g
        self.S, self.Y, self.rho = (
            np.zeros((_MEMORY, b, P)),
            np.zeros((_MEMORY, b, P)),
            np.zeros((_MEMORY, b)),
        )
        self.steps, self.scale = np.zeros(b, dtype=int), np.ones(b)
        self.p = -g
        self.low, self.high, self.trials = np.zeros(b), np.full(b, np.inf), np.zeros(b, dtype=int)
        # The first step has length one or the gradient's, whichever is shorter.
        self.t = 1 / np.maximum(np.linalg.norm(g, axis=1), 1.0)

    def keep(self, which: np.ndarray) -> None:
        for name in ("rows", "x", "f", "g", "steps", "scale", "p", "low", "high", "trials", "t"):
            setattr(self, name, getattr(self, name)[which])
        self.S, self.Y, self.rho = self.S[:, which], self.Y[:, which], self.rho[:, which]

    def write(self, which: np.ndarray, end: Minimum) -> None:
        rows = self.rows[which]
        end.x[rows], end.value[rows], end.gradient[rows] = self.x[which], self.f[which], self.g[which]
        end.steps[rows] = self.steps[which]

    def judge(self, trial: np.ndarray, f: np.ndarray, g: np.ndarray) -> None:
        """Take the steps that are good; shorten or lengthen the others."""
        slope = _dot(self.g, self.p)
        long = ~(f <= self.f + _ARMIJO * self.t * slope)
        short = ~long & (_dot(g, self.p) < _CURVATURE * slope)
        self.high, self.low = np.where(long, self.t, self.high), np.where(short, self.t, self.low)
        self.t = np.where(np.isfinite(self.high), (self.low + self.high) / 2, 2 * self.t)
        self.trials += 1
        if (good := ~(long | short)).any():
            self._accept(np.flatnonzero(good), trial, f, g)

    def _accept(self, good: np.ndarray, trial: np.ndarray, f: np.ndarray, g: np.ndarray) -> None:
        s, y = trial[good] - self.x[good], g[good] - self.g[good]
        curvature, size = _dot(s, y), _dot(y, y)
        # Positive by the Wolfe conditions, but for rounding: such a pair is kept without effect.
        sound = curvature > 1e-14 * np.sqrt(_dot(s, s) * size)
        rho = np.where(sound, 1 / np.where(sound, curvature, 1.0), 0.0)
        self.scale[good] = np.where(sound, curvature / np.where(sound, size, 1.0), self.scale[good])
        for memory, fresh in ((self.S, s), (self.Y, y), (self.rho, rho)):
            memory[:-1, good] = memory[1:, good]
            memory[-1, good] = fresh
        self.x[good], self.f[good], self.g[good] = trial[good], f[good], g[good]
        self.p[good] = -self._apply_inverse_hessian(good)
        self.steps[good] += 1
        self.low[good], self.high[good], self.t[good], self.trials[good] = 0.0, np.inf, 1.0, 0

    def _apply_inverse_hessian(self, good: np.ndarray) -> np.ndarray:
        """The two-loop recursion on the gradient; empty places of the memory have rho = 0 and do nothing."""
        S, Y, rho = self.S[:, good], self.Y[:, good], self.rho[:, good]
        q, weights = self.g[good].copy(), np.zeros(rho.shape)
        for j in reversed(range(_MEMORY)):
            weights[j] = rho[j] * _dot(S[j], q)
            q -= weights[j, :, None] * Y[j]
        q *= self.scale[good, None]
        for j in range(_MEMORY):
            q += (weights[j] - rho[j] * _dot(Y[j], q))[:, None] * S[j]
        return q


def _dot(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.einsum("bp,bp->b", u, v)

r"""Does a linear space of symmetric matrices contain a positive definite one? A batched interior-point method.

For :math:`Q = \mathrm{span}(S_1,\dots,S_p) \subset \mathrm{Sym}(q)` exactly one of two strict statements holds,
except on a set of measure zero: Q contains a positive definite matrix, or its orthogonal complement does (Gordan's
alternative on the cone of semidefinite matrices). Both are read off one semidefinite programme,

.. math::
    t^* = \max\{\, t : S \succeq t I,\ \operatorname{tr} S = q,\ S \in Q \,\}, \qquad
    q\nu^* = t^*,\quad \nu^* = \min\{\nu : Z \succeq 0,\ \operatorname{tr} Z = 1,\ Z - \nu I \perp Q\},

whose sign decides. The method stops at the first iterate that settles the sign: a positive definite S in Q, or
a dual Z with :math:`Z - \nu I \succ 0` in the complement. Every problem of a batch carries its own barrier weight.
"""

from __future__ import annotations

import dataclasses

import numpy as np

# A margin this far above rounding (q·1e-16) separates a decision from numerical noise; below it: undecided.
DECISION_MARGIN = 1e-9
MAX_ITERATIONS = 80


@dataclasses.dataclass
class Alternative:
    """The outcome for a batch of B spaces.

    ``verdict`` (B,): +1 a positive definite matrix in Q, −1 one in the complement, 0 undecided.
    ``inside`` (B, p): coefficients y of S = Σ y_j S_j (trace q). ``outside`` (B, q, q): a matrix orthogonal to Q.
    ``margin`` (B,): smallest eigenvalue of S over its mean eigenvalue 1, or of the complement's matrix of trace q.
    """

    verdict: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    margin: np.ndarray
    iterations: np.ndarray


def definite_alternative(S: np.ndarray, max_iterations: int = MAX_ITERATIONS) -> Alternative:
    """Decide for each basis ``S`` of shape (B, p, q, q), orthonormal in the Frobenius product.

    Returns an :class:`Alternative`. Exact arithmetic is not used: callers verify the witnesses
    (:mod:`tutelage.quadratic.uniqueness`).
    """
    B, p, q, _ = S.shape
    traces = np.trace(S, axis1=-2, axis2=-1)
    size = np.sqrt(np.sum(traces**2, axis=-1))
    result = Alternative(
        verdict=np.zeros(B, dtype=int),
        inside=np.zeros((B, p)),
        outside=np.broadcast_to(np.eye(q), (B, q, q)).copy(),
        margin=np.zeros(B),
        iterations=np.zeros(B, dtype=int),
    )
    # A traceless space is orthogonal to the identity, which is then the witness of the complement.
    traceless = size <= 1e-12 * np.sqrt(q)
    result.verdict[traceless], result.margin[traceless] = -1, 1.0
    active = np.flatnonzero(~traceless)
    if active.size:
        _Run(S[active], traces[active] / size[active, None], active, result).solve(max_iterations)
    return result


class _Run:
    """State of the problems still undecided: coefficients z of the traceless directions and of −I (t), barrier weight mu."""

    def __init__(self, S: np.ndarray, unit: np.ndarray, index: np.ndarray, result: Alternative):
        B, p, q, _ = S.shape
        self.index, self.result, self.q = index, result, q
        # Householder reflection taking the first basis vector to `unit`: rows of R are orthonormal, row 0 = ±unit.
        v = unit.copy()
        v[:, 0] += np.where(unit[:, 0] >= 0, 1.0, -1.0)
        R = np.eye(p) - 2 * v[:, :, None] * v[:, None, :] / np.sum(v**2, axis=-1)[:, None, None]
        rotated = R @ S.reshape(B, p, q * q)
        self.R, self.scale = R, q / rotated[:, 0, :: q + 1].sum(axis=1)
        self.base = rotated[:, 0].reshape(B, q, q) * self.scale[:, None, None]
        self.directions = np.concatenate(
            [rotated[:, 1:], np.broadcast_to(-np.eye(q).ravel(), (B, 1, q * q))], axis=1
        )
        self.z = np.zeros((B, p))
        self.z[:, -1] = np.linalg.eigvalsh(self.base)[:, 0] - 1.0
        self.mu = np.ones(B)

    def solve(self, max_iterations: int) -> None:
        for iteration in range(1, max_iterations + 1):
            step, F = self._newton()
            self._complement(F)
            self._advance(step, np.linalg.eigvalsh(F))
            room = np.linalg.eigvalsh(self._slack())[:, 0]
            self._inside(room + self.z[:, -1])
            self.result.iterations[self.index] = iteration
            open_ = self.result.verdict[self.index] == 0
            # The optimum is zero to rounding: neither side will be found.
            open_ &= (self.mu * self.q > 1e-12) & (room > 1e-14)
            if not open_.any():
                return
            if not open_.all():
                self._keep(open_)

    def _slack(self) -> np.ndarray:
        """S − tI."""
        return self.base + (self.z[:, None, :] @ self.directions).reshape(self.base.shape)

    def _newton(self) -> tuple[np.ndarray, np.ndarray]:
        """Newton step of t/mu + log det(S − tI) in (z, t), and that step F seen through the Cholesky factor."""
        B, m, q = *self.z.shape, self.q
        self.inverse = np.linalg.inv(np.linalg.cholesky(self._slack()))
        half = (self.directions.reshape(B, m * q, q) @ self.inverse.mT).reshape(B, m, q, q)
        seen = (self.inverse[:, None] @ half).reshape(B, m, q * q)
        gradient = seen[:, :, :: q + 1].sum(axis=2)
        gradient[:, -1] += 1.0 / self.mu
        H = seen @ seen.mT
        np.einsum("bjj->bj", H)[...] *= 1 + 1e-14  # a view of the diagonal
        step = np.linalg.solve(H, gradient[..., None])[..., 0]
        return step, (step[:, None, :] @ seen).reshape(B, q, q)

    def _threshold(self) -> np.ndarray:
        """Margin to stop at: near the best attainable one, which the barrier weight approaches from above."""
        return np.clip(0.5 * self.mu, DECISION_MARGIN, 1e-2)

    def _complement(self, F: np.ndarray) -> None:
        """The dual matrix of the Newton step: orthogonal to the traceless part of Q and of trace 1 exactly."""
        q = self.q
        Z = self.mu[:, None, None] * (self.inverse.mT @ (np.eye(q) - F) @ self.inverse)
        nu = np.sum(Z * self.base, axis=(-2, -1)) / q
        N = Z - nu[:, None, None] * np.eye(q)
        trace = np.trace(N, axis1=-2, axis2=-1)
        # Trace 1 − qν is zero where Q is all of Sym(q): its complement holds nothing.
        positive = trace > 1e-6
        N = N * (q / np.where(positive, trace, 1.0))[:, None, None]
        lowest = np.where(positive, np.linalg.eigvalsh(N)[:, 0], -1.0)
        found = lowest > self._threshold()
        rows = self.index[found]
        self.result.verdict[rows] = -1
        self.result.outside[rows] = N[found]
        self.result.margin[rows] = lowest[found]

    def _advance(self, step: np.ndarray, values: np.ndarray) -> None:
        """Exact line search along the Newton step, whose F has these eigenvalues, then a smaller barrier weight where the
        step was a good one."""
        length = _longest_rise(values, step[:, -1] / self.mu)
        self.z = self.z + length[:, None] * step
        decrement = np.sqrt(np.sum(values**2, axis=-1))
        # Below 1 the dual matrix of this step was semidefinite: this weight has said all it can.
        self.mu = np.where(decrement < 0.8, self.mu / 10.0, self.mu)

    def _inside(self, lowest: np.ndarray) -> None:
        """Where S, of these smallest eigenvalues, is definite enough."""
        found = (lowest > self._threshold()) & (self.result.verdict[self.index] == 0)
        rows = self.index[found]
        y = np.concatenate([self.scale[:, None], self.z[:, :-1]], axis=1)
        self.result.verdict[rows] = 1
        self.result.inside[rows] = (y[:, None, :] @ self.R)[found, 0]
        self.result.margin[rows] = lowest[found]

    def _keep(self, rows: np.ndarray) -> None:
        for name in ("index", "R", "scale", "base", "directions", "z", "mu"):
            setattr(self, name, getattr(self, name)[rows])


def _longest_rise(values: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The zero in α of slope + Σ v/(1 + αv), which falls, up to 0.99 of the way to its pole and to 1e3; one a row (B, q).

    It is found in a cell of a grid, and there by Halley's iteration, exact for a single pole: to 1e-9 of that way.
    """
    reach = np.minimum(np.where(values[:, 0] < 0, -0.99 / np.minimum(values[:, 0], -1e-300), np.inf), 1e3)
    # In units of the reach, with the sums along the first axis.
    v, least = (values * reach[:, None]).T, -slope * reach
    grid = np.arange(1, 32) / 32
    low = np.sum(np.sum(v[..., None] / (1 + grid * v[..., None]), axis=0) > least[:, None], axis=1) / 32
    found = low + 1 / 64
    for _ in range(3):
        w = v / (1 + found * v)
        square = w * w
        g, first, second = w.sum(axis=0) - least, square.sum(axis=0), (square * w).sum(axis=0)
        # At most a thousand Newton steps: beyond, the cell ends first.
        step = g * first / np.maximum(first * first - g * second, 1e-3 * first * first + np.finfo(float).tiny)
        found = np.minimum(np.maximum(found + step, low), low + 1 / 32)
    return found * reach

"""Estimate: a number that was sampled, with its standard error. Draws: independent quadrature rules of one measure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import scipy  # scipy.special is loaded at first use: 40 ms

from tutelage.base.errors import InputError

Rule = tuple[np.ndarray, np.ndarray]
"""Nodes and weights."""

Statistic = Callable[[np.ndarray, np.ndarray], float]
"""A number made of nodes and weights: ``lambda points, weights: weights @ points`` is the trace."""


class Estimate(float):
    """A number with the standard error of how it was sampled; a float wherever one is wanted.

    Arithmetic gives plain floats: errors are not propagated.

    Parameters
    ----------
    value : float
    error : float
        Standard error; 0 where nothing was sampled, infinite where one sample says nothing of it.
    n : int
        Independent samples behind the error.
    converged : bool
        False where a bias that more products would remove is not below the error.

    Examples
    --------
    >>> trace = Estimate(9.98, 0.01, n=25)
    >>> trace
    9.98 ± 0.01 (n = 25)
    >>> low, high = trace.interval(0.95)
    >>> low < 10.0 < high
    True
    """

    __slots__ = ("converged", "error", "n")
    error: float
    n: int
    converged: bool

    def __new__(cls, value: float, error: float, n: int, converged: bool = True) -> Estimate:
        try:
            found = super().__new__(cls, value)
            found.error, found.n, found.converged = float(error), int(n), bool(converged)
        except (ValueError, OverflowError) as wrong:
            raise InputError(
                f"Estimate: expected numbers, got {value!r}, {error!r}, {n!r} ({wrong})"
            ) from None
        return found

    @property
    def value(self) -> float:
        """The number as a plain float."""
        return float(self)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where the true value lies in this share of cases: Student's t with n − 1 degrees of freedom."""
        if not self.error or not np.isfinite(self.error):
            return self.value - self.error, self.value + self.error
        half = float(scipy.special.stdtrit(max(self.n - 1, 1), 0.5 + level / 2)) * self.error
        return self.value - half, self.value + half

    def __reduce__(self) -> tuple[type, tuple[float, float, int, bool]]:
        return Estimate, (float(self), self.error, self.n, self.converged)

    def __repr__(self) -> str:
        doubt = "" if self.converged else ", NOT converged"
        # Two digits of the error, and the value to the same place.
        digits = 6
        if self.error and np.isfinite(self.error) and self.value:
            digits = int(np.clip(np.ceil(np.log10(abs(self.value) / self.error)) + 1, 2, 15))
        return f"{self.value:.{digits}g} ± {self.error:.2g} (n = {self.n}{doubt})"

    __str__ = __repr__


def jackknifed(without: Sequence[float] | np.ndarray) -> float:
    r"""Standard error :math:`\sqrt{\frac{n-1}{n}\sum_i(t_{(i)} - \bar t)^2}` of values that leave one sample out each.

    Exact for means; infinite for a single sample. Source: Efron and Stein, Annals of Statistics 1981.
    """
    left_out = np.asarray(without, dtype=np.float64)
    n = left_out.size
    if n < 2:
        return float("inf")
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


@dataclasses.dataclass(frozen=True, eq=False)
class Draws:
    """Independent quadrature rules of one measure, each of its whole mass, with coarser ones of the same starts.

    Attributes
    ----------
    rules : tuple of (nodes, weights)
    coarse : tuple of (nodes, weights)
        With half the steps: where a number made of them differs, the steps are too few for it. The rules themselves where
        no step is left out.
    """

    rules: tuple[Rule, ...]
    coarse: tuple[Rule, ...]

    def estimate(self, statistic: Statistic) -> Estimate:
        """A number of the mean of the rules, its error by leaving out one rule at a time."""
        n = len(self.rules)
        value = float(statistic(*pooled(self.rules)))
        without = (
            [statistic(*pooled(self.rules[:i] + self.rules[i + 1 :])) for i in range(n)] if n > 1 else []
        )
        error = jackknifed(without)
        bias = abs(value - float(statistic(*pooled(self.coarse))))
        return Estimate(value, error, n, bool(bias <= max(error, 1e-9 * abs(value))))

    def integrals(self, function: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard error of the integral of a function of shape (..., nodes), elementwise."""
        each = np.stack([np.asarray(function(nodes)) @ weights for nodes, weights in self.rules])
        n = len(each)
        if n == 1:
            return each[0], np.full_like(each[0], np.inf)
        return each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(n)

    def scaled(self, factor: float) -> Draws:
        """Of the image under x -> factor * x."""
        rules, coarse = (
            tuple((nodes * factor, weights) for nodes, weights in part) for part in (self.rules, self.coarse)
        )
        return Draws(rules, coarse)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        r"""The distribution function: the mean over rules of the middle of its bounds at every node, straight between them.

        Half of a node's weight thus lies to its left and half to its right, which is nearer to a continuous spectrum than a
        step. A node that half the steps had already found is an eigenvalue, and keeps its weight to itself; so does the
        outer half of the first and the last one, beyond which there is nothing.
        """
        pairs = zip(self.rules, self.coarse, strict=True)
        return np.mean([_interpolated(rule, coarse, x) for rule, coarse in pairs], axis=0)

    def band(self, x: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        r"""Bounds of the distribution function at x, each of shape x.

        For every rule, :math:`\sum_{j<i} w_j \le \mu(-\infty, \theta_i) \le \mu(-\infty, \theta_i] \le \sum_{j\le i} w_j`
        (Chebyshev, Markov, Stieltjes; Szegő, Orthogonal Polynomials, 3.41): what its steps leave open. Their means are
        widened by what the starts leave open, Student's t at ``level``.
        """
        bounds = np.array([_bounds(rule, x) for rule in self.rules])
        n = len(bounds)
        mean = bounds.mean(axis=0)
        spread = bounds.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full_like(mean, np.inf)
        width = scipy.special.stdtrit(max(n - 1, 1), 0.5 + level / 2) * spread
        mass = float(self.rules[0][1].sum())
        return np.clip(mean[0] - width[0], 0.0, mass), np.clip(mean[1] + width[1], 0.0, mass)


def pooled(rules: Sequence[Rule]) -> Rule:
    """The mean of rules as one."""
    nodes, weights = zip(*rules, strict=True)
    return np.concatenate(nodes), np.concatenate(weights) / len(rules)


_FOUND = 1e-3
"""A node that moves by less than this share of the distance to its neighbours no longer moves."""


_SAME = 1e-13
"""Of the largest node: the distance of two that are one."""

_GHOST = 1e-12
"""Nodes of less than this share are copies of others that rounding made, beside them."""


def _interpolated(rule: Rule, coarse: Rule, x: np.ndarray) -> np.ndarray:
    real = rule[1] > _GHOST * rule[1].sum()
    nodes, weights = _merged(rule[0][real], rule[1][real])
    upto = np.cumsum(weights)
    gaps = np.diff(nodes, prepend=-np.inf, append=np.inf)
    moved = np.abs(nodes[:, None] - coarse[0]).min(axis=1)
    half = np.where(moved <= _FOUND * np.minimum(gaps[:-1], gaps[1:]), 0.0, weights / 2)
    low, high = upto - weights + half, upto - half
    low[0], high[-1] = 0.0, upto[-1]
    # Two knots a node: the function jumps between them where they differ, and is continuous from the right.
    places, heights = np.repeat(nodes, 2), np.stack([low, high], axis=1).ravel()
    before = np.searchsorted(places, x, side="right") - 1
    left = np.clip(before, 0, places.size - 2)
    width = np.where(places[left + 1] > places[left], places[left + 1] - places[left], 1.0)
    between = heights[left] + (heights[left + 1] - heights[left]) * np.clip((x - places[left]) / width, 0, 1)
    return np.where(before < 0, 0.0, np.where(before >= places.size - 1, upto[-1], between))


def _merged(nodes: np.ndarray, weights: np.ndarray) -> Rule:
    """Nodes that differ by rounding as one: LAPACK shares the weight of an eigenvalue among its copies as it likes."""
    apart = np.diff(nodes) > _SAME * np.abs(nodes).max(initial=0.0)
    first = np.flatnonzero(np.append(True, apart))
    return nodes[first], np.add.reduceat(weights, first)


def _bounds(rule: Rule, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between two nodes the function is at least its least value at the lower and at most that below the upper one."""
    nodes, weights = rule
    below = np.concatenate([[0.0, 0.0], np.cumsum(weights), [weights.sum()]])
    index = np.searchsorted(nodes, x, side="right")  # nodes up to x
    return below[index], below[index + 2]

"""The Hessian of a finite sample at the optimum: the population's eigenvalues smeared by Silverstein's equation."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import moment_order
from tutelage.laws.equivalent import Equivalent
from tutelage.laws.free import free_moments
from tutelage.laws.transform import Piece, TransformLaw

_BISECTIONS = 70
_ZERO = 1e-13
"""Eigenvalues below this share of the largest, or ten of their error bars, are zeros."""


class Eigenvalues(Protocol):
    """A spectrum, as far as this law is concerned."""

    @property
    def values(self) -> np.ndarray: ...
    @property
    def multiplicities(self) -> np.ndarray: ...
    @property
    def errors(self) -> np.ndarray: ...
    @property
    def n_params(self) -> int: ...


@dataclasses.dataclass(frozen=True, eq=False)
class SampledHessian(TransformLaw):
    r"""Law of the P eigenvalues of :math:`H_n = \frac1n\sum_\nu\nabla f\,\nabla f^T`, from the exact ones of H, for k ~ d.

    .. math:: m(z) = \frac1P\sum_i\frac{1}{t_i/(1 + e) - z},\qquad e = \frac1n\sum_i\frac{t_i}{t_i/(1 + e) - z},
        \qquad t_i = \lambda_i(H),

    Silverstein's equation (1995), beside an atom :math:`\max(1 - n/P,\ \text{share of zero } t_i)` at 0 (science 14b).

    **Range.** A law for large sizes: the gradients are functions of d Gaussians and not independent. Sup distance at
    d = k = 10, 20, 30, P/n = 1/2: 0.042, 0.019, 0.011 (erf), about 1/d; 1 to 3 % of the bulk at d, k >= 20, sin 5 %. The very
    smallest eigenvalues, the extreme edge, small d and heavy-tailed features are not covered, nor is label noise.

    Parameters
    ----------
    population : Spectrum
        The exact spectrum of H, complete, for example ``tutelage.spectrum(network)``.
    n : int
        Number of samples.

    Raises
    ------
    InputError
        An incomplete spectrum, or one that is not positive semidefinite.

    Examples
    --------
    >>> import tutelage
    >>> exact = tutelage.spectrum(tutelage.sample_teacher("erf", d=6, k=4, seed=1))
    >>> law = SampledHessian(exact, n=14)  # P = 28
    >>> bool(np.isclose(law.mean(), exact.trace() / 28)), float(law.cdf(0.0))
    (True, 0.5)
    """

    population: Eigenvalues
    n: int

    def __post_init__(self) -> None:
        who = "SampledHessian"
        object.__setattr__(self, "n", check.integer(self.n, who, "n"))
        if not hasattr(self.population, "multiplicities"):
            raise InputError(
                f"{who}: expected a spectrum, got {type(self.population).__name__}; tutelage.spectrum"
            )
        if int(np.sum(self.population.multiplicities)) != self.population.n_params:
            raise InputError(f"{who}: expected all P eigenvalues; take a complete spectrum, not its ends")
        if (self.population.values < -10 * self.population.errors - 1e-9).any():
            raise InputError(f"{who}: expected eigenvalues >= 0, got a negative one; take H at the optimum")

    @functools.cached_property
    def _levels(self) -> tuple[np.ndarray, np.ndarray]:
        """The positive t, ascending and distinct, and their shares of P."""
        values, errors = self.population.values, self.population.errors
        kept = values > np.maximum(10 * errors, _ZERO * values.max())
        t, place = np.unique(values[kept], return_inverse=True)
        shares = np.bincount(place, self.population.multiplicities[kept], minlength=t.size)
        return t, shares / self.population.n_params

    @property
    def aspect(self) -> float:
        """P/n."""
        return self.population.n_params / self.n

    @property
    def share(self) -> float:
        return min(float(self._levels[1].sum()), 1 / self.aspect)

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return (np.zeros(1), np.array([1 - self.share])) if self.share < 1 - 1e-14 else super().atoms()

    @functools.cached_property
    def _equivalent(self) -> Equivalent:
        t, p = self._levels
        return Equivalent(p, np.zeros_like(t), t, 1.0, self.aspect)

    def solve(self, y: np.ndarray) -> np.ndarray:
        return self._equivalent.density(y)

    @functools.cached_property
    def pieces(self) -> Sequence[Piece]:
        return silverstein_pieces(*self._levels, self.aspect)

    def moment(self, order: int) -> float:
        """From the free cumulants of the Gram matrix, P/n E t^j; those of H_n are n/P times its moments."""
        order = moment_order(order, self)
        t, p = self._levels
        cumulants = [self.aspect * float(p @ t**j) for j in range(1, order + 1)]
        return float(free_moments(cumulants)[order]) / self.aspect if order else 1.0

    def var(self) -> float:
        """E t^2 + P/n (E t)^2, less the square of the mean: by the spread of t, so that nothing cancels."""
        t, p = self._levels
        mean = float(p @ t)
        return float(p @ (t - mean) ** 2) + (1 - float(p.sum())) * mean**2 + self.aspect * mean**2


def silverstein_pieces(t: np.ndarray, p: np.ndarray, aspect: float) -> tuple[Piece, ...]:
    r"""Support of Silverstein's law: between the points where :math:`\psi(w) = w(1 + c\sum p\,t/(w - t))` turns.

    :math:`\psi' = 1 - c\sum p\,t^2/(w - t)^2` is concave between two neighbouring t, so each gap of t opens one gap of the
    support or none (Silverstein and Choi).

    Parameters
    ----------
    t, p : ndarray, shape (n,)
        Positive levels, ascending, and their weights.
    aspect : float
        c.
    """
    strength = aspect * p

    def slope(w: np.ndarray) -> np.ndarray:
        return 1 - (t**2 / (w[:, None] - t) ** 2) @ strength

    def psi(w: np.ndarray) -> np.ndarray:
        return w * (1 + (t / (w[:, None] - t)) @ strength)

    reach = t[-1] * (2 + 2 * np.sqrt(strength.sum()))
    # A gap needs room for its two nearest levels alone.
    wide = np.flatnonzero(np.diff(t) > t[:-1] * np.sqrt(strength[:-1]) + t[1:] * np.sqrt(strength[1:]))
    left, right = t[wide], t[wide + 1]
    best = _bisect(lambda w: -(t**2 / (w[:, None] - t) ** 3) @ strength, left, right)
    opens = slope(best) > 0
    left, best, right = left[opens], best[opens], right[opens]
    rises, falls = _bisect(slope, left, best), _bisect(lambda w: -slope(w), best, right)
    first = _bisect(lambda w: -slope(w), np.array([-reach]), t[:1])
    last = _bisect(slope, t[-1:], np.array([t[-1] + reach]))
    starts, ends = psi(np.concatenate([first, falls])), psi(np.concatenate([rises, last]))
    if abs(strength.sum() - 1) < 1e-12:
        starts[0] = 0.0
    return tuple(zip(np.maximum(starts, 0.0).tolist(), ends.tolist(), strict=True))


def _bisect(rising, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where a function that goes from negative to positive changes its sign."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        above = rising(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2

"""|a|^2 for read-outs of any weight law, and the linear network's law that follows (Figs. 8 and 9 of Couto et al.)."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike
from scipy.stats.distributions import rv_frozen

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import (
    NEGLIGIBLE,
    Law,
    Size,
    moment_order,
    probabilities,
    real_array,
    require_resolved,
)
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.convolution import Convolution
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.point_mass import PointMass
from tutelage.weights import Normal, WeightLaw, as_weight_law


@dataclasses.dataclass(frozen=True)
class Gaussian(Law):
    """N(location, width^2): the central limit of |a|^2.

    Examples
    --------
    >>> round(float(Gaussian(1.0, 0.1).cdf(1.1)), 6)
    0.841345
    """

    location: float
    width: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "location", check.number(self.location, "Gaussian", "location"))
        object.__setattr__(self, "width", check.number(self.width, "Gaussian", "width", above=0))
        require_resolved("Gaussian", self.location, self.width)

    def support(self) -> tuple[float, float]:
        return -np.inf, np.inf

    def breakpoints(self) -> tuple[float, ...]:
        reach = -float(scipy.special.ndtri(NEGLIGIBLE)) * self.width
        return self.location - reach, self.location + reach

    def density(self, x: np.ndarray) -> np.ndarray:
        u = (np.asarray(x) - self.location) / self.width
        return np.exp(-u * u / 2) / (math.sqrt(2 * math.pi) * self.width)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return scipy.special.ndtr((np.asarray(x) - self.location) / self.width)

    def sf(self, x: ArrayLike) -> Any:
        """P(X > x), accurate in the far tail."""
        return scipy.special.ndtr((self.location - real_array(x, self, "x")) / self.width)

    def ppf(self, p: ArrayLike) -> Any:
        """Smallest x with cdf(x) >= p, in closed form."""
        return self.location + self.width * scipy.special.ndtri(probabilities(p, self))

    def isf(self, q: ArrayLike) -> Any:
        """The x with sf(x) = q, accurate in the far tail."""
        return self.location - self.width * scipy.special.ndtri(probabilities(q, self))

    def var(self) -> float:
        return self.width**2

    def moment(self, order: int) -> float:
        order = moment_order(order, self)
        even = range(0, order + 1, 2)
        return math.fsum(
            math.comb(order, j) * self.location ** (order - j) * self.width**j * math.prod(range(1, j, 2))
            for j in even
        )

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        return np.asarray(rng.normal(self.location, self.width, size))


def squared_norm(k: int, weights: WeightLaw | str | rv_frozen = "normal") -> Law:
    r"""Law of :math:`|a|^2`, a of k independent weights of variance 1/k.

    Normal weights: :math:`\chi^2_k/k`, exact. Rademacher: 1, exact. Any other law of finite fourth moment: the central
    limit :math:`N(1, (\kappa_4 - 1)/k)`, :math:`\kappa_4` its kurtosis (uniform 0.8/k, Laplace 5/k; science 4.5).
    The neglected skewness moves the cdf by about ``skewness(w^2) / sqrt(57 k)``: 0.001 for uniform and 0.014
    for Laplace at k = 1000.

    Parameters
    ----------
    k : int
        Width.
    weights : WeightLaw, str or frozen scipy.stats law
        As in ``sample_teacher``.

    Raises
    ------
    InputError
        For heavy tails (infinite fourth moment): there is no such limit.

    Examples
    --------
    >>> squared_norm(1000, "rademacher"), squared_norm(20)
    (PointMass(position=1.0), ChiSquare(dof=20.0, scale=0.05))
    >>> round(squared_norm(1000, "laplace").var() * 1000, 9)
    5.0
    """
    k = check.integer(k, "squared_norm", "k")
    weights = as_weight_law(weights)
    if isinstance(weights, Normal):
        return ChiSquare(k, 1 / k)
    kurtosis = weights.kurtosis
    if not np.isfinite(kurtosis):
        raise InputError(
            f"squared_norm: expected weights with a finite fourth moment, got {weights!r}; "
            "|a|^2 of heavier tails has no normal limit, sample it"
        )
    if kurtosis - 1 < 1e-12:
        return PointMass(1.0)
    return Gaussian(1.0, math.sqrt((kurtosis - 1) / k))


def linear_network_of(d: int, k: int, weights: WeightLaw | str | rv_frozen = "normal") -> Convolution:
    r"""The limit law :class:`LinearNetwork` with :math:`|a|^2` of other weights: :func:`squared_norm` ⊕ MP(d/k, k/d).

    For k >= d it comes to the normal one as k grows; for k < d its part 1 - k/d IS the law of |a|^2 and keeps its own
    shape (Rademacher: an atom at 1). Couto et al. 2025, Figs. 8 and 9.

    Examples
    --------
    >>> linear_network_of(30, 10, "rademacher").atoms()[0].tolist()
    [1.0]
    """
    who = "linear_network_of"
    d, k = check.integer(d, who, "d"), check.integer(k, who, "k")
    return Convolution(squared_norm(k, weights), MarchenkoPastur(d / k, k / d))

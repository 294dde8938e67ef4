"""The limit law of a linear network's non-zero Hessian eigenvalues."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law
from tutelage.laws.chi_square import ChiSquare
from tutelage.laws.convolution import Convolution
from tutelage.laws.marchenko_pastur import MarchenkoPastur
from tutelage.laws.mixture import Mixture
from tutelage.laws.point_mass import PointMass
from tutelage.laws.wishart import Wishart


class SumLaw(Law):
    """A law of a network that is a convolution under its own name; d and k are its fields."""

    d: int
    k: int

    @property
    def convolution(self) -> Convolution:
        """The convolution it stands for."""
        raise NotImplementedError

    def full(self, n_params: int | None = None) -> Mixture:
        """Law of ALL eigenvalues: d non-zero ones and n_params - d zeros (n_params defaults to P = k d + k).

        Examples
        --------
        >>> float(LinearNetwork(10, 20).full().cdf(0.0)) == 1 - 10 / 220
        True
        """
        who = f"{type(self).__name__}.full"
        n_params = self.k * self.d + self.k if n_params is None else check.integer(n_params, who, "n_params")
        if n_params < self.d:
            raise InputError(
                f"{who}: expected n_params >= d = {self.d}, got {n_params}; P is k d + k by default"
            )
        return Mixture((self, PointMass(0.0)), (self.d / n_params, 1 - self.d / n_params))

    @property
    def error(self) -> float:
        return self.convolution.error

    def support(self) -> tuple[float, float]:
        return self.convolution.support()

    def breakpoints(self) -> tuple[float, ...]:
        return self.convolution.breakpoints()

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return self.convolution.atoms()

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.convolution.density(x)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return self.convolution.distribution(x)

    def moment(self, order: int) -> float:
        return self.convolution.moment(order)

    def var(self) -> float:
        return self.convolution.var()

    def sample(self, rng: np.random.Generator, size: Any) -> np.ndarray:
        return self.convolution.sample(rng, size)


@dataclasses.dataclass(frozen=True)
class LinearNetwork(SumLaw):
    r"""Law of the d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)` over random teachers, for large
    d and k.

    .. math:: \lambda \sim \chi^2_k/k \;\oplus\; \mathrm{MP}(d/k,\,k/d)

    (classical convolution). For k >= d the second law has no atom; for k < d its atom 1 - k/d at 0 makes
    this the mixture
    :math:`\frac kd[\chi^2_k/k \oplus \mathrm{MP}(k/d, 1)] + (1 - \frac kd)\,\chi^2_k/k`. Couto et al. 2025,
    section 3 and
    appendix A; SCIENCE.md section 4. Mean 1 + k/d, variance 2/k + k/d. The law at these very sizes is
    :class:`FiniteLinearNetwork`, at distance 0.0134 for (10, 20) and 0.0026 for (30, 10).

    Parameters
    ----------
    d, k : int
        Input dimension and width.

    Examples
    --------
    >>> law = LinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.1)
    """

    d: int
    k: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "d", check.integer(self.d, "LinearNetwork", "d"))
        object.__setattr__(self, "k", check.integer(self.k, "LinearNetwork", "k"))

    @functools.cached_property
    def convolution(self) -> Convolution:
        """chi-square and Marchenko-Pastur."""
        return Convolution(ChiSquare(self.k, 1 / self.k), MarchenkoPastur(self.d / self.k, self.k / self.d))


@dataclasses.dataclass(frozen=True)
class FiniteLinearNetwork(SumLaw):
    r"""Law of one of the d non-zero eigenvalues :math:`|a|^2 + \mathrm{eig}(W^T W)`, exact at this d and k.

    .. math:: \lambda \sim \chi^2_k/k \;\oplus\; \mathrm{Wishart}_d(k)/d

    a and W are independent, so the convolution is exact: with weights N(0, 1/k) and N(0, 1/d), nothing is a limit.
    Mean 1 + k/d and variance 2/k + (k/d)(1 + 1/d) (SCIENCE.md section 4). Eigenvalues of one teacher are dependent (for k < d
    the d - k smallest are equal): this is the law of one eigenvalue picked at random, see :mod:`tutelage.laws.distance`.

    Parameters
    ----------
    d, k : int
        Input dimension and width.

    Examples
    --------
    >>> law = FiniteLinearNetwork(d=10, k=20)
    >>> law.mean(), round(law.var(), 12)
    (3.0, 2.3)
    """

    d: int
    k: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "d", check.integer(self.d, "FiniteLinearNetwork", "d"))
        object.__setattr__(self, "k", check.integer(self.k, "FiniteLinearNetwork", "k"))

    @functools.cached_property
    def convolution(self) -> Convolution:
        """chi-square and Wishart."""
        return Convolution(ChiSquare(self.k, 1 / self.k), Wishart(self.d, self.k, 1 / self.d))

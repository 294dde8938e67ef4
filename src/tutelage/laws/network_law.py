"""What the laws of networks have in common: sizes, a composition of simpler laws, and the zeros."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law, Size
from tutelage.laws.mixture import Mixture
from tutelage.laws.point_mass import PointMass
from tutelage.measure import Measure


class NetworkLaw(Law):
    """A law of the non-zero Hessian eigenvalues of networks with d inputs and k neurons, under its own name.

    A concrete one states its ``composition``, a mixture or convolution of simpler laws.
    """

    d: int
    k: int

    def __post_init__(self) -> None:
        for name in ("d", "k"):
            object.__setattr__(self, name, check.integer(getattr(self, name), type(self).__name__, name))

    @property
    @abc.abstractmethod
    def composition(self) -> Law:
        """The law it stands for."""

    @property
    def n_params(self) -> int:
        """P of the networks it is about."""
        return self.k * self.d + self.k

    @property
    def rank(self) -> int:
        """How many eigenvalues are not zero."""
        return self.d

    def full(self, n_params: int | None = None) -> Mixture:
        """Law of ALL eigenvalues: the non-zero ones and n_params - rank zeros (n_params defaults to P, k d + k for one output).

        Examples
        --------
        >>> from tutelage.laws import LinearNetwork
        >>> float(LinearNetwork(10, 20).full().cdf(0.0)) == 1 - 10 / 220
        True
        """
        n_params = self.n_params if n_params is None else n_params
        return with_zeros(self, self.rank, n_params, f"{type(self).__name__}.full")

    @property
    def error(self) -> float:
        return self.composition.error

    def support(self) -> tuple[float, float]:
        return self.composition.support()

    def breakpoints(self) -> tuple[float, ...]:
        return self.composition.breakpoints()

    def components(self) -> tuple[tuple[float, Law], ...]:
        return self.composition.components()

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return self.composition.atoms()

    @property
    def share(self) -> float:
        return self.composition.share

    def measure(self) -> Measure:
        return self.composition.measure()

    @property
    def origin(self) -> float:
        return self.composition.origin

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        return self.composition.offset_density(y)

    def density(self, x: np.ndarray) -> np.ndarray:
        return self.composition.density(x)

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return self.composition.distribution(x)

    def moment(self, order: int) -> float:
        return self.composition.moment(order)

    def var(self) -> float:
        return self.composition.var()

    def sample(self, rng: np.random.Generator, size: Size) -> Any:
        return self.composition.sample(rng, size)


def with_zeros(law: Law, rank: int, n_params: int, who: str) -> Mixture:
    """The law of ``rank`` non-zero eigenvalues beside n_params - rank zeros."""
    n_params = check.integer(n_params, who, "n_params")
    if n_params < rank:
        raise InputError(
            f"{who}: expected n_params >= {rank}, the non-zero eigenvalues, got {n_params}; P is k d + k by default"
        )
    return Mixture((law, PointMass(0.0)), (rank / n_params, 1 - rank / n_params))

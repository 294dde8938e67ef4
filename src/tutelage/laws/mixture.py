"""A weighted sum of laws."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.laws.base import Law, Size


@dataclasses.dataclass(frozen=True)
class Mixture(Law):
    r""":math:`\sum_i w_i\,\mathcal{L}_i`: draw a component with probability w_i, then from it.

    Parameters
    ----------
    laws : sequence of Law
    weights : sequence of float
        Non-negative, summing to one.

    Examples
    --------
    >>> from tutelage.laws import ChiSquare, PointMass
    >>> law = Mixture([PointMass(0.0), ChiSquare(4)], [0.25, 0.75])
    >>> law.mean(), float(law.cdf(0.0))
    (3.0, 0.25)
    """

    laws: Sequence[Law]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        laws = tuple(self.laws)
        weights = check.float_array(self.weights, "Mixture", "weights", ndim=1)
        if not all(isinstance(law, Law) for law in laws):
            raise InputError(f"Mixture: expected tutelage laws, got {laws}; pass ChiSquare, PointMass, ...")
        check.same_length(len(laws), weights.size, "Mixture", "the numbers of laws and weights")
        if (weights < 0).any() or abs(weights.sum() - 1) > 1e-12:
            raise InputError(
                f"Mixture: expected weights >= 0 summing to 1, got {weights.tolist()}; divide by their sum"
            )
        object.__setattr__(self, "laws", laws)
        object.__setattr__(self, "weights", tuple(weights.tolist()))

    def _weighted(self) -> list[tuple[float, Law]]:
        return [(weight, law) for weight, law in zip(self.weights, self.laws, strict=True) if weight > 0]

    def components(self) -> tuple[tuple[float, Law], ...]:
        return tuple((w * v, part) for w, law in self._weighted() for v, part in law.components())

    def support(self) -> tuple[float, float]:
        ends = [law.support() for _, law in self._weighted()]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def breakpoints(self) -> tuple[float, ...]:
        return tuple(sorted({end for _, law in self._weighted() for end in law.breakpoints()}))

    def atoms(self) -> tuple[np.ndarray, np.ndarray]:
        return self._merged([(weight, *law.atoms()) for weight, law in self._weighted()])

    def panels(self) -> tuple[float, ...]:
        return tuple(sorted({end for _, law in self._weighted() for end in law.panels()}))

    @property
    def unseen(self) -> float:
        return sum(weight * law.unseen for weight, law in self._weighted())

    def lumps(self) -> tuple[np.ndarray, np.ndarray]:
        return self._merged([(weight, *law.lumps()) for weight, law in self._weighted()])

    @staticmethod
    def _merged(pairs: list[tuple[float, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
        return merge_atoms(
            np.concatenate([points for _, points, _ in pairs]),
            np.concatenate([weight * masses for weight, _, masses in pairs]),
        )

    @property
    def share(self) -> float:
        return sum(weight * law.share for weight, law in self._weighted())

    @property
    def origin(self) -> float:
        """That of the only continuous part, else 0."""
        continuous = [law for _, law in self._weighted() if law.breakpoints()]
        return continuous[0].origin if len(continuous) == 1 else 0.0

    def offset_density(self, y: np.ndarray) -> np.ndarray:
        continuous = [(w, law) for w, law in self._weighted() if law.breakpoints()]
        return (
            continuous[0][0] * continuous[0][1].offset_density(y) if len(continuous) == 1 else self.density(y)
        )

    @property
    def error(self) -> float:
        return sum(weight * law.error for weight, law in self._weighted())

    def density(self, x: np.ndarray) -> np.ndarray:
        return sum((w * law.density(x) for w, law in self._weighted()), start=np.zeros(np.shape(x)))

    def distribution(self, x: np.ndarray) -> np.ndarray:
        return sum((w * law.distribution(x) for w, law in self._weighted()), start=np.zeros(np.shape(x)))

    def moment(self, order: int) -> float:
        return sum(weight * law.moment(order) for weight, law in self._weighted())

    def var(self) -> float:
        """Within the parts, and between them by pairs: nothing cancels."""
        parts = [(weight, law.mean(), law.var()) for weight, law in self._weighted()]
        between = sum(v * w * (m - n) ** 2 for (v, m, _), (w, n, _) in itertools.combinations(parts, 2))
        return sum(weight * var for weight, _, var in parts) + between

    def sample(self, rng: np.random.Generator, size: Size) -> np.ndarray:
        which = rng.choice(len(self.laws), p=np.asarray(self.weights) / sum(self.weights), size=size)
        draws = np.empty(which.shape)
        for i, law in enumerate(self.laws):
            chosen = which == i
            draws[chosen] = law.sample(rng, int(chosen.sum()))
        return draws


def merge_atoms(points: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Atoms at one place become one."""
    unique, index = np.unique(points, return_inverse=True)
    return unique, np.bincount(index, masses, minlength=unique.size)

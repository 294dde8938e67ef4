"""Measure: atoms and weights, with the total mass stored; the word spectra, laws and dynamics share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Measure:
    r"""A positive measure on the line: :math:`\sum_i w_i\,\delta_{x_i} + \rho(x)\,dx`.

    Attributes
    ----------
    points : ndarray, shape (n,)
        Positions of the atoms, ascending.
    weights : ndarray, shape (n,)
        Their masses, non-negative.
    density : callable or None
        The absolutely continuous part, vectorised; zero outside ``support``.
    support : tuple of float
        Smallest interval that carries the measure.
    mass : float
        Total mass, atoms and density together.
    """

    points: np.ndarray
    weights: np.ndarray
    density: Callable[[np.ndarray], np.ndarray] | None = None
    support: tuple[float, float] | None = None
    mass: float | None = None

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=np.float64).reshape(-1)
        weights = np.asarray(self.weights, dtype=np.float64).reshape(-1)
        order = np.argsort(points, kind="stable")
        object.__setattr__(self, "points", points[order])
        object.__setattr__(self, "weights", weights[order])
        if self.mass is None:
            object.__setattr__(self, "mass", float(weights.sum()))
        if self.support is None and points.size:
            object.__setattr__(self, "support", (float(points.min()), float(points.max())))

    def __repr__(self) -> str:
        continuous = "" if self.density is None else ", with density"
        return f"Measure({self.points.size} atoms{continuous}, mass {self.mass:.6g})"

"""What each activation offers the linear-algebra tower beyond its tables."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tutelage.activations import Activation
from tutelage.activations.base import Elementary
from tutelage.network import Network
from tutelage.operators.ball import BallHessian
from tutelage.operators.routes import Routes
from tutelage.population.extended import ball_hessian
from tutelage.population.function_space import (
    function_space_factor,
    function_space_size,
    repeated_factor,
    repeated_size,
)


@dataclasses.dataclass(frozen=True)
class PopulationRoutes(Routes):
    """Function space for polynomials, balls for elementary tables, [C25] A.3 for the linear network."""

    activation: Activation

    def factor_size(self, d: int) -> int | None:
        return function_space_size(self.activation, d)

    def factor(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        return function_space_factor(Network(W, a, self.activation))

    def repeated_factor(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        size = repeated_size(self.activation, W.shape[1])
        if size is None or size >= a.size:
            return None
        return repeated_factor(Network(W, a, self.activation))

    def entry_error(self, W: np.ndarray) -> float:
        return self.activation.quadrature_error(W)

    def null_vectors(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        r""":math:`(w_i, -p\,a_i)` of every neuron: :math:`w_i \to c\,w_i,\ a_i \to c^{-p} a_i` leaves the function as it is."""
        p = self.activation.homogeneity
        size = np.sqrt(np.sum(W * W, axis=1) + (0 if p is None else p * p) * a * a)
        if p is None or not size.all():
            return None
        k, d = W.shape
        vectors = np.zeros((k * d + k, k))
        for i in range(k):
            vectors[i * d : (i + 1) * d, i] = W[i] / size[i]
            vectors[k * d + i, i] = -p * a[i] / size[i]
        return vectors

    @property
    def has_balls(self) -> bool:
        return isinstance(self.activation, Elementary) and not self.activation.kinks

    def ball(self, W: np.ndarray, a: np.ndarray, bits: int) -> BallHessian | None:
        return ball_hessian(Network(W, a, self.activation), bits)

    def eigensystem(self, W: np.ndarray, a: np.ndarray) -> Any:
        from tutelage.spectra import linear_eigensystem

        if self.activation.degree != 1 or self.activation.taylor(1) != (0, 1) or not a.any():
            return None
        return linear_eigensystem(W, a)

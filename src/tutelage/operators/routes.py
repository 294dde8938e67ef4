"""Routes: other ways to the same Hessian that only the maker of the operator knows."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from tutelage.operators.ball import BallHessian


class Routes(abc.ABC):
    r"""What an activation offers beyond tables: a function space, ball arithmetic, closed eigenvectors.

    Concrete routes are hashable values (equal for equal activations), so that products of equal shape share their
    compiled code; every method takes the weights W (k, d) and a (k,), those of a network or of its reduced block.
    """

    @abc.abstractmethod
    def factor_size(self, d: int) -> int | None:
        """M, the dimension of the function space in d inputs; None where it is infinite."""

    @abc.abstractmethod
    def factor(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        """F (M, P) with H = FᵀF."""

    @abc.abstractmethod
    def repeated_factor(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        r"""G (m, k) with :math:`G^T G = (a_i a_j k_{11}(i, j))`, where m < k."""

    @abc.abstractmethod
    def entry_error(self, W: np.ndarray) -> float:
        """Error of a moment table from quadrature, relative to its largest entry; 0 for closed forms."""

    @abc.abstractmethod
    def null_vectors(self, W: np.ndarray, a: np.ndarray) -> np.ndarray | None:
        """Orthonormal null vectors (k d + k, m) of the outer part, or None."""

    @property
    @abc.abstractmethod
    def has_balls(self) -> bool:
        """Whether :meth:`ball` gives matrices."""

    @abc.abstractmethod
    def ball(self, W: np.ndarray, a: np.ndarray, bits: int) -> BallHessian | None:
        """The exact matrix of these float64 weights, enclosed at ``bits`` of working precision."""

    @abc.abstractmethod
    def eigensystem(self, W: np.ndarray, a: np.ndarray) -> Any:
        """The eigenvectors in closed form (``tutelage.spectra.Eigensystem``), or None."""

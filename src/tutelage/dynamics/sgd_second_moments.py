r"""The matrix that one step of SGD multiplies the second moments of the displacement by (science C2).

With :math:`S = E\,\delta\delta^T`, :math:`g = \nabla f(x; \theta_*)` and fresh batches of B

.. math:: S' = S - \eta(HS + SH) + \eta^2\Bigl[(1 - \tfrac1B)HSH + \tfrac1B E[(g^TSg)\,gg^T]\Bigr] + \frac{\eta^2v}{B}H .

Of several outputs, with gradients :math:`g_o`, :math:`\sum_{op}E[(g_o^TSg_p)\,g_og_p^T]` stands in place of the fourth moments.

S enters by a few coordinates only, in an orthonormal basis in which the map is a symmetric matrix: it maps semidefinite
matrices to semidefinite ones, so its largest eigenvalue is its spectral radius (Perron), and one symmetric eigenproblem
gives the largest stable rate.
"""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Callable

import numpy as np
import scipy.linalg
import scipy.optimize

from tutelage.dynamics.starts import NoisyTeacher


@dataclasses.dataclass(frozen=True, eq=False)
class SecondMoments(abc.ABC):
    """How E δδᵀ moves under SGD near an optimum.

    Attributes
    ----------
    method : str
        How the fourth moments of the gradients were obtained.
    order : str
        What is neglected beyond the linearisation at the optimum; empty where nothing is.
    trace, largest : float
        Of the Hessian.
    start : callable
        A NoisyTeacher or a displacement to the coordinates of its S.
    """

    method: str
    order: str
    trace: float
    largest: float
    start: Callable[[NoisyTeacher | np.ndarray], np.ndarray]

    @abc.abstractmethod
    def largest_stable_rate(self, batch: int) -> float:
        """The rate at which the map has the eigenvalue 1."""

    @abc.abstractmethod
    def floor(self, rate: float, batch: int, label_noise: float) -> float:
        """½ tr HS where S' = S, for a stable rate."""

    @abc.abstractmethod
    def losses(
        self, start: np.ndarray, steps: np.ndarray, rate: float, batch: int, label_noise: float
    ) -> np.ndarray:
        """½ tr HS after each number of steps, shape (n,), from the coordinates of the first S."""


@dataclasses.dataclass(frozen=True, eq=False)
class DenseMoments(SecondMoments):
    r"""The map :math:`s' = [1 - \eta A + \eta^2((1 - 1/B)C + K/B)]\,s + (\eta^2v/B)\,h`; :math:`\epsilon = \tfrac12 h\cdot s`.

    Attributes
    ----------
    sums, products : ndarray, shape (D,)
        Diagonals of A and C: :math:`\lambda_i + \lambda_j` and :math:`\lambda_i\lambda_j`.
    fourth : ndarray, shape (D, D)
        K, symmetric: the fourth moments of the gradients.
    hessian : ndarray, shape (D,)
        h: the coordinates of H.
    """

    sums: np.ndarray
    products: np.ndarray
    fourth: np.ndarray
    hessian: np.ndarray

    def _noise(self, batch: int) -> np.ndarray:
        return np.diag((1.0 - 1.0 / batch) * self.products) + self.fourth / batch

    def largest_stable_rate(self, batch: int) -> float:
        """1 over the largest eigenvalue of A^(−1/2) [(1 − 1/B) C + K/B] A^(−1/2)."""
        root = np.sqrt(self.sums)
        scaled = self._noise(batch) / root[:, None] / root
        last = scaled.shape[0] - 1
        top = scipy.linalg.eigh(scaled, eigvals_only=True, subset_by_index=[last, last])
        return 1.0 / float(top[0])

    def floor(self, rate: float, batch: int, label_noise: float) -> float:
        """½ h·s with A s − η [(1 − 1/B) C + K/B] s = (ηv/B) h."""
        matrix = np.diag(self.sums) - rate * self._noise(batch)
        pushed = rate * label_noise / batch * self.hessian
        return 0.5 * float(self.hessian @ scipy.linalg.solve(matrix, pushed, assume_a="sym"))

    def losses(
        self, start: np.ndarray, steps: np.ndarray, rate: float, batch: int, label_noise: float
    ) -> np.ndarray:
        """In the eigenbasis of the map, 1 − x its eigenvalue: s_n = (1 − x)ⁿ s_0 + (1 − (1 − x)ⁿ)/x · (η²v/B) h."""
        change = np.diag(rate * self.sums) - rate**2 * self._noise(batch)
        x, vectors = scipy.linalg.eigh(change, driver="evd")
        seen = vectors.T @ self.hessian
        pushed = rate**2 * label_noise / batch * seen
        n = steps[:, None].astype(np.float64)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            # By logarithms: 1 − x rounds away the rates of nearly flat directions. x = 1 forgets in one step.
            logs = np.log1p(-np.minimum(x, 1.0))
            gone = np.where(n > 0, -np.expm1(n * logs), 0.0)
            summed = np.where(x == 0.0, n, gone / np.where(x == 0.0, 1.0, x))
            return 0.5 * ((1.0 - gone) @ (vectors.T @ start * seen) + summed @ (pushed * seen))


@dataclasses.dataclass(frozen=True, eq=False)
class GaussianMoments(SecondMoments):
    r"""Gaussian gradients, :math:`E[(g^TSg)gg^T] = 2HSH + \mathrm{tr}(HS)H`: exact for linear networks.

    Attributes
    ----------
    values, counts : ndarray, shape (D,)
        Distinct non-zero eigenvalues of H and their multiplicities.
    """

    values: np.ndarray
    counts: np.ndarray

    def largest_stable_rate(self, batch: int) -> float:
        r"""Where :math:`\Omega(\eta)` reaches 1."""
        trace, largest = float(self.counts @ self.values), float(self.values.max())
        low = 2.0 * batch / (trace + (batch + 1.0) * largest)
        high = min(2.0 * batch / trace, 2.0 * batch / ((batch + 1.0) * largest))

        def excess(rate: float) -> float:
            return self.omega(rate, batch) - 1.0

        # Both bounds meet where there is one eigenvalue, and rounding may put the root outside.
        low, high = low * (1.0 - 1e-13), high * (1.0 - 1e-15)
        if excess(high) <= 0.0:
            return high
        return float(scipy.optimize.brentq(excess, low, high, xtol=1e-300, rtol=1e-14))

    def omega(self, rate: float, batch: int) -> float:
        r""":math:`\Omega = \sum_i \eta\lambda_i/(2B - \eta(B + 1)\lambda_i)`, equal eigenvalues counted."""
        left = 2.0 * batch - rate * (batch + 1.0) * self.values
        return float(self.counts @ (rate * self.values / left))

    def floor(self, rate: float, batch: int, label_noise: float) -> float:
        r""":math:`\tfrac v2\,\Omega/(1 - \Omega)`."""
        omega = self.omega(rate, batch)
        return 0.5 * label_noise * omega / (1.0 - omega)

    def losses(
        self, start: np.ndarray, steps: np.ndarray, rate: float, batch: int, label_noise: float
    ) -> np.ndarray:
        return self._dense().losses(start, steps, rate, batch, label_noise)

    def _dense(self) -> DenseMoments:
        """One coordinate an eigenvalue: its projection over the root of its multiplicity."""
        h = np.sqrt(self.counts) * self.values
        fourth = 2.0 * np.diag(self.values**2) + np.outer(h, h)
        known = (self.method, self.order, self.trace, self.largest, self.start)
        return DenseMoments(*known, 2.0 * self.values, self.values**2, fourth, h)


def pair_rows(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Coordinates of (r sᵀ + s rᵀ)/2 for the rows r and s (n, p) of both, in an orthonormal basis of the symmetric
    matrices: (n, p(p + 1)/2)."""
    i, j = np.triu_indices(rows.shape[1])
    both = (rows[:, i] * others[:, j] + rows[:, j] * others[:, i]) / 2.0
    return both * np.where(i == j, 1.0, math.sqrt(2.0))


def pair_coordinates(matrix: np.ndarray) -> np.ndarray:
    """Coordinates of a symmetric matrix (p, p) in that basis, shape (p(p + 1)/2,)."""
    i, j = np.triu_indices(matrix.shape[0])
    return matrix[i, j] * np.where(i == j, 1.0, math.sqrt(2.0))

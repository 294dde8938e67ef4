"""The deterministic equivalent of sums of small random matrices beside large independent vectors, by Newton's method."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tutelage.laws.continuation import Continuation


@dataclasses.dataclass(frozen=True, eq=False)
class MatrixEquivalent(Continuation):
    r"""Resolvent of :math:`\frac1n\sum_\nu(g_\nu g_\nu^T) \otimes (x_\nu x_\nu^T)`, g (k,), x (d,) standard normal, n = alpha d.

    .. math:: T = \Big\langle\frac{gg^T}{1 + g^TMg/\alpha}\Big\rangle,\qquad M(z) = (T - z)^{-1},\qquad
        m(z) = \frac1k\operatorname{tr}M

    (science 14.1). The proper solution has a positive definite Im M. The state is the upper triangle of T.

    Parameters
    ----------
    g : ndarray, shape (N, k)
        Points of equal weight, over which the mean is taken.
    alpha : float
    """

    g: np.ndarray
    alpha: float

    heights = 12
    steps = 1

    @functools.cached_property
    def _triangle(self) -> tuple[np.ndarray, np.ndarray]:
        return np.triu_indices(self.g.shape[1])

    @functools.cached_property
    def products(self) -> np.ndarray:
        """The upper triangles of g g^T, (N, s)."""
        i, j = self._triangle
        return self.g[:, i] * self.g[:, j]

    @functools.cached_property
    def _twice(self) -> np.ndarray:
        """How often an entry of the upper triangle occurs in the matrix."""
        i, j = self._triangle
        return np.where(i == j, 1.0, 2.0)

    @functools.cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Products of two entries of g g^T, (N, s (s + 1)/2), and where they stand in a matrix (s, s)."""
        first, second = np.triu_indices(self.products.shape[1])
        place = np.empty((self.products.shape[1],) * 2, int)
        place[first, second] = place[second, first] = np.arange(first.size)
        return self.products[:, first] * self.products[:, second], place

    @property
    def top(self) -> float:
        """An upper bound: all N points as if they were the longest."""
        return float((self.g**2).sum(axis=1).max() * (1 + self.alpha**-0.5) ** 2)

    @property
    def width(self) -> int:
        return len(self.g)

    def start(self, z: np.ndarray) -> np.ndarray:
        return np.tile(self.products.mean(axis=0).astype(np.complex128), (z.size, 1))

    def matrix(self, triangle: np.ndarray) -> np.ndarray:
        """Symmetric matrices (..., k, k) of upper triangles (..., s)."""
        i, j = self._triangle
        k = self.g.shape[1]
        whole = np.empty((*triangle.shape[:-1], k, k), triangle.dtype)
        whole[..., i, j] = whole[..., j, i] = triangle
        return whole

    def resolvent(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        """M, (n, k, k)."""
        return np.linalg.inv(self.matrix(state) - z[:, None, None] * np.eye(self.g.shape[1]))

    def weights(self, M: np.ndarray) -> np.ndarray:
        """1/(1 + g^T M g/alpha), (n, N)."""
        i, j = self._triangle
        return 1 / (1 + (M[:, i, j] * self._twice) @ self.products.T / self.alpha)

    def transform(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.trace(self.resolvent(state, z), axis1=1, axis2=2) / self.g.shape[1]

    def imaginary(self, state: np.ndarray, z: np.ndarray) -> np.ndarray:
        M = self.resolvent(state, z)
        return np.linalg.eigvalsh(M.imag)[:, 0] / np.abs(M).max(axis=(1, 2))

    def step(self, state: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        M = self.resolvent(state, z)
        weights, (i, j), s = self.weights(M), self._triangle, state.shape[1]
        value = _times(weights, self.products) / len(self.g) - state
        pairs, place = self._pairs
        by_M = -_times(weights**2, pairs)[:, place] * self._twice / (self.alpha * len(self.g))
        # dM = -M dT M, an entry off the diagonal of dT standing in two places.
        both = M[:, i][:, :, i] * M[:, j][:, :, j] + M[:, i][:, :, j] * M[:, j][:, :, i]
        M_by_state = -both * self._twice / 2
        change = np.linalg.solve(np.eye(s) - by_M @ M_by_state, value[..., None])[..., 0]
        return state + change, np.abs(change).max(axis=1) / np.abs(state).max(axis=1)


def _times(weights: np.ndarray, real: np.ndarray) -> np.ndarray:
    """A complex matrix times a real one, without making that complex."""
    return weights.real @ real + 1j * (weights.imag @ real)

"""Sectors: invariant subspaces of H with their eigenvalues, whose vectors need not be written out.

A parameter vector is (V, b) with V (k, d) row-major and b the rest (the read-out). Every sector takes a vector
apart (``energies``), multiplies its part by numbers (``apply``) and can write its vectors out for small sizes.
"""

from __future__ import annotations

import abc
import dataclasses

import numpy as np


class Sector(abc.ABC):
    """An invariant subspace: n distinct values, each with the same multiplicity."""

    values: np.ndarray
    multiplicity: int

    @abc.abstractmethod
    def energies(self, delta: np.ndarray) -> np.ndarray:
        r""":math:`\sum_{v} (v\cdot\delta)^2` over the vectors of each value, shape (n,)."""

    @abc.abstractmethod
    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        r""":math:`\sum_i \mathrm{weights}_i\,\Pi_i\,\delta` with the projectors of the values, shape (P,)."""

    @abc.abstractmethod
    def vectors(self) -> np.ndarray:
        """Orthonormal columns (P, n · multiplicity), those of one value side by side."""


@dataclasses.dataclass(frozen=True, eq=False)
class Explicit(Sector):
    """Vectors written out: columns of ``basis`` (P, n)."""

    values: np.ndarray
    basis: np.ndarray
    multiplicity: int = 1

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return (self.basis.T @ delta) ** 2

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return self.basis @ (weights * (self.basis.T @ delta))

    def vectors(self) -> np.ndarray:
        return self.basis


@dataclasses.dataclass(frozen=True, eq=False)
class Repeated(Sector):
    """Vectors u ⊗ q with u a column of ``basis`` (k, n) and q orthogonal to the rows of ``frame`` (r, d); b = 0."""

    values: np.ndarray
    basis: np.ndarray
    frame: np.ndarray
    n_params: int

    @property
    def multiplicity(self) -> int:
        """d − r."""
        return self.frame.shape[1] - self.frame.shape[0]

    def _outside(self, delta: np.ndarray) -> np.ndarray:
        """The rows of Uᵀ V outside the row space, (n, d)."""
        k, d = self.basis.shape[0], self.frame.shape[1]
        rows = self.basis.T @ delta[: k * d].reshape(k, d)
        return rows - (rows @ self.frame.T) @ self.frame

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return np.sum(self._outside(delta) ** 2, axis=1)

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        out = np.zeros(self.n_params)
        part = self.basis @ (weights[:, None] * self._outside(delta))
        out[: part.size] = part.ravel()
        return out

    def vectors(self) -> np.ndarray:
        outside = _complement(self.frame.T)
        k, n = self.basis.shape
        product = np.einsum("in,dm->idnm", self.basis, outside)
        out = np.zeros((self.n_params, n * self.multiplicity))
        out[: k * outside.shape[0]] = product.reshape(k * outside.shape[0], -1)
        return out


@dataclasses.dataclass(frozen=True, eq=False)
class Lifted(Sector):
    """A sector of the reduced block: its vectors (V, b), V (k, r), become (V Q, b) with the frame Q (r, d)."""

    inner: Sector
    frame: np.ndarray
    k: int

    @property
    def values(self) -> np.ndarray:
        """Those of the inner sector."""
        return self.inner.values

    @property
    def multiplicity(self) -> int:
        """That of the inner sector."""
        return self.inner.multiplicity

    def _down(self, delta: np.ndarray) -> np.ndarray:
        d = self.frame.shape[1]
        inside = delta[: self.k * d].reshape(self.k, d) @ self.frame.T
        return np.concatenate([inside.ravel(), delta[self.k * d :]])

    def _up(self, reduced: np.ndarray) -> np.ndarray:
        r = self.frame.shape[0]
        inside = reduced[: self.k * r].reshape(self.k, r) @ self.frame
        return np.concatenate([inside.ravel(), reduced[self.k * r :]])

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return self.inner.energies(self._down(delta))

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return self._up(self.inner.apply(weights, self._down(delta)))

    def vectors(self) -> np.ndarray:
        return np.stack([self._up(column) for column in self.inner.vectors().T], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class Rest(Sector):
    """Everything orthogonal to the other sectors, with one value."""

    value: float
    others: tuple[Sector, ...]
    n_params: int

    @property
    def values(self) -> np.ndarray:
        """The one value, shape (1,)."""
        return np.array([self.value])

    @property
    def multiplicity(self) -> int:
        """P less the sizes of the others."""
        return self.n_params - sum(s.values.size * s.multiplicity for s in self.others)

    def _outside(self, delta: np.ndarray) -> np.ndarray:
        # Twice, so that what rounding left of the others is taken away as well.
        for _ in range(2):
            delta = delta - sum(s.apply(np.ones(s.values.size), delta) for s in self.others)
        return delta

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return np.array([np.sum(self._outside(delta) ** 2)])

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return weights[0] * self._outside(delta)

    def vectors(self) -> np.ndarray:
        return _complement(np.concatenate([s.vectors() for s in self.others], axis=1))


def _complement(basis: np.ndarray) -> np.ndarray:
    """An orthonormal basis (n, n − m) of what is orthogonal to the orthonormal columns of ``basis`` (n, m)."""
    full, _ = np.linalg.qr(basis, mode="complete")
    return full[:, basis.shape[1] :]

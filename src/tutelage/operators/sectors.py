"""Sectors: invariant subspaces of H with their eigenvalues, whose vectors need not be written out.

Every sector takes a parameter vector apart (``energies``), multiplies its part by numbers (``apply``) and can write
its vectors out for small sizes. Where it has to know what stands where in a vector, it has a Layout whose layer ``W``
(k, d) is the one that a rotation of the inputs turns.
"""

from __future__ import annotations

import abc
import dataclasses

import numpy as np

from tutelage.layout import Layout


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
    """Vectors u ⊗ q in W, zero elsewhere: u a column of ``basis`` (k, n), q orthogonal to the rows of ``frame`` (r, d)."""

    values: np.ndarray
    basis: np.ndarray
    frame: np.ndarray
    layout: Layout

    @property
    def multiplicity(self) -> int:
        """d − r."""
        return self.frame.shape[1] - self.frame.shape[0]

    def _outside(self, delta: np.ndarray) -> np.ndarray:
        """The rows of Uᵀ V outside the row space, (n, d)."""
        rows = self.basis.T @ self.layout.split(delta)["W"]
        return rows - (rows @ self.frame.T) @ self.frame

    def _alone(self, W: np.ndarray) -> np.ndarray:
        """θ (..., P) with this W (..., k, d) and zeros elsewhere."""
        out = np.zeros((*W.shape[:-2], self.layout.size))
        out[..., self.layout.slices["W"]] = W.reshape(*W.shape[:-2], -1)
        return out

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return np.sum(self._outside(delta) ** 2, axis=1)

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return self._alone(self.basis @ (weights[:, None] * self._outside(delta)))

    def vectors(self) -> np.ndarray:
        product = np.einsum("in,dm->nmid", self.basis, _complement(self.frame.T))
        return self._alone(product.reshape(-1, *product.shape[2:])).T


@dataclasses.dataclass(frozen=True, eq=False)
class Lifted(Sector):
    """A sector of the reduced block: its vectors, W (k, r), become those with W Q (k, d), Q the frame (r, d)."""

    inner: Sector
    frame: np.ndarray
    layout: Layout

    @property
    def values(self) -> np.ndarray:
        """Those of the inner sector."""
        return self.inner.values

    @property
    def multiplicity(self) -> int:
        """That of the inner sector."""
        return self.inner.multiplicity

    @property
    def _inside(self) -> Layout:
        return self.layout.reshaped(W=(self.layout.shape("W")[0], self.frame.shape[0]))

    def _down(self, delta: np.ndarray) -> np.ndarray:
        layers = self.layout.split(delta)
        return self._inside.flatten(layers | {"W": layers["W"] @ self.frame.T})

    def _up(self, reduced: np.ndarray) -> np.ndarray:
        layers = self._inside.split(reduced)
        return self.layout.flatten(layers | {"W": layers["W"] @ self.frame})

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return self.inner.energies(self._down(delta))

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return self._up(self.inner.apply(weights, self._down(delta)))

    def vectors(self) -> np.ndarray:
        return self._up(self.inner.vectors().T).T


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

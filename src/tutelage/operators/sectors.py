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
    """Vectors u ⊗ q in one layer, zero elsewhere: u a column of ``basis`` (k, n), q orthogonal to the rows of ``frame`` (r, d).

    ``within`` (d, n) narrows q down to the span of these orthonormal columns, in which the frame then lies. ``layer`` is
    ``W`` (k, d), or ``a``: the read-outs with the output bias as (k + 1, m), q a direction of the outputs.
    """

    values: np.ndarray
    basis: np.ndarray
    frame: np.ndarray
    layout: Layout
    within: np.ndarray | None = None
    layer: str = "W"

    @property
    def multiplicity(self) -> int:
        """d − r."""
        size = self.frame.shape[1] if self.within is None else self.within.shape[1]
        return size - self.frame.shape[0]

    def _outside(self, delta: np.ndarray) -> np.ndarray:
        """The rows of Uᵀ V outside the frame, (n, d)."""
        layers = self.layout.split(delta)
        if self.layer != "a":
            matrix = layers[self.layer]
        else:
            matrix = np.concatenate([np.atleast_2d(layers[name].T) for name in self._read_outs])
        rows = self.basis.T @ matrix
        within = rows if self.within is None else (rows @ self.within) @ self.within.T
        return within - (rows @ self.frame.T) @ self.frame

    @property
    def _read_outs(self) -> list[str]:
        return [name for name in ("a", "c") if name in self.layout.trained]

    def _alone(self, matrix: np.ndarray) -> np.ndarray:
        """θ (..., P) with this layer (..., k, d) and zeros elsewhere."""
        front = matrix.shape[:-2]
        out = np.zeros((*front, self.layout.size))
        if self.layer != "a":
            out[..., self.layout.slices[self.layer]] = matrix.reshape(*front, -1)
            return out
        layers = self.layout.split(out)
        if "a" in self._read_outs:
            layers["a"][...] = np.swapaxes(matrix[..., : layers["a"].shape[-1], :], -1, -2)
        if "c" in self._read_outs:
            layers["c"][...] = matrix[..., -1, :]
        return out

    def energies(self, delta: np.ndarray) -> np.ndarray:
        return np.sum(self._outside(delta) ** 2, axis=1)

    def apply(self, weights: np.ndarray, delta: np.ndarray) -> np.ndarray:
        return self._alone(self.basis @ (weights[:, None] * self._outside(delta)))

    def vectors(self) -> np.ndarray:
        frame = self.frame if self.within is None else self.frame @ self.within
        outside = complement(frame.T)
        outside = outside if self.within is None else self.within @ outside
        product = np.einsum("in,dm->nmid", self.basis, outside)
        return self._alone(product.reshape(-1, *product.shape[2:])).T


@dataclasses.dataclass(frozen=True, eq=False)
class Lifted(Sector):
    """A sector of the reduced block: its vectors become those with W Q (k, d), Q the frame (r, d), and U A, U (m, ρ)."""

    inner: Sector
    layout: Layout
    inside: Layout
    frame: np.ndarray | None = None
    outputs: np.ndarray | None = None
    layer: str = "W"

    @property
    def values(self) -> np.ndarray:
        """Those of the inner sector."""
        return self.inner.values

    @property
    def multiplicity(self) -> int:
        """That of the inner sector."""
        return self.inner.multiplicity

    def _down(self, delta: np.ndarray) -> np.ndarray:
        layers = self.layout.split(delta)
        if self.frame is not None:
            layers[self.layer] = layers[self.layer] @ self.frame.T
        if (outputs := self.outputs) is not None:
            for name in self._turned:
                layers[name] = np.tensordot(outputs.T, layers[name], 1)
        return self.inside.flatten({name: layers[name].reshape(self.inside.shape(name)) for name in layers})

    def _up(self, reduced: np.ndarray) -> np.ndarray:
        front, layers = reduced.shape[:-1], self.inside.split(reduced)
        if self.frame is not None:
            layers[self.layer] = layers[self.layer] @ self.frame
        if (outputs := self.outputs) is not None:
            for name in self._turned:
                rest = self.layout.shape(name)[1:]
                layer = layers[name].reshape(*front, outputs.shape[1], -1)
                layers[name] = (outputs @ layer).reshape(*front, len(outputs), *rest)
        return self.layout.flatten(layers)

    @property
    def _turned(self) -> list[str]:
        return [name for name in ("a", "c") if name in self.layout.trained]

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
        return complement(np.concatenate([s.vectors() for s in self.others], axis=1))


def complement(basis: np.ndarray) -> np.ndarray:
    """An orthonormal basis (n, n − m) of what is orthogonal to the orthonormal columns of ``basis`` (n, m)."""
    full, _ = np.linalg.qr(basis, mode="complete")
    return full[:, basis.shape[1] :]

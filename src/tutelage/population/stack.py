"""The Hessians at their optima of many networks of one shape, as arrays with one more axis in front."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.activations.close_pairs import CLOSE_ANGLE
from tutelage.base.errors import InputError
from tutelage.base.rows import lengths, stacked_coordinates
from tutelage.layout import Layout
from tutelage.moments import PairMoments
from tutelage.population import function_space, rounding, structure
from tutelage.population.dense_pairs import fill_weights, mixed_slopes

_BYTES_AT_ONCE = 2**20
"""Of matrices in one batch: more would leave the cache between assembly and LAPACK (batches of 100 took twice as long)."""

TablesOf: TypeAlias = Callable[[Activation, np.ndarray], PairMoments]

_BESIDE_CLOSE = 1e-6
"""Far above the rounding of a cosine, in which close pairs are recognised here."""


@dataclasses.dataclass(frozen=True, eq=False)
class HessianStack:
    r"""n Hessians :math:`E[\nabla f\,\nabla f^T]` of plain networks inside the span of their neurons.

    Each is what :class:`PairHessian` of that network, or the block of its reduction, is; tests compare them.

    Attributes
    ----------
    activation : Activation
    d : int
        Inputs of the networks; r of them, min(k, d), are inside.
    W : ndarray, shape (n, k, r)
        Neurons in coordinates of their span.
    a : ndarray, shape (n, k)
    make_tables : callable
        Of the activation and W: ``moments.stacked_tables``, or the quicker ``moments.only_tables`` of one network.
    """

    activation: Activation
    d: int
    W: np.ndarray
    a: np.ndarray
    make_tables: TablesOf

    @functools.cached_property
    def layout(self) -> Layout:
        """Of one block, of size k r + k."""
        return Layout({"W": self.W.shape[1:], "a": self.a.shape[1:]})

    def dense(self, part: slice = slice(None)) -> np.ndarray:
        """The upper triangles of the blocks of some networks, shape (n, k r + k, k r + k), whatever is below them; or
        whole ones, (n, k r, k r), outside what a rescaling of neurons proves to be null."""
        W, a, at = self.W[part], self.a[part], self.layout.slices
        (n, k, r), t = W.shape, PairMoments(*(table[part] for table in self.tables))
        nulls = structure.rescaling(self.activation, {"W": W, "a": a}, self.layout)
        out = np.empty((n, self.layout.size, self.layout.size))
        weights = out[:, at["W"], at["W"]].reshape(n, k, r, k, r)
        fill_weights(t, W, self._pairs[part], weights, upper=nulls is None)
        mixed = (a[:, :, None, None] * mixed_slopes(t, W)).reshape(n, k * r, k)
        out[:, at["W"], at["a"]] = mixed
        out[:, at["a"], at["a"]] = t.k00
        if nulls is None:
            return out
        out[:, at["a"], at["W"]] = np.swapaxes(mixed, 1, 2)
        return self._outside(out, nulls)

    def _outside(self, matrices: np.ndarray, nulls: np.ndarray) -> np.ndarray:
        """The rows and columns of W after the reflection I - 2UUᵀ that brings the null vector of neuron i to a_i.

        U has orthonormal columns, since null vectors of different neurons have no parameter in common.
        """
        at, U = self.layout.slices, nulls.copy()
        own = np.einsum("nii->ni", U[:, at["a"]])
        own += np.where(own < 0, -1.0, 1.0)
        U /= np.sqrt(2 * np.abs(own))[:, None, :]
        images = matrices @ U
        of_weights = U[:, at["W"]]
        half = (images[:, at["W"]] - of_weights @ (np.swapaxes(U, 1, 2) @ images)) @ np.swapaxes(
            of_weights, 1, 2
        )
        return matrices[:, at["W"], at["W"]] - 2 * (half + np.swapaxes(half, 1, 2))

    def repeated(self) -> np.ndarray:
        """C of every network (n, k, k), which repeats itself in every direction outside the span."""
        repeated = self._pairs * self.tables.k11
        return (repeated + np.swapaxes(repeated, 1, 2)) / 2

    def sizes(self) -> np.ndarray:
        """Spectral norm (n,) of what the entries of each block are sums of, term by term (:class:`Entries`)."""
        return rounding.outer_size(self.W, self.a[:, None, :], self._terms, self.layout.trained)

    def repeated_sizes(self) -> np.ndarray:
        """The same of C."""
        return rounding.norm(self._pairs * self._terms.k11, (1, 2))

    @property
    def small_function_space(self) -> int | None:
        """M: functions of the blocks' factors F (M, k r + k), where they are fewer than parameters."""
        m = function_space.function_space_size(self.activation, self.W.shape[2])
        return None if m is None or m >= self.layout.size else m

    @functools.cached_property
    def gram(self) -> np.ndarray:
        """F Fᵀ of every block, shape (n, M, M)."""
        coefficients = self.activation.coefficients
        assert coefficients is not None, "asked for only with a function space"
        grams = []
        for part in self.parts((self.small_function_space or 1) * self.layout.size):
            layers = {"W": self.W[part], "a": self.a[part]}
            factors = np.moveaxis(function_space.factor_rows(coefficients, layers, self.layout), 0, 1)
            grams.append(factors @ np.swapaxes(factors, 1, 2))
        return np.concatenate(grams)

    def parts(self, numbers: int) -> Iterator[slice]:
        """The networks in slices, of each of which arrays of this many numbers a network stay in the cache."""
        step = max(1, _BYTES_AT_ONCE // (8 * numbers))
        return (slice(start, start + step) for start in range(0, len(self.a), step))

    @functools.cached_property
    def tables(self) -> PairMoments:
        """k_pq (n, k, k) of all pairs."""
        return self.make_tables(self.activation, self.W)

    @property
    def is_finite(self) -> bool:
        """Whether what the spectra are made of are float64 numbers."""
        by_functions = self.small_function_space is not None
        made_of = [
            *((self.gram,) if by_functions else ()),
            *(self.tables if self.d > self.W.shape[2] or not by_functions else ()),
        ]
        return all(np.isfinite(array).all() for array in made_of)

    @functools.cached_property
    def _terms(self) -> PairMoments:
        return self.activation.terms(self.tables, self.W, self.W)

    @functools.cached_property
    def _pairs(self) -> np.ndarray:
        """a_i a_j (n, k, k)."""
        return self.a[:, :, None] * self.a[:, None, :]


def stack_hessians(
    activation: Activation, W: np.ndarray, a: np.ndarray, make_tables: TablesOf = moments.stacked_tables
) -> tuple[HessianStack | None, np.ndarray]:
    """The Hessians of networks W (n, k, d), a (n, k), and for which of them (n,): the stack holds those alone.

    Left out is what needs more than arrays, or an error with the network's name: neurons that are zero, nearly dependent,
    nearly parallel under a kinked activation, or beyond float64. Every network, where the activation is not ``stackable``
    or for k < d has a factor for C (science 3b).
    """
    n, k, d = W.shape
    none = np.zeros(n, dtype=bool)
    size = function_space.repeated_size(activation, k) if k < d else None
    if not activation.stackable or (size is not None and size < k):
        return None, none
    try:
        activation.require_rows(W.reshape(n * k, d), "spectrum_many")
    except InputError:
        return None, none
    rows, kept = stacked_coordinates(W)
    if activation.kinks:
        kept &= ~_close(W)
    if not kept.any():
        return None, none
    stack = HessianStack(activation, d, rows[kept], a[kept], make_tables)
    return (stack, kept) if stack.is_finite else (None, none)


def _close(W: np.ndarray) -> np.ndarray:
    """Networks in which two neurons are close to parallel or opposite, or zero."""
    norms = lengths(W)
    unit = W / np.where(norms > 0, norms, 1.0)
    cosine = np.abs(unit @ np.swapaxes(unit, 1, 2)) * ~np.eye(W.shape[1], dtype=bool)
    return np.any(cosine > np.cos(CLOSE_ANGLE) - _BESIDE_CLOSE, axis=(1, 2))

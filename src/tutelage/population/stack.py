"""The Hessians at their optima of many networks of one shape, as arrays with one more axis in front."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from tutelage import moments
from tutelage.activations import Activation
from tutelage.activations.close_pairs import CLOSE_ANGLE
from tutelage.base.errors import InputError
from tutelage.base.rows import lengths, stacked_coordinates
from tutelage.layout import Layout
from tutelage.moments import MeanMoments, Tables
from tutelage.population import function_space, rounding, structure
from tutelage.population.dense_pairs import along_rows, fill_weights

_BYTES_AT_ONCE = 2**20
"""Of matrices in one batch: more would leave the cache between assembly and LAPACK (batches of 100 took twice as long)."""

TablesOf: TypeAlias = Callable[[Activation, np.ndarray, np.ndarray | None], Tables]

_BESIDE_CLOSE = 1e-6
"""Far above the rounding of a cosine, in which close pairs are recognised here."""


@dataclasses.dataclass(frozen=True, eq=False)
class HessianStack:
    r"""n Hessians :math:`E[\nabla f\,\nabla f^T]` of networks of one output inside the span of their neurons.

    Each is what :class:`PairHessian` of that network, or the block of its reduction, is; tests compare them.

    Attributes
    ----------
    activation : Activation
    d : int
        Inputs of the networks; r of them, min(k, d), are inside.
    layers : mapping of str to ndarray
        W (n, k, r), the neurons in coordinates of their span, a (n, k), and b (n, k) and c (n,) where networks have them.
    make_tables : callable
        Of the activation, W and b: ``moments.stacked_tables``, or ``moments.single_tables``, the quicker of one network.
    """

    activation: Activation
    d: int
    layers: Mapping[str, np.ndarray]
    make_tables: TablesOf

    @functools.cached_property
    def layout(self) -> Layout:
        """Of one block, the read-outs last: a rescaling of neurons takes them out."""
        return Layout({name: self.layers[name].shape[1:] for name in "Wbca" if name in self.layers})

    def dense(self, part: slice = slice(None)) -> np.ndarray:
        """The upper triangles of the blocks of some networks, shape (n, P', P'), whatever is below them; or whole ones
        outside what a rescaling of neurons proves to be null, (n, P' - k, P' - k)."""
        layers, at = {name: layer[part] for name, layer in self.layers.items()}, self.layout.slices
        (n, k, r), t = layers["W"].shape, type(self.tables)(*(table[part] for table in self.tables))
        nulls = structure.rescaling(self.activation, layers, self.layout)
        out = np.empty((n, self.layout.size, self.layout.size))
        weights = out[:, at["W"], at["W"]].reshape(n, k, r, k, r)
        fill_weights(t, layers["W"], self._pairs[part], weights, upper=nulls is None)
        own = None if self.own is None else self.own[:, part]
        for (row, column), block in _other_blocks(t, layers, self._pairs[part], own).items():
            out[:, at[row], at[column]] = block.reshape(n, -1, block.shape[-1])
            if nulls is not None and row != column:
                out[:, at[column], at[row]] = np.swapaxes(out[:, at[row], at[column]], 1, 2)
        return out if nulls is None else self._outside(out, nulls)

    def _outside(self, matrices: np.ndarray, nulls: np.ndarray) -> np.ndarray:
        """The rows and columns of all but a after the reflection I - 2UUᵀ that brings the null vector of neuron i to a_i.

        U has orthonormal columns, since null vectors of different neurons have no parameter in common.
        """
        at, U = self.layout.slices, nulls.copy()
        own = np.einsum("nii->ni", U[:, at["a"]])
        own += np.where(own < 0, -1.0, 1.0)
        U /= np.sqrt(2 * np.abs(own))[:, None, :]
        images = matrices @ U
        kept = slice(0, at["a"].start)
        of_kept = U[:, kept]
        half = (images[:, kept] - of_kept @ (np.swapaxes(U, 1, 2) @ images)) @ np.swapaxes(of_kept, 1, 2)
        return matrices[:, kept, kept] - 2 * (half + np.swapaxes(half, 1, 2))

    def repeated(self) -> np.ndarray:
        """C of every network (n, k, k), which repeats itself in every direction outside the span."""
        repeated = self._pairs * self.tables.k11
        return (repeated + np.swapaxes(repeated, 1, 2)) / 2

    def sizes(self) -> np.ndarray:
        """Spectral norm (n,) of what the entries of each block are sums of, term by term (:class:`Entries`)."""
        read_outs = self.layers["a"][:, None, :]
        return rounding.outer_size(
            self.layers["W"], read_outs, self._terms, self.layout.trained, own=self.own
        )

    def repeated_sizes(self) -> np.ndarray:
        """The same of C."""
        return rounding.norm(self._pairs * self._terms.k11, (1, 2))

    @property
    def small_function_space(self) -> int | None:
        """M: functions of the blocks' factors F (M, P'), where they are fewer than parameters."""
        m = function_space.function_space_size(self.activation, self.layers["W"].shape[2], self.layers)
        return None if m is None or m >= self.layout.size else m

    @functools.cached_property
    def gram(self) -> np.ndarray:
        """F Fᵀ of every block, shape (n, M, M)."""
        coefficients = self.activation.coefficients
        assert coefficients is not None, "asked for only with a function space"
        grams = []
        for part in self.parts((self.small_function_space or 1) * self.layout.size):
            layers = {name: layer[part] for name, layer in self.layers.items()}
            factors = np.moveaxis(function_space.factor_rows(coefficients, layers, self.layout), 0, 1)
            grams.append(factors @ np.swapaxes(factors, 1, 2))
        return np.concatenate(grams)

    def parts(self, numbers: int) -> Iterator[slice]:
        """The networks in slices, of each of which arrays of this many numbers a network stay in the cache."""
        step = max(1, _BYTES_AT_ONCE // (8 * numbers))
        return (slice(start, start + step) for start in range(0, len(self.layers["a"]), step))

    @functools.cached_property
    def tables(self) -> Tables:
        """k_pq (n, k, k) of all pairs."""
        return self.make_tables(self.activation, self.layers["W"], self.layers.get("b"))

    @functools.cached_property
    def own(self) -> np.ndarray | None:
        """s_0, s_1, s_2 of the neurons, shape (3, n, k), where there are output biases."""
        if "c" not in self.layers:
            return None
        W, b = self.layers["W"], self.layers.get("b")
        means = [None] * len(W) if b is None else b
        found = [moments.neuron_tables(self.activation, *each)[:3] for each in zip(W, means, strict=True)]
        return np.stack(found, axis=1)

    @property
    def is_finite(self) -> bool:
        """Whether what the spectra are made of are float64 numbers."""
        by_functions = self.small_function_space is not None
        made_of = [self.gram] if by_functions else [] if self.own is None else [self.own]
        if self.d > self.layers["W"].shape[2] or not by_functions:
            made_of.append(np.array(self.tables))  # one array: eight small ones take thrice the time
        return all(np.isfinite(array).all() for array in made_of)

    @functools.cached_property
    def _terms(self) -> Tables:
        W, tables = self.layers["W"], self.tables
        if isinstance(tables, MeanMoments):
            return self.activation.mean_terms(tables, W, W, (self.layers["b"], self.layers["b"]))
        return self.activation.terms(tables, W, W)

    @functools.cached_property
    def _pairs(self) -> np.ndarray:
        """a_i a_j (n, k, k)."""
        return self.layers["a"][:, :, None] * self.layers["a"][:, None, :]


def _other_blocks(
    t: Tables, layers: Mapping[str, np.ndarray], pairs: np.ndarray, own: np.ndarray | None
) -> dict[tuple[str, str], np.ndarray]:
    """Those above the diagonal that are not (W, W), shapes (n, ..., columns) (science 1.4, 9)."""
    W, a = layers["W"], layers["a"]
    blocks = {("W", "a"): a[:, :, None, None] * along_rows(t.k20, t.k11, W), ("a", "a"): t.k00}
    if isinstance(t, MeanMoments):
        blocks["W", "b"] = along_rows(pairs * t.k21, pairs * t.k12, W)
        blocks |= {("b", "b"): pairs * t.k11, ("b", "a"): a[:, :, None] * t.k10}
    if own is not None:
        s0, s1, s2 = own
        blocks["W", "c"] = (a * s2)[:, :, None, None] * W[..., None]
        blocks |= {("c", "c"): np.ones((len(a), 1, 1)), ("c", "a"): s0[:, None, :]}
        if "b" in layers:
            blocks["b", "c"] = (a * s1)[:, :, None]
    return blocks


def stack_hessians(
    activation: Activation, layers: Mapping[str, np.ndarray], make_tables: TablesOf = moments.stacked_tables
) -> tuple[HessianStack | None, np.ndarray]:
    """The Hessians of networks of these layers W (n, k, d), a (n, k), ..., and for which of them (n,): the stack holds those
    alone.

    Left out is what needs more than arrays, or an error with the network's name: neurons that are zero, nearly dependent,
    nearly parallel under a kinked activation, or beyond float64. Every network, where the activation is not ``stackable``
    or for k < d has a factor for C (science 3b).
    """
    W = layers["W"]
    n, k, d = W.shape
    none = np.zeros(n, dtype=bool)
    size = function_space.repeated_size(activation, k) if k < d and "b" not in layers else None
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
    here = {name: layer[kept] for name, layer in {**layers, "W": rows}.items()}
    stack = HessianStack(activation, d, here, make_tables)
    return (stack, kept) if stack.is_finite else (None, none)


def _close(W: np.ndarray) -> np.ndarray:
    """Networks in which two neurons are close to parallel or opposite, or zero."""
    norms = lengths(W)
    unit = W / np.where(norms > 0, norms, 1.0)
    cosine = np.abs(unit @ np.swapaxes(unit, 1, 2)) * ~np.eye(W.shape[1], dtype=bool)
    return np.any(cosine > np.cos(CLOSE_ANGLE) - _BESIDE_CLOSE, axis=(1, 2))

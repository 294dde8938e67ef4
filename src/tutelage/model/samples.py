"""Samples: inputs and targets gathered from arrays or batches, checked once."""

from __future__ import annotations

from collections.abc import Iterable

import jax
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import ArrayLike, PyTree


def gather(X: PyTree, y: ArrayLike | None, dtype: np.dtype, who: str) -> tuple[PyTree, np.ndarray, int]:
    """Inputs (n, ...), a pytree with numbers in ``dtype``, targets (n, ...) as they came, and n.

    Without y, X gives batches (X, y), a list or a loader: it is read once, so that every product sees the same data,
    whatever it shuffles.
    """
    if y is None:
        X, y = _joined(X, who)
    inputs = jax.tree.map(lambda leaf: _numbers(leaf, who, "X", dtype), X)
    targets = _numbers(y, who, "y", None)
    lengths = {np.shape(leaf)[:1] for leaf in (*jax.tree.leaves(inputs), targets)}
    if len(lengths) != 1 or not lengths.copy().pop():
        found = [np.shape(leaf) for leaf in (*jax.tree.leaves(inputs), targets)]
        raise InputError(
            f"{who}: expected as many rows in X as in y, got shapes {found}; samples stand along axis 0"
        )
    ((n,),) = lengths
    if not n:
        raise InputError(f"{who}: expected samples, got none")
    return inputs, targets, n


def _joined(batches: PyTree, who: str) -> tuple[PyTree, ArrayLike]:
    if isinstance(batches, (np.ndarray, jax.Array)) or not isinstance(batches, Iterable):
        raise InputError(
            f"{who}: expected y beside X, or batches (X, y) in its place, got {type(batches).__name__} alone"
        )
    parts, total = [], 0
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise InputError(f"{who}: expected batches (X, y), got {type(batch).__name__}; pass X and y")
        part = jax.tree.map(np.asarray, tuple(batch))
        total += sum(leaf.nbytes for leaf in jax.tree.leaves(part))
        check.fits_in_memory(
            2.0 * total,
            who,
            f"the data of {len(parts) + 1} batches",
            f"{len(parts)} batches",
            "pass fewer of them",
        )
        parts.append(part)
    if not parts:
        raise InputError(f"{who}: expected batches (X, y), got none; a generator can be read only once")
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _numbers(leaf: ArrayLike, who: str, name: str, dtype: np.dtype | None) -> np.ndarray:
    """Integers stay (labels, tokens); floats are finite and in ``dtype``."""
    array = np.asarray(leaf)
    if array.dtype.kind in "iub":
        return array
    check.float_array(array, who, name)
    return array if dtype is None else array.astype(dtype)

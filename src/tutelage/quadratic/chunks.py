"""Realizations in chunks, each kept in the store when done: an interrupted run resumes, a longer one extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.quadratic.batch import Progress
from tutelage.weights import Normal, as_weight_law

if TYPE_CHECKING:
    from tutelage.store import Store

# Large enough to batch, small enough to lose little when interrupted: seconds of work at d = 32.
CHUNK = 50
_CODE = ("tutelage.quadratic", "tutelage.network", "tutelage.weights", "tutelage.base.lbfgs")

Arrays = dict[str, np.ndarray]
"""Name -> one value per realization, along the first axis."""


def in_chunks(
    compute: Callable[[range], Arrays],
    instances: int,
    name: str,
    parameters: Mapping[str, Any],
    store: Store | None = None,
    progress: Progress | None = None,
    code: tuple[str, ...] = _CODE,
) -> Arrays:
    """``compute`` on realizations 0, ..., instances − 1 by chunks; results joined in order.

    Parameters
    ----------
    compute : callable
        From a range of realizations to arrays with one entry per realization.
    name, parameters, code
        What a chunk is stored under, beside its range: everything it depends on, and the modules that compute it.
    """
    found = []
    for first in range(0, instances, CHUNK):
        block = range(first, min(first + CHUNK, instances))
        found.append(_chunk(compute, block, name, parameters, store, code))
        if progress is not None:
            progress(block.stop, instances)
    return {key: np.concatenate([part[key] for part in found]) for key in found[0]}


def _chunk(
    compute: Callable[[range], Arrays],
    block: range,
    name: str,
    parameters: Mapping[str, Any],
    store: Store | None,
    code: tuple[str, ...],
) -> Arrays:
    if store is None:
        return compute(block)
    import xarray as xr

    from tutelage.store import code_version, dataset_key

    described = dict(parameters) | {"first": block.start, "last": block.stop}
    key = dataset_key(name, described, code_version(code))
    dataset = store.get(key)
    if dataset is None:
        arrays = compute(block)
        dataset = xr.Dataset(
            {k: (("realization", *(f"{k}_{i}" for i in range(1, v.ndim))), v) for k, v in arrays.items()},
            attrs=described,
        )
        store.put(key, dataset)
    return {str(k): v.values for k, v in dataset.data_vars.items()}


def law_of(weights: Any) -> str:
    """How a weight law is written in keys."""
    return as_weight_law(Normal() if weights is None else weights).spec

"""Realizations in chunks, each kept in the store when done: an interrupted run resumes, a longer one extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base.progress import Progress

if TYPE_CHECKING:
    import xarray as xr

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
    parameters: Mapping[str, object],
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
            progress(block.stop / instances)
    return {key: np.concatenate([part[key] for part in found]) for key in found[0]}


def _chunk(
    compute: Callable[[range], Arrays],
    block: range,
    name: str,
    parameters: Mapping[str, object],
    store: Store | None,
    code: tuple[str, ...],
) -> Arrays:
    if store is None:
        return compute(block)
    described = dict(parameters) | {"first": block.start, "last": block.stop}
    dataset = store.kept(name, described, code, lambda: _dataset(compute(block), described))
    return {str(k): v.values for k, v in dataset.data_vars.items()}


def _dataset(arrays: Arrays, described: Mapping[str, object]) -> xr.Dataset:
    import xarray as xr

    variables = {k: (("realization", *(f"{k}_{i}" for i in range(1, v.ndim))), v) for k, v in arrays.items()}
    return xr.Dataset(variables, attrs=described)

"""Evaluate points and lay their results out as a Dataset; a failing point becomes a row with its error."""

from __future__ import annotations

import dataclasses
import functools
import platform
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

import tutelage
from tutelage.base.errors import InputError
from tutelage.base.files import own_name
from tutelage.base.processes import thread_count
from tutelage.store import code_version, save_dataset
from tutelage.store.provenance import cpu_model
from tutelage.sweep.folder import Marker, SweepFolder
from tutelage.sweep.imports import source_file
from tutelage.sweep.quantities import Evaluation
from tutelage.sweep.resolve import resolve
from tutelage.sweep.spec import Point, SweepSpec

if TYPE_CHECKING:
    import xarray as xr

_LONGEST_ERROR = 2000

Labelled: TypeAlias = tuple[tuple[str, ...], np.ndarray]
"""Dimension names and an array."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of a point: ``values`` (name -> (dimension names, array)), how each spectrum was found, the messages of
    the quantities that raised (empty when all is well, their values are left out) and the time it took."""

    values: Mapping[str, Labelled]
    method: str
    error: str
    seconds: float


def evaluate_point(spec: SweepSpec, point: Point) -> Result:
    """All quantities of one point."""
    evaluation = Evaluation(point)
    values: dict[str, Labelled] = {}
    errors = []
    start = time.perf_counter()
    for name in spec.quantities:
        try:
            found = resolve(name, spec.search_path)(evaluation, spec.options.get(name, {}))
            values.update({key: _labelled(key, value) for key, value in found.items()})
        except (Exception, SystemExit) as error:  # whatever a point does, the sweep goes on
            errors.append(f"{name}: {type(error).__name__}: {error}"[:_LONGEST_ERROR])
    seconds = time.perf_counter() - start
    method = "; ".join(f"{name}: {text}" for name, text in evaluation.methods.items())
    return Result(values, method, "; ".join(errors), seconds)


def _labelled(name: str, value: object) -> Labelled:
    """Dimension names and a float64 or text array."""
    dims: tuple[str, ...] | None = None
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], tuple):
        dims, value = value
    array = np.asarray(value)
    if array.dtype.kind in "biuf":
        array = array.astype(np.float64)
    elif array.dtype.kind != "U" or array.ndim:
        raise InputError(
            f"expected a real number, an array of them or a text for {name}, got {type(value).__name__}"
        )
    if dims is None:
        dims = tuple(f"{name}_{axis}" for axis in range(array.ndim))
    if len(dims) != array.ndim:
        raise InputError(f"expected {len(dims)} dimension(s) for {name}, got shape {array.shape}")
    return dims, array


def stack(columns: Sequence[Mapping[str, Labelled]]) -> dict[str, Labelled]:
    """Rows of named arrays to (dims, array) variables along ``point``; ragged ends and gaps are NaN."""
    variables = {}
    for name in dict.fromkeys(key for row in columns for key in row):
        dims, example = next(row[name] for row in columns if name in row)
        shape = tuple(
            max(row[name][1].shape[axis] for row in columns if name in row) for axis in range(example.ndim)
        )
        if example.dtype.kind == "U":
            variables[name] = (
                ("point",),
                np.array([str(row[name][1]) if name in row else "" for row in columns]),
            )
            continue
        full = np.full((len(columns), *shape), np.nan)
        for index, row in enumerate(columns):
            if name in row:
                full[(index, *(slice(n) for n in row[name][1].shape))] = row[name][1]
        variables[name] = (("point", *dims), full)
    return variables


@functools.cache
def code_of(quantities: tuple[str, ...], search_path: tuple[str, ...]) -> str:
    """The hash of tutelage's source and of the modules user functions come from."""
    files = (source_file(name, search_path) for name in quantities if ":" in name)
    return code_version(("tutelage", *(file for file in files if file is not None)))


def to_dataset(spec: SweepSpec, indices: Sequence[int], results: Iterable[Result]) -> xr.Dataset:
    """The chunk of some points: quantities, parameters and how each number was made."""
    import xarray as xr

    results = list(results)
    n = len(results)
    text = {
        "version": tutelage.__version__,
        "code": code_of(spec.quantities, spec.search_path),
        "cpu": cpu_model(),
    }
    record = {
        "seconds": ("point", np.array([r.seconds for r in results])),
        "method": ("point", np.array([r.method for r in results])),
        "failed": ("point", np.array([bool(r.error) for r in results])),
        "error": ("point", np.array([r.error for r in results])),
        "threads": ("point", np.full(n, thread_count())),
        **{name: ("point", np.full(n, value)) for name, value in text.items()},
    }
    parameters = {name: ("point", column) for name, column in spec.columns(indices).items()}
    return xr.Dataset(
        {**stack([r.values for r in results]), **record},
        coords={"point": np.asarray(indices, dtype=np.int64), **parameters},
        attrs={"host": platform.node()},
    )


def run_task(folder: str, spec: SweepSpec, start: int, stop: int) -> Marker:
    """Evaluate the points ``start <= index < stop`` and store them; durable when this returns.

    Running it again finds the stored result, so a scheduler may repeat it at will.
    """
    target = SweepFolder(Path(folder))
    marker = target.marker(start, stop)
    if marker is not None:
        return marker
    indices = range(start, stop)
    return store_results(
        target, spec, indices, [evaluate_point(spec, spec.point(index)) for index in indices]
    )


def store_results(target: SweepFolder, spec: SweepSpec, indices: range, results: Sequence[Result]) -> Marker:
    """Write one chunk, then its ``done`` marker; each is synced before its name appears."""
    dataset = to_dataset(spec, indices, results)
    path = save_dataset(dataset, own_name(target.chunk_path(indices.start, indices.stop)))
    marker = Marker(
        start=indices.start,
        stop=indices.stop,
        bytes=path.stat().st_size,
        crc32=zlib.crc32(path.read_bytes()),
        failed=int(dataset.failed.sum()),
        seconds=float(dataset.seconds.sum()),
        sizes={str(k): v for k, v in dataset.sizes.items() if k != "point"},
    )
    target.write_marker(marker)
    return marker


def lost_point(message: str) -> Result:
    """The result of a point that took its worker down."""
    return Result({}, "", message[:_LONGEST_ERROR], float("nan"))

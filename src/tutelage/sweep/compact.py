"""From many chunks to one zarr, by one writer, streaming; and reading whatever is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base.errors import StoreError
from tutelage.store import load_dataset, sync_directory
from tutelage.store.atomic import TEMPORARY_SUFFIX, write_error
from tutelage.store.datasets import check_schema, storable
from tutelage.sweep.folder import Marker, SweepFolder
from tutelage.sweep.quantities import resolve
from tutelage.sweep.spec import SweepSpec

if TYPE_CHECKING:
    import xarray as xr

#: Bytes of one chunk of the widest variable: large enough for fast reading, small enough to hold many.
_CHUNK_BYTES = 16e6
_MOST_ROWS = 20_000


def compact(folder: SweepFolder) -> None:
    """Write ``points.zarr`` from all whole tasks, unless it is up to date. The caller holds the lock.

    Everything goes to a temporary folder, is synced, and takes the name in one step. A damaged chunk is
    discarded and reported: running the sweep again computes its points anew.
    """
    markers = folder.markers()
    if not markers or folder.compact_digest() == folder.digest(markers):
        return
    spec = folder.spec()
    target = folder.compact_path
    temporary = target.with_name(target.name + TEMPORARY_SUFFIX)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        first = True
        for block, rows in _blocks(folder, spec, markers):
            _append(block, temporary, first, rows)
            first = False
        _sync_tree(temporary)
        if target.exists():
            shutil.rmtree(target)
        os.rename(temporary, target)
        sync_directory(folder.path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise write_error("sweep (compaction)", target, error) from None
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def gather(folder: SweepFolder) -> xr.Dataset:
    """All stored points in memory, read from the tasks: works while a run is active and writes nothing."""
    markers = folder.markers()
    if not markers:
        raise StoreError(f"sweep store {str(folder.path)!r}: expected stored points, there are none yet")
    blocks = [block for block, _ in _blocks(folder, folder.spec(), markers)]
    return _concatenate(blocks)


def open_points(folder: SweepFolder | str | Path) -> xr.Dataset:
    """Everything stored: lazily from the compacted result if it is up to date, else read from the tasks."""
    import xarray as xr

    folder = folder if isinstance(folder, SweepFolder) else SweepFolder(folder)
    markers = folder.markers()
    attributes = folder.compact_attributes()
    if attributes and (not markers or attributes.get("tasks") == folder.digest(markers)):
        check_schema(attributes, f"sweep store {str(folder.path)!r}")
        points = xr.open_zarr(folder.compact_path, consolidated=False)
        return points.assign_coords(
            {name: _loaded(c) for name, c in points.coords.items() if name != "point"}
        )
    return gather(folder)


def _loaded(coordinate: xr.DataArray) -> Any:
    """A parameter in memory, text as fixed-length unicode: it is small, and xarray cannot group by lazy ones."""
    values = coordinate.values
    text = values.dtype.kind not in "biuf"
    return coordinate.dims, values.astype(object).astype(str) if text else values, coordinate.attrs


def _blocks(folder: SweepFolder, spec: SweepSpec, markers: list[Marker]) -> Iterator[tuple[xr.Dataset, int]]:
    """Equal blocks of rows in grid order, each padded to the widest point, every point once."""
    sizes: dict[str, int] = {}
    for marker in markers:
        for name, size in marker.sizes.items():
            sizes[name] = max(size, sizes.get(name, 0))
    names = _variables(folder, markers)
    rows = 0
    held: list[xr.Dataset] = []
    position = 0  # points below are written: overlapping tasks (a late worker of a killed run) count once
    for number, marker in enumerate(markers):
        if marker.stop > position:
            chunk = _read(folder, marker)
            chunk = _complete(chunk.isel(point=slice(max(0, position - marker.start), None)), names, sizes)
            rows = rows or _rows(chunk)
            held.append(chunk)
            position = marker.stop
        last = number == len(markers) - 1
        count = sum(part.sizes["point"] for part in held)
        if count < rows and not last:
            continue
        joined = _concatenate(held)
        joined.attrs = {"spec": spec.to_mapping(), "name": spec.name, "tasks": folder.digest(markers)}
        joined.attrs["variables"] = list(names)
        joined = joined.assign_coords(_axes(spec, sizes))
        while count >= rows or (last and count):
            yield joined.isel(point=slice(0, rows)), rows
            joined = joined.isel(point=slice(rows, None))
            count -= min(rows, count)
        held = [joined.drop_vars(list(_axes(spec, sizes)))] if count else []


def _concatenate(parts: list[xr.Dataset]) -> xr.Dataset:
    """Parts with the same variables, one after the other."""
    import xarray as xr

    if len(parts) == 1:
        return parts[0]
    return xr.concat(
        parts, "point", data_vars="minimal", coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )  # fmt: skip


def _variables(folder: SweepFolder, markers: list[Marker]) -> dict[str, Any]:
    """Name -> (dims, dtype kind) over tasks; a task whose points all failed lacks the quantities."""
    names: dict[str, Any] = {}
    for marker in markers:
        if marker.failed == marker.stop - marker.start and names:
            continue
        chunk = _read(folder, marker)
        names = {**{str(n): (v.dims, v.dtype.kind) for n, v in chunk.data_vars.items()}, **names}
        if not marker.failed:
            break
    return names


def _read(folder: SweepFolder, marker: Marker) -> xr.Dataset:
    try:
        return load_dataset(folder.chunk_path(marker.start, marker.stop))
    except StoreError as error:
        if "corrupt" not in str(error):
            raise
        folder.discard(marker)
        raise StoreError(
            f"sweep store {str(folder.path)!r}: points {marker.start} to {marker.stop - 1} were damaged on "
            "the disk and are set aside; run the sweep again to compute them anew, the others are kept"
        ) from None


def _complete(chunk: xr.Dataset, names: dict[str, Any], sizes: dict[str, int]) -> xr.Dataset:
    """Pad ragged axes with NaN and add the variables that a wholly failed task lacks."""
    n = chunk.sizes["point"]
    pads = {name: (0, size - chunk.sizes[name]) for name, size in sizes.items() if name in chunk.sizes}
    pads = {name: pad for name, pad in pads.items() if pad[1]}
    if pads:
        chunk = chunk.pad(pads, constant_values=np.nan)
    for name, (dims, kind) in names.items():
        if name not in chunk:
            shape = (n, *(sizes[dim] for dim in dims[1:]))
            chunk[name] = (dims, np.full(shape, "" if kind == "U" else np.nan))
    return chunk[list(names)]


def _rows(chunk: xr.Dataset) -> int:
    """Rows of a block, so that its widest variable makes a chunk of about 16 MB."""
    widest = max(8 * int(np.prod(v.shape[1:], dtype=np.int64)) for v in chunk.data_vars.values())
    return int(np.clip(_CHUNK_BYTES // widest, 1, _MOST_ROWS))


def _axes(spec: SweepSpec, sizes: dict[str, int]) -> dict[str, Any]:
    """Coordinates of the shared axes that the quantities declare."""
    axes: dict[str, Any] = {}
    for name in spec.quantities:
        axes.update(resolve(name, spec.search_path).axes(spec.options.get(name, {})))
    return {name: np.asarray(values) for name, values in axes.items() if sizes.get(name) == len(values)}


def _append(block: xr.Dataset, path: Path, first: bool, rows: int) -> None:
    """Write the first block, or append an aligned one."""
    block = storable(block)
    if not first:
        block.drop_vars([n for n, v in block.variables.items() if "point" not in v.dims]).to_zarr(
            path, append_dim="point", consolidated=False
        )
        return
    encoding = {
        name: {"chunks": (rows, *variable.shape[1:])}
        for name, variable in block.variables.items()
        if variable.dims[:1] == ("point",)
    }
    block.to_zarr(path, mode="w", zarr_format=3, consolidated=False, encoding=encoding)


def _sync_tree(path: Path) -> None:
    """fsync every file and folder below."""
    for folder, _, files in os.walk(path):
        for name in files:
            handle = os.open(os.path.join(folder, name), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_directory(folder)

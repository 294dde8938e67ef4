"""From many chunks to one zarr, by one writer, streaming; and reading whatever is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base.errors import DamagedError, StoreError
from tutelage.base.files import TEMPORARY_SUFFIX, write_error
from tutelage.store.datasets import check_schema
from tutelage.store.ownership import marked, remove_arrays, replace_arrays
from tutelage.sweep.chunks import DamagedTask, complete, fitting, layouts_of, read_chunk, warn, who
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.manifest import (
    Manifest,
    checksums,
    damaged_files,
    read_manifest,
    tasks_of,
    write_manifest,
)
from tutelage.sweep.marker import Marker
from tutelage.sweep.resolve import resolve
from tutelage.sweep.spec import SweepSpec

if TYPE_CHECKING:
    import xarray as xr

#: Bytes of one chunk of the widest variable: large enough for fast reading, small enough to hold many.
_CHUNK_BYTES = 16e6
_MOST_ROWS = 20_000
_WHO = "sweep (compaction)"


def compact(folder: SweepFolder) -> None:
    """Write ``points.zarr`` from all whole tasks, unless it is up to date and whole. The caller holds the lock.

    Everything goes to a temporary folder and takes the name in one step; its checksums follow. It is not synced: what a
    power cut leaves of it fails them, and it is written anew from the tasks, which are. A damaged chunk is discarded and
    reported: running the sweep again computes its points anew.
    """
    markers = folder.markers()
    if not markers or _up_to_date(folder, markers):
        return
    spec = folder.spec()
    target = folder.compact_path
    temporary = target.with_name("." + target.name + TEMPORARY_SUFFIX)
    remove_arrays(temporary, _WHO)
    try:
        first = True
        for block, rows in _blocks(folder, spec, markers):
            _append(block, temporary, first, rows)
            first = False
        files = checksums(temporary)
        replace_arrays(temporary, target, _WHO, place=True)
        write_manifest(folder.manifest_path, Manifest(tasks_of(markers), files))
    except OSError as error:
        raise write_error(_WHO, target, error) from None
    except DamagedTask as error:
        folder.discard(error.marker)
        raise StoreError(
            f"{error} and are set aside; run the sweep again to compute them anew, the others are kept"
        ) from None
    finally:
        remove_arrays(temporary, _WHO)


def _up_to_date(folder: SweepFolder, markers: list[Marker]) -> bool:
    """Whether ``points.zarr`` holds these tasks and nothing else, unharmed; says so when it was harmed."""
    manifest = read_manifest(folder.manifest_path)
    if manifest is None or manifest.tasks != tasks_of(markers):
        return False
    damaged = damaged_files(folder.compact_path, manifest.files)
    if damaged:
        warn(f"{_named(folder, damaged)}; it is written anew from the task files")
    return not damaged


def gather(folder: SweepFolder) -> xr.Dataset:
    """All stored points in memory, read from the tasks: works while a run is active and writes nothing."""
    markers = folder.markers()
    if not markers:
        raise StoreError(f"sweep store {str(folder.path)!r}: expected stored points, there are none yet")
    try:
        return _concatenate([block for block, _ in _blocks(folder, folder.spec(), markers)])
    except DamagedTask as error:
        raise DamagedError(f"{error}; run the sweep again to compute them anew") from None


def open_points(folder: SweepFolder | str | Path) -> xr.Dataset:
    """Everything stored: lazily from the compacted result if it is up to date and whole, else read from the tasks.

    Every byte of the compacted result is compared with its checksum first. Imports no function of the sweep and writes
    nothing, whoever made the folder.

    Warns
    -----
    StoreWarning
        The compacted result is damaged; the points come from the task files.

    Raises
    ------
    DamagedError
        It is damaged and there are no task files; or one of those is damaged in its turn.
    """
    folder = folder if isinstance(folder, SweepFolder) else SweepFolder(folder)
    markers = folder.markers()
    manifest = read_manifest(folder.manifest_path)
    if manifest is None:
        if not folder.compact_path.exists():
            return gather(folder)
        problem = f"{who(folder)}: points.json, the checksums of points.zarr, is missing or damaged"
    elif any(manifest.tasks.get(task) != crc for task, crc in tasks_of(markers).items()):
        return gather(folder)  # there are newer tasks
    elif damaged := damaged_files(folder.compact_path, manifest.files):
        problem = _named(folder, damaged)
    else:
        return _opened(folder)
    if not markers:
        raise DamagedError(
            f"{problem}, and the task files are gone; restore the folder from a copy, or run the sweep again"
        )
    points = gather(folder)
    warn(
        f"{problem}; {points.sizes['point']} points were read from the task files, `sweep resume` writes it anew"
    )
    return points


def _opened(folder: SweepFolder) -> xr.Dataset:
    """The compacted result, lazily but for its parameters."""
    import xarray as xr

    points = xr.open_zarr(folder.compact_path, consolidated=False, zarr_format=3)
    check_schema(points.attrs, who(folder))
    parameters = points.coords.to_dataset().compute()  # all at once: each by itself takes Dask 3 ms
    return points.assign_coords(
        {name: _loaded(c) for name, c in parameters.coords.items() if name != "point"}
    )


def _named(folder: SweepFolder, damaged: list[str]) -> str:
    """What is damaged, in one sentence."""
    more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
    return f"{who(folder)}: points.zarr/{damaged[0]}{more} changed or went missing since it was written"


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
    layouts = layouts_of(folder, markers)
    rows = 0
    held: list[xr.Dataset] = []
    position = 0  # points below are written: overlapping tasks (a late worker of a killed run) count once
    for number, marker in enumerate(markers):
        if marker.stop > position:
            chunk = read_chunk(folder, marker)
            chunk = complete(fitting(folder, chunk, layouts), layouts, sizes)
            chunk = chunk.isel(point=slice(max(0, position - marker.start), None))
            rows = rows or _rows(chunk)
            held.append(chunk)
            position = marker.stop
        last = number == len(markers) - 1
        count = sum(part.sizes["point"] for part in held)
        if count < rows and not last:
            continue
        joined = _concatenate(held)
        joined.attrs = {"spec": spec.to_mapping(), "name": spec.name}
        joined.attrs["variables"] = list(layouts)
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


def _rows(chunk: xr.Dataset) -> int:
    """Rows of a block, so that its widest variable makes a chunk of about 16 MB."""
    widest = max(8 * int(np.prod(v.shape[1:], dtype=np.int64)) for v in chunk.data_vars.values())
    return int(np.clip(_CHUNK_BYTES // widest, 1, _MOST_ROWS))


def _axes(spec: SweepSpec, sizes: dict[str, int]) -> dict[str, Any]:
    """Coordinates of the shared axes that the quantities declare."""
    axes: dict[str, Any] = {}
    for name in spec.quantities:
        axes.update(resolve(name).axes(spec.options.get(name, {})))
    return {name: np.asarray(values) for name, values in axes.items() if sizes.get(name) == len(values)}


def _append(block: xr.Dataset, path: Path, first: bool, rows: int) -> None:
    """Write the first block, or append an aligned one."""
    block = marked(block)
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

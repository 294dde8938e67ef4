"""The chunks of a sweep's tasks read back: whole or refused, of one layout, padded to one size."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tutelage.base.errors import DamagedError, StoreWarning
from tutelage.store import load_dataset
from tutelage.sweep.folder import SweepFolder
from tutelage.sweep.layout import Layout, agreed, misfit
from tutelage.sweep.manifest import checksum
from tutelage.sweep.marker import Marker, described

if TYPE_CHECKING:
    import xarray as xr


def who(folder: SweepFolder) -> str:
    """How messages name a sweep's store."""
    return f"sweep store {str(folder.path)!r}"


def warn(message: str) -> None:
    """A :class:`StoreWarning` at the caller's caller."""
    warnings.warn(message, StoreWarning, stacklevel=3)


class DamagedTask(DamagedError):
    """A task's chunk is not what was written."""

    def __init__(self, folder: SweepFolder, marker: Marker) -> None:
        super().__init__(
            f"{who(folder)}: points {marker.start} to {marker.stop - 1} were damaged on the disk"
        )
        self.marker = marker


def read_chunk(folder: SweepFolder, marker: Marker) -> xr.Dataset:
    """The chunk of a task, with exactly the points, sizes and bytes its marker promises; DamagedTask otherwise."""
    path = folder.chunk_path(marker.start, marker.stop)
    try:
        chunk = load_dataset(path)
    except DamagedError:
        raise DamagedTask(folder, marker) from None
    if checksum(path) != [marker.bytes, marker.crc32]:
        raise DamagedTask(folder, marker)
    sizes = {str(name): size for name, size in chunk.sizes.items() if name != "point"}
    promised = (
        chunk.sizes.get("point") == len(marker) and "point" in chunk.coords
    )  # counted before they are listed
    if not promised or not np.array_equal(chunk.point, np.arange(marker.start, marker.stop)):
        raise DamagedTask(folder, marker)  # a marker that promises other points
    if sizes != marker.sizes:
        raise DamagedTask(folder, marker)
    return chunk


def layouts_of(folder: SweepFolder, markers: list[Marker]) -> dict[str, Layout]:
    """The layout of each variable over all tasks; markers from before they told it have their chunk read."""
    told = (
        (marker.variables or described(read_chunk(folder, marker)), len(marker) - marker.failed)
        for marker in markers
    )
    return agreed(told)


def fitting(folder: SweepFolder, chunk: xr.Dataset, layouts: Mapping[str, Layout]) -> xr.Dataset:
    """The chunk without the values of another layout than most have: they are said at their points, and in a warning."""
    for name, own in described(chunk).items():
        if not (wrong := misfit(name, own, layouts)):
            continue
        values = chunk[name].values.reshape(chunk.sizes["point"], -1)
        there = np.any(values.astype(object) != "" if own[1] == "U" else np.isfinite(values), axis=1)
        told = zip(chunk.error.values, there, strict=True)
        errors = [f"{old}; {wrong}".removeprefix("; ") if bad else old for old, bad in told]
        chunk = chunk.drop_vars(name).assign(error=("point", np.array(errors)), failed=chunk.failed | there)
        if there.any():
            warn(f"{who(folder)}: point {int(chunk.point[np.argmax(there)])}: {wrong}; it is left out")
    return chunk


def complete(chunk: xr.Dataset, layouts: Mapping[str, Layout], sizes: dict[str, int]) -> xr.Dataset:
    """Pad ragged axes with NaN and add the variables that a wholly failed task lacks."""
    n = chunk.sizes["point"]
    pads = {name: (0, size - chunk.sizes[name]) for name, size in sizes.items() if name in chunk.sizes}
    pads = {name: pad for name, pad in pads.items() if pad[1]}
    if pads:
        chunk = chunk.pad(pads, constant_values=np.nan)
    for name, (dims, kind) in layouts.items():
        if name not in chunk:
            shape = (n, *(sizes[dim] for dim in dims))
            chunk[name] = (("point", *dims), np.full(shape, "" if kind == "U" else np.nan))
    return chunk[list(layouts)]

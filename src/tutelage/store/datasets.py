"""Datasets on disk: xarray over zarr 3, one checksummed zip file per dataset, written atomically."""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base.errors import DamagedError, InputError, StoreError
from tutelage.base.files import atomic_write
from tutelage.store import single_chunk
from tutelage.store.plain import plain
from tutelage.store.provenance import provenance

# xarray and zarr take 2 s to import: inside the functions, so that writing JSON stays quick.
if TYPE_CHECKING:
    import xarray as xr
    from zarr.storage import MemoryStore

#: Raised when the layout changes in a way older code cannot read.
SCHEMA_VERSION = 1
SCHEMA_ATTRIBUTE = "tutelage_schema"
#: What zipfile, zlib, json, struct and zarr raise on damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    RuntimeError,
    OSError,
    EOFError,
)


def storable(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset as xarray can write it to zarr: labelled, text as variable-length strings.

    Fixed-length unicode has no zarr 3 specification (zarr warns); ``object`` strings have one.
    """
    text = {
        name: variable.values for name, variable in dataset.variables.items() if variable.dtype.kind == "U"
    }
    return _with_data(labelled(dataset), {name: values.astype(object) for name, values in text.items()})


def labelled(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with attributes ready for JSON, the schema version and provenance among them."""
    if not hasattr(dataset, "drop_encoding"):
        raise InputError(
            f"save_dataset: expected an xarray Dataset, got {type(dataset).__name__}; make one with to_xarray()"
        )
    result = dataset.drop_encoding().copy()
    for variable in result.variables.values():
        variable.attrs = plain(variable.attrs, "save_dataset")
    result.attrs = plain(dataset.attrs, "save_dataset")
    result.attrs[SCHEMA_ATTRIBUTE] = SCHEMA_VERSION
    result.attrs.setdefault("provenance", provenance())
    return result


def _with_data(dataset: xr.Dataset, data: Mapping[Hashable, np.ndarray]) -> xr.Dataset:
    """Replace the data of variables, of index variables too (xarray forbids it in place)."""
    variables = {
        name: (dataset.variables[name].dims, own, dataset.variables[name].attrs) for name, own in data.items()
    }
    coordinates = {name: variables.pop(name) for name in data if name in dataset.coords}
    return dataset.drop_vars(coordinates).assign_coords(coordinates).assign(variables)


def _fixed_strings(dataset: xr.Dataset) -> xr.Dataset:
    """NumPy's fixed-length unicode in place of the variable-length strings zarr returns."""
    text = {
        name: variable.values for name, variable in dataset.variables.items() if variable.dtype.kind in "TO"
    }
    return _with_data(dataset, {name: values.astype(object).astype(str) for name, values in text.items()})


def save_dataset(dataset: xr.Dataset, path: str | os.PathLike) -> Path:
    """Write a dataset to ``path``, durable and whole before this returns, or not at all.

    The file is a zip archive of a zarr 3 group; ``xarray.open_zarr(zarr.storage.ZipStore(path, mode="r"))``
    reads it without tutelage. Every member carries a CRC-32, so a flipped bit or a missing tail is noticed.
    The schema version and, unless the dataset brings its own, :func:`provenance` are added to the attributes.

    Raises
    ------
    StoreError
        Unwritable place, disk full, or attributes that JSON cannot hold.
    """
    path = Path(path)
    members = single_chunk.encode(labelled(dataset)) or _zarr_members(dataset)
    with atomic_write(path, "wb", "save_dataset") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            # A fixed date: the same dataset gives the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return path


def _zarr_members(dataset: xr.Dataset) -> dict[str, bytes]:
    """Member name -> bytes, through zarr itself."""
    from zarr.storage import MemoryStore

    memory: dict[str, Any] = {}
    storable(dataset).to_zarr(MemoryStore(memory), mode="w", zarr_format=3, consolidated=False)
    return {name: memory[name].to_bytes() for name in sorted(memory)}


def load_dataset(path: str | os.PathLike, lazy: bool = False) -> xr.Dataset:
    """Read a dataset written by :func:`save_dataset`, every checksum verified.

    Parameters
    ----------
    path : path-like
    lazy : bool
        Leave the arrays on disk, in dask chunks (needs dask); checksums are then verified as chunks are read.

    Raises
    ------
    StoreError
        No such file, truncated or corrupt, not a dataset of ours, or written by a newer schema.
    """
    import xarray as xr
    from zarr.storage import ZipStore

    path = Path(path)
    who = f"load_dataset({str(path)!r})"
    if path.is_dir():
        raise StoreError(f"{who}: expected a file, got a folder; open a zarr folder with xarray.open_zarr")
    try:
        attributes = _root_attributes(path, who)
        check_schema(attributes, who)
        if lazy:
            return xr.open_zarr(ZipStore(path, mode="r"), consolidated=False, zarr_format=3)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if (dataset := single_chunk.decode(members)) is not None:
            return dataset
        with xr.open_zarr(_memory_store(members), consolidated=False, chunks=None, zarr_format=3) as opened:
            return _fixed_strings(opened.load())
    except FileNotFoundError:
        raise StoreError(f"{who}: expected a dataset, there is no such file; check the path") from None
    except StoreError:
        raise
    except _DAMAGE as error:
        raise DamagedError(
            f"{who}: expected a whole dataset, the file is truncated or corrupt ({error}); "
            "delete it and compute it again"
        ) from None


def _root_attributes(path: Path, who: str) -> Mapping[str, Any]:
    """The group's attributes, without building any array."""
    with zipfile.ZipFile(path) as archive:
        if "zarr.json" not in archive.namelist():
            raise StoreError(
                f"{who}: expected a zarr 3 group, the archive holds none; was it written by something else?"
            )
        return json.loads(archive.read("zarr.json")).get("attributes", {})


def check_schema(attributes: Mapping[str, object], who: str) -> None:
    """Refuse a dataset without a schema version or with a newer one."""
    schema = attributes.get(SCHEMA_ATTRIBUTE)
    if not isinstance(schema, int):
        raise StoreError(
            f"{who}: expected the attribute {SCHEMA_ATTRIBUTE}, got {schema!r}; tutelage did not write this"
        )
    if schema > SCHEMA_VERSION:
        raise StoreError(
            f"{who}: expected schema {SCHEMA_VERSION} or older, got {schema}: "
            "a newer tutelage wrote it; upgrade tutelage"
        )


def _memory_store(members: Mapping[str, bytes]) -> MemoryStore:
    """A zarr store over members that are already in memory."""
    from zarr.core.buffer import default_buffer_prototype
    from zarr.storage import MemoryStore

    buffer = default_buffer_prototype().buffer
    return MemoryStore({name: buffer.from_bytes(data) for name, data in members.items()}, read_only=True)

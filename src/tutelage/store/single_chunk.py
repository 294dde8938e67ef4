"""Small datasets straight to the bytes of a zarr 3 group and back: one uncompressed chunk per array.

zarr-python spends 4.5 ms a variable in its event loop (0.1 s for a sweep's chunk of 20 variables, measured in
benchmarks/sweep_overhead.py); the format itself is a JSON document and the raw bytes, 0.05 ms. Whatever is not
covered here (dates, several chunks) goes through xarray; the tests read every file both ways.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

Document: TypeAlias = dict[str, Any]
"""The JSON of a zarr array."""

_NUMBERS = {
    np.dtype(name): name
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
        "complex64", "complex128",
    )
}  # fmt: skip
_BYTES = {"name": "bytes", "configuration": {"endian": "little"}}
_TEXT = {"name": "vlen-utf8", "configuration": {}}
_COORDINATES = "coordinates"
"""The CF attribute by which xarray tells coordinates from data."""


def encode(dataset: xr.Dataset) -> dict[str, bytes] | None:
    """Member name -> bytes of a zarr 3 group; None if a variable needs more than this module knows."""
    coordinates = [str(name) for name in dataset.coords if name not in dataset.dims]
    if _COORDINATES in dataset.attrs or any(" " in name for name in coordinates):
        return None
    attributes = {**dataset.attrs, **({_COORDINATES: " ".join(coordinates)} if coordinates else {})}
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    members = {"zarr.json": json.dumps(group).encode()}
    for name, variable in dataset.variables.items():
        values = np.asarray(variable.values)
        encoded = _encode_array(values)
        if encoded is None or "/" in str(name):
            return None
        data_type, codec, fill, raw = encoded
        document = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": values.shape,
            "data_type": data_type,
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": [max(n, 1) for n in values.shape]},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": fill,
            "codecs": [codec],
            "attributes": variable.attrs,
            "dimension_names": list(variable.dims),
            "storage_transformers": [],
        }
        members[f"{name}/zarr.json"] = json.dumps(document).encode()
        if values.size:
            members[_chunk_name(str(name), values.ndim)] = raw
    return members


def _chunk_name(name: str, ndim: int) -> str:
    return "/".join([name, "c", *("0",) * ndim])


def _encode_array(values: np.ndarray) -> tuple[str, dict[str, Any], Any, bytes] | None:
    """Data type, codec, fill value and bytes."""
    if values.dtype in _NUMBERS:
        name = _NUMBERS[values.dtype]
        fill = {"b": False, "f": "NaN", "c": [0.0, 0.0]}.get(values.dtype.kind, 0)
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        return name, _BYTES, fill, np.ascontiguousarray(little).tobytes()
    if values.dtype.kind == "U" or (values.dtype == object and all(isinstance(v, str) for v in values.flat)):
        words = [str(v) for v in values.ravel().tolist()]
        packed = {word: struct.pack("<I", len(raw := word.encode())) + raw for word in set(words)}
        return "string", _TEXT, "", struct.pack("<I", len(words)) + b"".join(map(packed.__getitem__, words))
    return None


def decode(members: Mapping[str, bytes]) -> xr.Dataset | None:
    """The dataset of :func:`encode`; None if some array was written in another way."""
    import xarray as xr

    group = json.loads(members["zarr.json"])
    attributes = dict(group.get("attributes", {}))
    coordinates = attributes.pop(_COORDINATES, "").split()
    variables = {}
    for member in members:
        name, separator, last = member.rpartition("/")
        if not separator or last != "zarr.json":
            continue
        document = json.loads(members[member])
        values = _decode_array(document, members, name)
        if values is None:
            return None
        variables[name] = (tuple(document.get("dimension_names") or ()), values, document["attributes"])
    return xr.Dataset(variables, attrs=attributes).set_coords(coordinates)


def _decode_array(document: Document, members: Mapping[str, bytes], name: str) -> np.ndarray | None:
    shape = tuple(document["shape"])
    chunk = tuple(document["chunk_grid"]["configuration"]["chunk_shape"])
    if chunk != tuple(max(n, 1) for n in shape):
        return None
    text = document["codecs"] == [_TEXT] and document["data_type"] == "string"
    if not text and document["codecs"] not in ([_BYTES], [{"name": "bytes"}]):
        return None
    if 0 in shape:
        return np.empty(shape, dtype=str if text else document["data_type"])
    raw = members[_chunk_name(name, len(shape))]
    if text:
        return np.array(_words(raw), dtype=str).reshape(shape)
    little = np.dtype(document["data_type"]).newbyteorder("<")
    return np.frombuffer(raw, dtype=little).astype(document["data_type"]).reshape(shape)


def _words(raw: bytes) -> list[str]:
    """The texts of a vlen-utf8 chunk: a count, then length and bytes of each."""
    (count,) = struct.unpack_from("<I", raw)
    words, position = [], 4
    while len(words) < count:
        (length,) = struct.unpack_from("<I", raw, position)
        end = position + 4 + length
        words.append(raw[position + 4 : end].decode())
        if len(words) == 1 and len(raw) - 4 == count * (end - 4) and raw[4:] == raw[4:end] * count:
            return words * count  # as most columns of a sweep are
        position = end
    return words

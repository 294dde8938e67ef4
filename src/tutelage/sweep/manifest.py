"""Checksums of the compacted result, in ``points.json`` beside it: a missing chunk reads as NaN, a flipped bit as a number."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tutelage.base.files import atomic_write, own_name, read_json

if TYPE_CHECKING:
    from tutelage.sweep.marker import Marker

_BLOCK = 1 << 20

Sum: TypeAlias = list[int] | None
"""[bytes, CRC-32] of a file; None for what is no regular file."""


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What ``points.zarr`` was made of and what it consists of.

    Attributes
    ----------
    tasks : dict
        ``"start-stop"`` -> CRC-32 of each task file that went into it.
    files : dict
        Relative name -> [bytes, CRC-32] of each of its files.
    """

    tasks: Mapping[str, int]
    files: Mapping[str, Sum]


def tasks_of(markers: Iterable[Marker]) -> dict[str, int]:
    """The ``tasks`` of a manifest made of these markers."""
    return {f"{m.start}-{m.stop}": m.crc32 for m in markers}


def checksums(folder: Path) -> dict[str, Sum]:
    """Relative name -> [bytes, CRC-32] of every file below a folder; what is no regular file has no checksum."""
    found = {}
    for root, _, files in os.walk(folder):
        for name in files:
            path = Path(root) / name
            regular = stat.S_ISREG(path.lstat().st_mode)
            found[path.relative_to(folder).as_posix()] = checksum(path) if regular else None
    return found


def checksum(path: Path) -> list[int]:
    """[bytes, CRC-32] of a file."""
    size = crc = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return [size, crc]


def damaged_files(folder: Path, expected: Mapping[str, Sum]) -> list[str]:
    """Names of the files that are missing, changed or not in the list; every byte is read (about 1 GB/s)."""
    found = checksums(folder)
    return sorted(
        name for name in {*expected, *found} if found.get(name) is None or expected.get(name) != found[name]
    )


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write it, durable when this returns."""
    with atomic_write(own_name(path), "w", "sweep (compaction)") as stream:
        json.dump(dataclasses.asdict(manifest), stream)


def read_manifest(path: Path) -> Manifest | None:
    """The manifest of a file; None where there is none, or none that can be read."""
    try:
        manifest = Manifest(**read_json(path))
    except (OSError, ValueError, TypeError):
        return None
    return manifest if isinstance(manifest.tasks, dict) and isinstance(manifest.files, dict) else None

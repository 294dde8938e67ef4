"""The folder of a sweep: specification, a chunk and a ``done`` marker per task, a lock, the compacted result.

::

    sweep.json                     the specification and its schema version
    lock, lock-3-of-100            held by the running sweep (or shard); free when it dies
    lock.by                        who held it last
    tasks/000000000-000000050.zarr.zip     the points 0 <= index < 50
    tasks/000000000-000000050.done         its size, checksum and counts, written after it
    points.zarr/                   everything in one zarr, written by one process afterwards
    points.json                    its files with their checksums, and the tasks it was made of
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
from pathlib import Path

from tutelage.base.errors import InputError, StoreError
from tutelage.base.files import atomic_write, is_temporary, own_name, read_json
from tutelage.base.value import Value
from tutelage.store import SCHEMA_VERSION, provenance
from tutelage.store.datasets import SCHEMA_ATTRIBUTE, check_schema
from tutelage.store.ownership import is_marked, refuse_others, remove_files
from tutelage.sweep.locks import held, is_held
from tutelage.sweep.locks import is_ours as is_lock
from tutelage.sweep.manifest import read_manifest, tasks_of
from tutelage.sweep.marker import Marker
from tutelage.sweep.spec import SweepSpec

_SPEC = "sweep.json"
_NAME = re.compile(r"(\d{9,18})-(\d{9,18})\.done")
_TASK_FILE = re.compile(r"(\d{9,}-\d{9,})\.(done|zarr\.zip)")


@dataclasses.dataclass(frozen=True)
class SweepStatus(Value):
    """How far a sweep is: counts of points and tasks, seconds of work, whether it runs now."""

    name: str
    total: int
    done: int
    failed: int
    tasks: int
    seconds: float
    running: bool
    compacted: bool

    @property
    def remaining(self) -> int:
        """Points still to do."""
        return self.total - self.done


@dataclasses.dataclass(frozen=True)
class SweepFolder:
    """A sweep on disk."""

    path: Path

    def __init__(self, path: str | os.PathLike) -> None:
        object.__setattr__(self, "path", Path(path))

    @property
    def tasks(self) -> Path:
        """Folder of chunks and markers."""
        return self.path / "tasks"

    @property
    def compact_path(self) -> Path:
        """The compacted result."""
        return self.path / "points.zarr"

    @property
    def manifest_path(self) -> Path:
        """Its checksums."""
        return self.path / "points.json"

    def stem(self, start: int, stop: int) -> str:
        """Name of a task's files."""
        return f"{start:09d}-{stop:09d}"

    def chunk_path(self, start: int, stop: int) -> Path:
        """The file of the points ``start <= index < stop``."""
        return self.tasks / f"{self.stem(start, stop)}.zarr.zip"

    def marker_path(self, start: int, stop: int) -> Path:
        """Its marker."""
        return self.tasks / f"{self.stem(start, stop)}.done"

    # --- specification -------------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether there is a sweep."""
        return (self.path / _SPEC).exists()

    def create(self, spec: SweepSpec) -> None:
        """Make the folder, or check that the one that exists holds the same sweep."""
        who = f"sweep store {str(self.path)!r}"
        if self.exists():
            stored = self.spec()
            if stored != spec:
                raise StoreError(
                    f"{who}: expected the sweep {stored.name!r} it holds ({stored.n_points} points), got a "
                    f"different one ({spec.n_points} points); choose another folder (--store)"
                )
            return
        refuse_others(self.path, self._ours, who, "choose another (--store)")
        try:
            self.tasks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{who}: expected a writable folder, cannot make it ({error.strerror}); choose another"
            ) from None
        content = {SCHEMA_ATTRIBUTE: SCHEMA_VERSION, "spec": spec.to_mapping(), "provenance": provenance()}
        with atomic_write(own_name(self.path / _SPEC), "w", who) as stream:
            json.dump(content, stream, indent=2)

    def _ours(self, entry: Path) -> bool:
        """Whether an entry of a folder without a specification is what a sweep leaves there."""
        if entry == self.tasks and entry.is_dir():
            return all(_TASK_FILE.fullmatch(f.name) or is_temporary(f.name) for f in entry.iterdir())
        if entry == self.compact_path:
            return is_marked(entry)
        return (
            is_temporary(entry.name)
            or is_lock(entry)
            or (entry == self.manifest_path and read_manifest(entry) is not None)
        )

    def spec(self) -> SweepSpec:
        """The specification of the sweep stored here, without a search path: whoever wrote it names no code to run."""
        who = f"sweep store {str(self.path)!r}"
        try:
            content = read_json(self.path / _SPEC)
            check_schema(content, who)
            return SweepSpec.from_mapping({**content["spec"], "search_path": ()}, who)
        except (FileNotFoundError, NotADirectoryError):
            raise StoreError(f"{who}: expected a sweep, there is no {_SPEC} in it; check the path") from None
        except InputError:
            raise
        except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
            raise StoreError(
                f"{who}: expected a readable {_SPEC}, it is truncated or corrupt ({error}); remove it and "
                "run the sweep again from its TOML file: the stored points are kept"
            ) from None

    # --- markers -------------------------------------------------------------------------------------------

    def marker(self, start: int, stop: int) -> Marker | None:
        """The marker of a task if its chunk is whole (size as written), else None."""
        try:
            marker = Marker(**read_json(self.marker_path(start, stop)))
            whole = self.chunk_path(start, stop).stat().st_size == marker.bytes
        except (OSError, ValueError, TypeError):
            return None
        return marker if whole and (marker.start, marker.stop) == (start, stop) else None

    def markers(self) -> list[Marker]:
        """Markers of all whole tasks, in order of their points; reading only."""
        names = sorted(entry.name for entry in os.scandir(self.tasks)) if self.tasks.is_dir() else []
        matches = (match for name in names if (match := _NAME.fullmatch(name)))
        found = (self.marker(int(match[1]), int(match[2])) for match in matches)
        return sorted((m for m in found if m is not None), key=lambda m: (m.start, m.stop))

    def write_marker(self, marker: Marker) -> None:
        """Write a marker; from then on its task is never run again."""
        with atomic_write(own_name(self.marker_path(marker.start, marker.stop)), "w", "sweep") as stream:
            json.dump(dataclasses.asdict(marker), stream)

    def clean(self) -> None:
        """Remove what interrupted writes left: temporary names, chunks and markers without each other.

        Only for the holder of the whole lock: another shard's file may be about to get its marker.
        """
        whole = {self.stem(m.start, m.stop) for m in self.markers()}

        def left(name: str) -> bool:
            match = _TASK_FILE.fullmatch(name)
            return is_temporary(name) or (match is not None and match[1] not in whole)

        remove_files(self.tasks, left)

    def discard(self, marker: Marker) -> None:
        """Forget a task whose chunk is damaged: the marker first, so that a crash between is harmless."""
        for path in (self.marker_path, self.chunk_path):
            remove_files(self.tasks, path(marker.start, marker.stop).name.__eq__)

    def pending(self, wanted: range, markers: list[Marker]) -> list[range]:
        """The parts of ``wanted`` that no whole task covers, ascending."""
        gaps, position = [], wanted.start
        for marker in markers:
            if marker.start > position:
                gaps.append(range(position, min(marker.start, wanted.stop)))
            position = max(position, marker.stop)
        gaps.append(range(position, wanted.stop))
        return [gap for gap in gaps if len(gap)]

    # --- lock and status -----------------------------------------------------------------------------------

    def lock(self, shard: tuple[int, int] | None = None) -> contextlib.AbstractContextManager[None]:
        """Hold the sweep for one run: alone, or beside other shards of it."""
        return held(self.path, shard)

    def running(self) -> bool:
        """Whether some process works on the sweep now."""
        return is_held(self.path)

    def status(self) -> SweepStatus:
        """Count what is stored, from the markers alone."""
        spec, markers = self.spec(), self.markers()
        manifest = read_manifest(self.manifest_path)
        everything = range(spec.n_points)
        remaining = sum(len(gap) for gap in self.pending(everything, markers))
        return SweepStatus(
            name=spec.name,
            total=spec.n_points,
            done=spec.n_points - remaining,
            failed=sum(m.failed for m in markers),
            tasks=len(markers),
            seconds=sum(m.seconds for m in markers if m.seconds == m.seconds),
            running=self.running(),
            compacted=manifest is not None
            and self.compact_path.is_dir()
            and manifest.tasks == tasks_of(markers),
        )

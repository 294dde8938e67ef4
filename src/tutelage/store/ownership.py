"""The one rule for what is removed or replaced: files of our own pattern, in a folder that we made; others are refused.

A single file that the user names (``--json``, ``export points.nc``) is written over, as everywhere. Folders hold more
than one asked for, so nothing in them is touched unless its place and its name say that it is ours:

- a folder of ours carries a marker (``sweep.json`` of a sweep, ``.tutelage-report`` of a report); a folder without one
  becomes ours only when nothing else lies in it (:func:`refuse_others`);
- inside it, files go by their names (:func:`remove_files`), never through a symbolic link;
- a zarr folder names its arrays in its attributes (:func:`marked`); it is replaced or removed only when every file and
  folder in it belongs to one of them (:func:`replace_arrays`, :func:`remove_arrays`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base.errors import StoreError
from tutelage.base.files import read_json, sync_directory
from tutelage.store.datasets import storable

if TYPE_CHECKING:
    import xarray as xr

ARRAYS_ATTRIBUTE = "tutelage_arrays"
#: What zarr 3 puts into a folder: metadata, the chunks of each array, and what a killed process left of either.
_LAYOUT = re.compile(
    r"""(?:(?P<array>[^/]+)/)?zarr(?:\.json|\.[0-9a-f]{32}\.partial)
      | (?P<folder>[^/]+)(?:/c(?:/\d+)*(?:\.[0-9a-f]{32}\.partial)?)?""",
    re.VERBOSE,
)


def refuse_others(folder: Path, ours: Callable[[Path], bool], who: str, advice: str) -> None:
    """Refuse a folder that holds anything but ours; one that is missing or empty is nobody's yet.

    Raises
    ------
    StoreError
        Names the first entry that is not ours, then ``advice``.
    """
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if other := next((entry for entry in entries if not ours(entry)), None):
        raise StoreError(
            f"{who}: expected a new or empty folder, or one that tutelage made, {str(folder)!r} holds "
            f"{other.name!r}, which would be in danger; {advice}"
        )


def remove_files(folder: Path, ours: Callable[[str], bool]) -> None:
    """Remove the files of a folder of ours whose names are ours; what a link leads to is not in it."""
    if folder.is_symlink():
        return
    for file in folder.iterdir():
        if ours(file.name) and (file.is_symlink() or file.is_file()):
            file.unlink(missing_ok=True)


def marked(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset ready for a zarr folder that :func:`replace_arrays` will know as ours."""
    return storable(dataset).assign_attrs({ARRAYS_ATTRIBUTE: sorted(map(str, dataset.variables))})


def is_marked(folder: Path) -> bool:
    """Whether a zarr folder says that we wrote it."""
    return _marked_arrays(folder) is not None


def check_replaceable(target: Path, who: str, *, arrays: Collection[str] = (), place: bool = False) -> None:
    """Refuse a path that stands for something other than a zarr folder of ours.

    Parameters
    ----------
    target : Path
        Where a zarr folder is to appear.
    who : str
    arrays : collection of str
        Names known to be ours besides those its marker gives.
    place : bool
        The place alone says that it is ours (in a marked folder): its marker may be damaged.

    Raises
    ------
    StoreError
        Names what is not ours.
    """
    if not (target.is_symlink() or target.exists()):
        return
    known = _marked_arrays(target)
    if target.is_symlink() or (known is None and not place):
        raise StoreError(
            f"{who}: expected a new name or a zarr folder that tutelage wrote, {str(target)!r} is neither; rename it"
        )
    _refuse_foreign(target, {*(known or ()), *arrays}, who)


def replace_arrays(new: Path, target: Path, who: str, *, place: bool = False) -> None:
    """Give a finished zarr folder its name, in place of an older one of ours (see :func:`check_replaceable`)."""
    check_replaceable(target, who, arrays=[entry.name for entry in new.iterdir()], place=place)
    if target.exists():
        shutil.rmtree(target)
    os.rename(new, target)
    sync_directory(target.parent)


def remove_arrays(folder: Path, who: str) -> None:
    """Remove an unfinished zarr folder under a name of ours, unless something that is no array lies in it."""
    if folder.is_symlink() or folder.exists():
        _refuse_foreign(folder, None, who)
        shutil.rmtree(folder)


def _refuse_foreign(folder: Path, arrays: Collection[str] | None, who: str) -> None:
    other = next((name for name in _entries(folder) if not _ours(folder, name, arrays)), None)
    if folder.is_symlink() or other is not None:
        raise StoreError(
            f"{who}: expected only what tutelage wrote in {str(folder)!r}, found {other or 'a link'!r}, which would be "
            "lost; move it away"
        )


def _entries(folder: Path) -> Iterator[str]:
    """Every file and folder below, as a relative name."""
    for root, folders, files in os.walk(folder):
        for name in sorted((*folders, *files)):
            yield (Path(root) / name).relative_to(folder).as_posix()


def _ours(folder: Path, name: str, arrays: Collection[str] | None) -> bool:
    """Whether an entry is metadata, an array's folder or a chunk, of one of the arrays (None: of any)."""
    match = _LAYOUT.fullmatch(name)
    if match is None or (folder / name).is_symlink():
        return False
    array = match["array"] or match["folder"]
    if match["folder"] == name and not (folder / name).is_dir():
        return False
    return arrays is None or array is None or array in arrays


def _marked_arrays(folder: Path) -> set[str] | None:
    """The arrays that the folder's attributes list; None where they do not."""
    try:
        names = read_json(folder / "zarr.json")["attributes"][ARRAYS_ATTRIBUTE]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else None

"""Atomic output files: a temporary name beside the target, fsync, rename; nothing is ever half-written."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tutelage.base.check import human_bytes
from tutelage.base.errors import StoreError

#: With the leading dot it names files nobody else writes: those left by a killed process may be removed.
TEMPORARY_SUFFIX = ".tutelage.tmp"


def sync_directory(folder: str | os.PathLike) -> None:
    """Make the renames inside a folder durable (POSIX asks for an fsync of the folder itself)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_error(who: str, path: str | os.PathLike, error: OSError) -> StoreError:
    """The message for a write that failed: disk full, quota, read-only or missing folder, no permission."""
    folder = Path(path).parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        with contextlib.suppress(OSError):
            free = human_bytes(shutil.disk_usage(folder).free)
            return StoreError(
                f"{who}: expected room to write {str(path)!r}, the disk is full ({free} free, "
                f"{os.strerror(error.errno)}); nothing was left half-written: make room and run it again"
            )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StoreError(f"{who}: expected an existing folder, got {str(folder)!r}; create it first")
    if error.errno == errno.EISDIR:
        return StoreError(f"{who}: expected a file name, got the folder {str(path)!r}; add a file name")
    return StoreError(
        f"{who}: expected a writable place, cannot write {str(path)!r} ({error.strerror or error}); "
        "choose another folder or change its permissions"
    )


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "wb", who: str = "atomic_write") -> Iterator[IO[Any]]:
    """A stream whose contents appear under ``path`` all at once, or not at all.

    The data go to a temporary name in the same folder, are flushed and synced to the disk, and the name is
    changed in one step when the block ends without an exception; otherwise the temporary file is removed and
    a file that stood at ``path`` before is untouched.

    Parameters
    ----------
    path : path-like
        The file to write; its folder must exist.
    mode : str
        ``"wb"`` (bytes) or ``"w"`` (UTF-8 text).
    who : str
        The name that stands first in error messages.

    Raises
    ------
    StoreError
        Missing or unwritable folder, disk full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "numbers.json", "w") as stream:
    ...     _ = stream.write("[1, 2]")
    >>> (folder / "numbers.json").read_text()
    '[1, 2]'
    """
    path = Path(path)
    if path.is_dir():
        raise write_error(who, path, IsADirectoryError(errno.EISDIR, "is a folder"))
    try:
        handle, name = _locked_temporary(path)
    except OSError as error:
        raise write_error(who, path, error) from None
    try:
        # mkstemp makes private files; results are meant to be shared like any other output of the user.
        os.fchmod(handle, 0o666 & ~_umask())
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(
                name, path
            )  # before closing gives up the lock, or the whole file would count as abandoned
        sync_directory(path.parent)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if (
            isinstance(error, OSError)
            and error.errno is not None
            and not isinstance(error, FileNotFoundError)
        ):
            raise write_error(who, path, error) from None
        raise


def _locked_temporary(path: Path) -> tuple[int, str]:
    """A new file beside ``path``, open and locked, and its name."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY_SUFFIX)
        with contextlib.suppress(OSError):  # a file system without locks, where nothing counts as abandoned
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, name
        os.close(handle)  # taken for abandoned in the moment before it was locked


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that :func:`atomic_write` had not finished."""
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


def remove_abandoned(folder: str | os.PathLike) -> None:
    """Remove temporary files whose writer was killed: a living one holds a lock on its file."""
    for file in filter(lambda file: is_temporary(file.name), Path(folder).glob(".*")):
        with contextlib.suppress(OSError), file.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink()


def _umask() -> int:
    """The process's umask (it can only be read by setting it)."""
    current = os.umask(0o077)
    os.umask(current)
    return current

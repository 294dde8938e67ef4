"""The one writer of files: a temporary name beside the target, fsync, rename; nothing is ever half-written.

A path is written to as every program would: a symbolic link is followed, a device, a pipe or ``/dev/stdout`` receives
the bytes and is never replaced, and a new file has the permissions that the umask leaves. In a folder of ours, which a
stranger may have sent, nothing is followed (:func:`own_name`).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psutil

from tutelage.base.errors import StoreError
from tutelage.base.memory import human_bytes

#: With the leading dot it names files nobody else writes: those left by a killed process may be removed.
TEMPORARY_SUFFIX = ".tutelage.tmp"
_HOST = f"{zlib.crc32(platform.node().encode()):08x}"
_TEMPORARY = re.compile(
    rf"\..*\.(?P<host>[0-9a-f]{{8}})-(?P<process>\d{{1,9}})-[0-9a-f]{{8}}{re.escape(TEMPORARY_SUFFIX)}",
    re.DOTALL,
)
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")


def sync_directory(folder: str | os.PathLike) -> None:
    """Make the renames inside a folder durable (POSIX asks for an fsync of the folder itself; Windows has none)."""
    if os.name == "nt":
        return
    _sync(folder, os.O_RDONLY)


def _sync(path: str | os.PathLike, flags: int) -> None:
    handle = os.open(path, flags)
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
        return StoreError(f"{who}: expected a file name, got the folder {str(path)!r}; add a name")
    return StoreError(
        f"{who}: expected a writable place, cannot write {str(path)!r} ({error.strerror or error}); "
        "choose another folder or change its permissions"
    )


def check_file(path: str | os.PathLike, who: str) -> None:
    """Refuse a path that :func:`atomic_write` could not write, BEFORE any long computation.

    Raises
    ------
    StoreError
        A folder, a missing or unwritable folder above it, a device or pipe that may not be written.
    """
    if (target := _target(path, who)) is not None:
        _try_writing(target.parent, path, who)


def check_folder(path: str | os.PathLike, who: str) -> None:
    """Make a folder if there is none and refuse one that cannot be written, BEFORE any long computation."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{who}: cannot make the folder {str(path)!r}: {error.strerror}; choose another"
        ) from None
    _try_writing(Path(path), Path(path) / "file", who)


def _try_writing(folder: Path, path: str | os.PathLike, who: str) -> None:
    # os.access says yes to root on read-only mounts, so try it.
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise write_error(who, path, error) from None


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike, who: str = "atomic_path") -> Iterator[Path]:
    """A name to write a file under, whose contents are at ``path`` all at once when the block ends, or not at all.

    For libraries that want a name; everything else is said at :func:`atomic_write`.
    """
    target = _target(path, who)
    folder = Path(tempfile.gettempdir()) if target is None else target.parent
    if not folder.is_dir():
        raise write_error(who, path, FileNotFoundError(errno.ENOENT, "no such folder"))
    temporary = folder / temporary_name(Path(path).name, os.getpid())
    try:
        yield temporary
        if target is None:
            _pour(temporary, path)
        else:
            _replace(temporary, target)
    except OSError as error:
        # The reader of a pipe went away, or the block looked for a file of its own: no fault of the place.
        elsewhere = isinstance(error, FileNotFoundError) and error.filename not in (temporary, str(temporary))
        if elsewhere or isinstance(error, BrokenPipeError) or error.errno is None:
            raise
        raise write_error(who, path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "wb", who: str = "atomic_write") -> Iterator[IO[Any]]:
    """A stream whose contents appear under ``path`` all at once, or not at all.

    The data go to a temporary name in the same folder, are synced to the disk, and the name is changed in one step
    when the block ends without an exception; otherwise the temporary file is removed and a file that stood at ``path``
    before is untouched. The permissions of that file are kept.

    Parameters
    ----------
    path : path-like
        The file to write; its folder must exist. A link is followed; a device, a pipe or ``/dev/stdout`` is written to.
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
    with (
        atomic_path(path, who) as temporary,
        open(temporary, mode.replace("w", "x"), encoding=None if "b" in mode else "utf-8") as stream,
    ):
        yield stream


def _target(path: str | os.PathLike, who: str) -> Path | None:
    """The regular file behind a path, links followed, there or not; None for what is written to and never replaced."""
    if _descriptor(path) is not None:
        return None
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise write_error(who, path, error) from None
    if stat.S_ISDIR(mode):
        raise write_error(who, path, IsADirectoryError(errno.EISDIR, "is a folder"))
    if not os.access(path, os.W_OK):
        raise write_error(who, path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return Path(os.path.realpath(path)) if stat.S_ISREG(mode) else None


def _descriptor(path: str | os.PathLike) -> int | None:
    """The number behind ``/dev/stdout`` or ``/dev/fd/63``, also through links: opening the path of a redirected stream
    anew would write over what the stream has written."""
    name = os.path.abspath(path)
    for _ in range(40):
        if match := _DESCRIPTOR.fullmatch(name):
            return int(match[1])
        if not os.path.islink(name):
            return None
        name = os.path.normpath(os.path.join(os.path.dirname(name), os.readlink(name)))
    return None


def _replace(temporary: Path, target: Path) -> None:
    """Give a finished file its name, durably, with the permissions of the one that stood there."""
    with contextlib.suppress(FileNotFoundError):
        temporary.chmod(stat.S_IMODE(target.stat().st_mode) & 0o777)
    _sync(temporary, os.O_RDWR)
    os.replace(temporary, target)
    sync_directory(target.parent)


def _pour(temporary: Path, path: str | os.PathLike) -> None:
    """Write a finished file into what is no regular file."""
    descriptor = _descriptor(path)
    if descriptor == 1:
        sys.stdout.flush()
    with (
        temporary.open("rb") as source,
        open(path if descriptor is None else os.dup(descriptor), "wb") as sink,
    ):
        shutil.copyfileobj(source, sink)


def read_json(path: Path) -> Any:
    """The JSON in a regular file; a byte-order mark is ignored.

    Raises
    ------
    OSError, ValueError
        Whatever else lies there, a pipe that nobody writes to included.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("no regular file")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def own_name(path: Path) -> Path:
    """A path in a folder of ours, cleared of what stands there in place of a file: a link, a pipe, a device."""
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        path.unlink()
    return path


def temporary_name(name: str, process: int) -> str:
    """A new name beside a file, short of the 255 bytes that one may have, that tells which process writes it."""
    return f".{name[:40]}.{_HOST}-{process}-{secrets.token_hex(4)}{TEMPORARY_SUFFIX}"


def is_temporary(name: str) -> bool:
    """Whether a file of this name is one that :func:`atomic_write` had not finished."""
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


def remove_abandoned(folder: str | os.PathLike) -> None:
    """Remove temporary files whose writer, a process of this machine, is dead."""
    for file in Path(folder).glob(".*"):
        match = _TEMPORARY.fullmatch(file.name)
        if match and match["host"] == _HOST and not psutil.pid_exists(int(match["process"])):
            with contextlib.suppress(OSError):
                file.unlink()

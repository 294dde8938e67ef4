"""Who works on a sweep's folder: one run, or shards of it beside each other.

A whole run holds ``lock`` and the file of every shard, a shard its own file while ``lock`` is free; they look one at a
time, at the gate. The system frees a lock when its process ends, however: there is no stale one to remove.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from tutelage.base.errors import StoreError
from tutelage.base.files import atomic_write, own_name

_SHARD = re.compile(r"lock-\d+-of-\d+")
_HELD = re.compile(rf"lock|{_SHARD.pattern}")
_NAME = re.compile(rf"lock\.gate|(?:{_HELD.pattern})(\.by)?")
_HOLDER = "process "
#: Seconds to wait where a lock is only held to look: the gate, where a thousand shards may stand, and the others.
_GATE_SECONDS, _LOOK_SECONDS = 30.0, 0.5


def is_ours(file: Path) -> bool:
    """Whether a file is a lock or the note of who holds one."""
    return (
        bool(_NAME.fullmatch(file.name))
        and file.is_file()
        and file.read_bytes()[: len(_HOLDER)]
        in (
            b"",
            _HOLDER.encode(),
        )
    )


@contextlib.contextmanager
def held(folder: Path, shard: tuple[int, int] | None) -> Iterator[None]:
    """Hold a sweep for one run, alone, or for one shard, beside others.

    Raises
    ------
    StoreError
        Another run holds it (and which), or the folder cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with _locked(folder / "lock.gate", _GATE_SECONDS):
            if shard is None:
                files = [folder / "lock", *_files(folder, _SHARD)]
            else:
                files = [folder / f"lock-{shard[0]}-of-{shard[1]}"]
                with _locked(folder / "lock"):
                    pass
            for file in files:
                stack.enter_context(_locked(file))
        _sign(files[0])
        yield


def is_held(folder: Path) -> bool:
    """Whether some process holds the sweep or a shard of it now; writes nothing."""
    return any(map(_is_busy, _files(folder, _HELD)))


@contextlib.contextmanager
def _locked(file: Path, patience: float = _LOOK_SECONDS) -> Iterator[None]:
    who = f"sweep store {str(file.parent)!r}"
    try:
        lock = FileLock(own_name(file), timeout=patience, thread_local=False)
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"{who}: expected no other run on it, {_holder(file)} is working on it; wait for it or stop it"
        ) from None
    except OSError as error:
        raise StoreError(f"{who}: cannot write in it ({error.strerror}); choose another") from None
    try:
        yield
    finally:
        lock.release()


def _files(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        file for file in files if pattern.fullmatch(file.name) and file.is_file() and not file.is_symlink()
    ]


def _is_busy(file: Path) -> bool:
    lock = FileLock(file, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:  # read only: whoever works on it could not hold it either
        return False
    lock.release()
    return False


def _sign(file: Path) -> None:
    """Say who holds a lock. It is only told in a message: a full disk must not stop a run here."""
    with (
        contextlib.suppress(StoreError),
        atomic_write(own_name(file.with_name(f"{file.name}.by")), "w") as stream,
    ):
        stream.write(f"{_HOLDER}{os.getpid()} on {platform.node()}")


def _holder(file: Path) -> str:
    with contextlib.suppress(OSError):
        note = file.with_name(f"{file.name}.by").read_text(encoding="utf-8", errors="replace")
        return note.strip()[:200]
    return "another run or shard"

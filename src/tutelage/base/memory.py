"""How much memory this process may still take."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

_GROUPS = Path("/sys/fs/cgroup")
_FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and use of a control group: version 2, version 1."""


def available_bytes() -> int:
    """Memory this process may still take: what the machine has free, capped by every control group above the process.

    It is read once a second at most: a question in the middle of a loop costs a microsecond.
    """
    return _available(int(time.monotonic()))


@functools.lru_cache(maxsize=1)
def _available(second: int) -> int:
    return max(min(psutil.virtual_memory().available, *_left_in_groups(), 1 << 62), 0)


def _left_in_groups() -> Iterator[int]:
    for folder in dict.fromkeys(_groups()):
        for limit, used in _FILES:
            # No such file, or no limit: "max".
            with contextlib.suppress(OSError, ValueError):
                yield int((folder / limit).read_text()) - int((folder / used).read_text())


def _groups() -> Iterator[Path]:
    """The folders of this process's control groups and of those around them; inside a container they look like the root."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            root = _GROUPS / "memory" if "memory" in controllers.split(",") else _GROUPS
            here = root / place.lstrip("/")
            yield from (folder for folder in (here, *here.parents) if folder.is_relative_to(root))
    yield from (_GROUPS, _GROUPS / "memory")


def human_bytes(n_bytes: float) -> str:
    """``1.5e9 -> '1.5 GB'``."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(n_bytes) < 1000 or unit == "TB":
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    raise AssertionError

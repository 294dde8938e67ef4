"""Programs that JAX compiled, kept between runs of the command line: a second first call costs a tenth."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import sys
from importlib.metadata import version
from pathlib import Path

SWITCH = "TUTELAGE_COMPILED"
"""Environment variable: ``off`` keeps nothing; a folder keeps it there."""


def _without_emitters() -> dict[str, bool]:
    """XLA's fusion emitters, in releases that are known to understand the word: an unknown option is an error."""
    release = tuple(map(int, version("jaxlib").split(".")[:2]))
    return {"xla_cpu_use_fusion_emitters": False} if (0, 8) <= release <= (0, 10) else {}


COMPILATION = _without_emitters()
"""For any program: without the emitters the tables of tanh compile in a third of the time (0.4 s against 1.3) and a loop of
steps in 0.6 of it, calls take as long (erf, relu, gelu) or less (tanh, softplus: two thirds)."""

QUICK_COMPILATION = {"xla_backend_optimization_level": 0, **COMPILATION}
"""For functions called once a record or a network, not once a step: compiled in half the time, a call of few neurons takes
0.6 ms instead of 0.3; matrix products are library calls either way."""


LOOP_COMPILATION = {"xla_backend_optimization_level": 1, **COMPILATION}
"""For the loops of steps: as fast as at level 2, compiled in half the time (erf, tanh, relu, linear and batches; level 0 takes
two to eight times as long a step)."""

_LARGEST = 2**30
"""Bytes above which the oldest programs go: years of use."""

_SETTINGS = {
    # Every program counts: a cold command is made of a hundred that take 5 ms each.
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    # Caches of XLA's own would write paths into the key.
    "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",
}


def keep_compiled() -> Path | None:
    """Tell JAX, which is not imported yet, where compiled programs are kept; None where they are not.

    The folder lies in the user's cache directory, named after the versions and the processor they were compiled for,
    and is the user's alone: what lies in it is executed. Nothing is set where the user has set JAX's own variable.
    """
    wanted = os.environ.get(SWITCH, "")
    if wanted.lower() in ("off", "0", "no") or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return None
    if "jax" in sys.modules:  # it has read its settings
        return None
    folder = (Path(wanted) if wanted else _user_cache()) / _fingerprint()
    if not _private(folder):
        return None
    _prune(folder.parent)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    return folder


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("tutelage", appauthor=False)


def _fingerprint() -> str:
    """Versions and instruction set: a home directory may be shared by unlike machines."""
    facts = [
        version("jax"),
        version("jaxlib"),
        platform.python_version(),
        platform.machine(),
        _instructions(),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _instructions() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(
        dict.fromkeys(line for line in lines if line.startswith(("flags", "model name", "Features")))
    )


def _private(folder: Path) -> bool:
    """Made if need be; true when nobody else can have put anything there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False
    if sys.platform == "win32":
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _prune(cache: Path) -> None:
    """The oldest programs of all versions, down to half of what is allowed; others may do the same at this moment."""
    with contextlib.suppress(OSError):
        files = [(entry.stat(), entry) for entry in cache.glob("*/*-cache")]
        total = sum(found.st_size for found, _ in files)
        if total <= _LARGEST:
            return
        for found, entry in sorted(files, key=lambda pair: pair[0].st_mtime):
            entry.unlink(missing_ok=True)
            total -= found.st_size
            if total <= _LARGEST // 2:
                return

"""Where a result comes from: version, commit, packages, processor, threads; and a hash of our source."""

from __future__ import annotations

import datetime
import functools
import hashlib
import importlib.metadata
import importlib.util
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tutelage
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.processes import thread_count

_PACKAGE = Path(tutelage.__file__).resolve().parent
_PACKAGES = (
    "numpy", "scipy", "jax", "jaxlib", "equinox", "lineax", "diffrax", "optax", "python-flint", "xarray",
    "zarr", "dask", "distributed", "matplotlib",
)  # fmt: skip


@functools.cache
def _git_commit() -> str | None:
    """The commit of the checkout we run from, ``+changes`` if the source differs; None when installed."""

    def git(*arguments: str) -> str:
        run = subprocess.run(
            ["git", "-C", str(_PACKAGE), *arguments], capture_output=True, text=True, timeout=10
        )
        if run.returncode:
            raise OSError(run.stderr)
        return run.stdout.strip()

    try:
        # A virtual environment may lie inside some other repository: only a tracked package has a commit.
        git("ls-files", "--error-unmatch", "__init__.py")
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


@functools.cache
def cpu_model() -> str:
    """The processor's name, from /proc/cpuinfo where there is one."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@functools.cache
def package_versions() -> dict[str, str]:
    """Installed versions of the packages results depend on."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def provenance() -> dict[str, Any]:
    """What is needed to obtain a result again, ready for JSON.

    Returns
    -------
    dict
        ``tutelage`` (version), ``commit`` (of the checkout, or None), ``code`` (:func:`code_version`),
        ``python``, ``packages``, ``cpu``, ``threads``, ``platform``, ``time`` (UTC). Eigenvalue bits
        change with the thread count and the processor, so both stand here.
    """
    return {
        "tutelage": tutelage.__version__,
        "commit": _git_commit(),
        "code": code_version(),
        "python": platform.python_version(),
        "packages": package_versions(),
        "cpu": cpu_model(),
        "threads": thread_count(),
        "platform": platform.platform(),
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@functools.cache
def _hash_files(files: tuple[tuple[str, Path], ...]) -> str:
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _origin(module: str) -> Path:
    """The file of a module, the ``__init__.py`` of a package."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise InputError(f"code_version: expected an importable module, got {module!r}; check the name")
    return Path(spec.origin)


@functools.cache
def _module_files(module: str | Path) -> dict[str, Path]:
    """Relative name -> path of the source files of a module or of everything inside a package."""
    origin = (module if isinstance(module, Path) else _origin(module)).resolve()
    found = sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]
    root = _PACKAGE.parent if origin.is_relative_to(_PACKAGE) else origin.parent
    return {path.relative_to(root).as_posix(): path for path in found}


def code_version(modules: Iterable[str | Path] = ("tutelage",)) -> str:
    """A hash of source files, so that cached results are keyed by parameters AND code.

    Parameters
    ----------
    modules : iterable of str or Path
        Dotted names, or the files of modules; a package stands for everything inside it. The default is the whole of
        tutelage; a study whose result depends on a few rooms only names those and survives changes elsewhere.

    Returns
    -------
    str
        16 hexadecimal digits of a SHA-256 over relative names and contents. It is read once per process.
    """
    if isinstance(modules, str):
        modules = (modules,)
    files: dict[str, Path] = {}
    for module in modules:
        if not isinstance(module, Path):
            check.text(module, "code_version", "module")
        files.update(_module_files(module))
    return _hash_files(tuple(sorted(files.items())))

"""Nothing needs what only POSIX has: the package imports, writes and locks without it, as on Windows."""

import pkgutil

import pytest

import tutelage

#: Modules and functions that Windows lacks; only our own imports are refused, as the libraries have their own ways.
_WINDOWS = """
import builtins, importlib, os, signal, sys
import jax, xarray, zarr, scipy.stats, matplotlib, equinox, lineax, psutil, filelock, distributed  # they may use POSIX
absent = {"fcntl", "resource", "pwd", "grp", "termios", "posix", "pty", "syslog"}
original = builtins.__import__
def refuse(name, globals=None, locals=None, fromlist=(), level=0):
    if name in absent and (globals or {}).get("__name__", "").startswith("tutelage"):
        raise ImportError(f"no {name} on Windows")
    return original(name, globals, locals, fromlist, level)
builtins.__import__ = refuse
for name in ("sched_getaffinity", "sched_setaffinity", "getuid", "geteuid", "fchmod", "fork", "O_ASYNC", "sysconf"):
    delattr(os, name)
for name in ("pthread_sigmask", "SIGIO", "SIGHUP", "SIGKILL"):
    delattr(signal, name)
"""


@pytest.fixture
def windows(python):
    return lambda code: python(_WINDOWS + code)


def test_every_module_imports_without_posix(windows):
    names = [
        m.name for m in pkgutil.walk_packages(tutelage.__path__, "tutelage.") if "__main__" not in m.name
    ]
    assert len(names) > 200
    windows(f"""
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:  # torch is an extra
        if error.name != "torch":
            raise
""")


def test_files_and_locks_work_without_posix(windows, tmp_path):
    code = f"""
from pathlib import Path
from tutelage.base import files
from tutelage.sweep.locks import held, is_held
folder = Path({str(tmp_path)!r})
with files.atomic_write(folder / "a", "w") as stream:
    stream.write("x")
files.remove_abandoned(folder)
with held(folder, None):
    print(is_held(folder), (folder / "a").read_text())
print(is_held(folder))
"""
    assert windows(code) == "True x\nFalse"


def test_a_child_without_signals_of_a_closing_pipe_ends_with_its_parent(windows):
    """A thread that waits for the parent stands in for SIGIO."""
    code = """
import threading
from tutelage.base import processes
processes.die_with(0)
print([thread.daemon for thread in threading.enumerate() if thread.name.endswith("(_end_after)")])
"""
    assert windows(code) == "[True]"

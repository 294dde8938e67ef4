"""Users' functions and classes: the one place that imports what a specification names, for ``run`` and ``resume`` alone.

A module is looked for in the folders of the specification (beside its TOML file), beside the program that runs, and on
Python's path; never where a stored sweep says, whose folder a stranger may have sent. It is loaded from its file under
a name of its own, so that a ``json.py`` or ``distributed.py`` there is nobody else's ``json``; what it imports itself is
looked for beside it last of all.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import itertools
import os
import sys
import zlib
from collections.abc import Callable, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import tutelage
from tutelage.activations import ACTIVATIONS, register_activation
from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.spec import class_path
from tutelage.input_families import parse_inputs

if TYPE_CHECKING:
    from tutelage.sweep.spec import SweepSpec


def complete(spec: SweepSpec) -> SweepSpec:
    """The specification with every folder that its functions may come from, so that all workers look in the same."""
    folders = (*map(os.path.abspath, spec.search_path), *_program_folders())
    return dataclasses.replace(spec, search_path=tuple(dict.fromkeys(folders)))


def origins(spec: SweepSpec, who: str = "sweep") -> dict[str, str]:
    """Import every function and class that the specification names; its name -> the file it comes from.

    Raises
    ------
    InputError
        No such module, function or class.
    """
    found = {}
    for text in spec.activations:
        load_activation(text, spec.search_path, who)
    for name in spec.imported:
        if ":" in name:
            # A wrong name and options it does not take are told now, not at the first point.
            _check_options(user_function(name, spec.search_path, who), name, spec.options.get(name, {}), who)
            found[name] = str(source_file(name, spec.search_path) or "Python itself")
    return found


def check_inputs(spec: SweepSpec) -> None:
    """Form every law of inputs once at the least and the most inputs of the grid, so that what fails is told now."""
    for text, d in itertools.product(spec.inputs, {f(d for d, _ in spec.sizes) for f in (min, max)}):
        parse_inputs(text, d, spec.search_path)


def user_function(name: str, search_path: tuple[str, ...], who: str) -> Callable[..., Any]:
    """Import ``module:function`` (or a class)."""
    module_name, _, function_name = name.partition(":")
    try:
        module = _module(module_name, search_path)
    except (Exception, SystemExit) as error:  # it is a program of the user's, and may do anything
        raise InputError(
            f"{who}: cannot import {module_name!r} of {name!r} ({type(error).__name__}: {error}); it is looked for "
            "beside the TOML file that `sweep run` is given and on Python's path, never where a stored folder says"
        ) from None
    if function_name not in vars(module):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"{who}: no {function_name!r} in {module_name!r} ({source_file(name, search_path)}); "
            f"{check.nearest(function_name, known)}"
        )
    return vars(module)[function_name]


def load_activation(text: str, search_path: tuple[str, ...], who: str) -> None:
    """Import the class that ``module:Class:key=value`` names, and make it known by that name; nothing for other forms."""
    head = class_path(text, ACTIVATIONS)
    if head and head not in ACTIVATIONS:
        register_activation(user_function(head, search_path, who), head)


def _check_options(function: Callable[..., Any], name: str, options: Mapping[str, object], who: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # compiled: it says so at the first point
        return
    try:
        signature.bind(None, **options)
    except TypeError as error:
        raise InputError(
            f"{who}: expected a function of a point and its options, {name} cannot be called with "
            f"{', '.join(options) or 'a point alone'} ({error}); correct it or [options.{name!r}]"
        ) from None


def source_file(name: str, search_path: tuple[str, ...]) -> Path | None:
    """The file behind an imported ``module:function``; None for what is compiled into Python."""
    file = getattr(_module(name.partition(":")[0], search_path), "__file__", None)
    return None if file is None else Path(file)


def worker_path() -> list[str]:
    """Python's path for worker processes: this process's, without the current folder and the script's.

    Users' modules there are found through the specification (:func:`complete`); a ``numpy.py`` there is not.
    """
    program = set(_program_folders())
    kept = [folder for folder in map(os.path.abspath, sys.path) if folder not in program]
    return list(dict.fromkeys([*kept, str(Path(tutelage.__file__).parents[1])]))


def _program_folders() -> list[str]:
    """What Python's path has of the current folder and the folder of the script that runs."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    program = {os.path.realpath(os.getcwd())} | (
        {os.path.realpath(os.path.dirname(script))} if script else set()
    )
    return [folder for folder in map(os.path.abspath, sys.path) if os.path.realpath(folder) in program]


@functools.cache
def _module(name: str, search_path: tuple[str, ...]) -> ModuleType:
    """The module of a dotted name: from the folders of the search path first, then as Python finds it."""
    importlib.invalidate_caches()  # a file written a moment ago counts
    sys.path.extend(folder for folder in search_path if folder not in sys.path)
    top, dot, rest = name.partition(".")
    found = PathFinder.find_spec(top, list(search_path))
    if found is None or not (found.origin or "").endswith(".py"):
        return importlib.import_module(name)
    alias = f"tutelage_user_{zlib.crc32(str(found.origin).encode()):08x}_{top}"
    if alias not in sys.modules:
        _load(alias, str(found.origin), found.submodule_search_locations)
    return importlib.import_module(alias + dot + rest)


def _load(name: str, file: str, submodules: list[str] | None) -> None:
    """Execute a file as the module ``name``, which need not be the file's."""
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=submodules)
    assert spec is not None and spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise

"""Which studies there are: folders beside this file, installed packages that announce some, and a user's own."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import reprlib
import sys
from pathlib import Path

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.studies.base import Study
from tutelage.studies.card import FILE, Card, read_card

ENTRY_POINTS = "tutelage.studies"
"""Group under which an installed package announces studies: ``name = "module:Class"``."""


@functools.cache
def _own() -> dict[str, tuple[str, Card]]:
    """Name -> (module, card) of the folders beside this file, in the order of the report; nothing is imported."""
    folders = [file.parent for file in Path(__file__).parent.glob(f"*/{FILE}")]
    found = [(f"{__package__}.{folder.name}", read_card(str(folder / "__init__.py"))) for folder in folders]
    return {card.name: (module, card) for module, card in sorted(found, key=lambda pair: pair[1].order)}


def available() -> dict[str, str]:
    """Name -> module (``module:Class`` for those of other packages), in the order of the report."""
    ours = {name: module for name, (module, _) in _own().items()}
    others = {point.name: point.value for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return ours | {name: path for name, path in others.items() if name not in ours}


def cards() -> dict[str, Card]:
    """Name -> card of every study; only those of other packages are imported for it."""
    return {name: _own()[name][1] if name in _own() else study_class(name).card for name in available()}


def study_class(name: str) -> type[Study]:
    """The class of a study by its name.

    Raises
    ------
    InputError
        Unknown name; the nearest is named.
    """
    known = available()
    if check.text(name, "study", "name") not in known:
        raise InputError(f"study: unknown name {reprlib.repr(name)}; {check.nearest(name, known)}")
    if ":" in known[name]:
        return _imported(known[name])
    module = importlib.import_module(known[name])
    return next(
        value for value in vars(module).values() if _is_study(value) and value.__module__ == known[name]
    )


def load_study(path: str) -> type[Study]:
    """A user's own study from ``module:Class``; the current folder is searched after Python's own path.

    Raises
    ------
    InputError
        No such module or class, one that is no study, or the name of another.
    """
    check.text(path, "study", "path")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    study = _imported(path)
    taken = available().get(study.card.name)
    if taken is not None and not path_of(study).startswith(taken):
        raise InputError(
            f"study: {study.card.name!r} of {path!r} is the name of {taken} already; rename yours"
        )
    return study


def find_study(name: str) -> type[Study]:
    """A study by its name or by ``module:Class``."""
    return load_study(name) if ":" in check.text(name, "study", "name") else study_class(name)


def path_of(study: type[Study]) -> str:
    """``module:Class``, what :func:`load_study` takes."""
    return f"{study.__module__}:{study.__qualname__}"


def _imported(path: str) -> type[Study]:
    module, _, name = path.partition(":")
    if not (module and name):
        raise InputError(f"study: expected module:Class, got {reprlib.repr(path)}")
    try:
        found = vars(importlib.import_module(module))
    except ImportError as error:
        raise InputError(f"study: cannot import {module!r} of {path!r} ({error})") from None
    if not _is_study(found.get(name)):
        known = [key for key, value in found.items() if _is_study(value)]
        hint = check.nearest(name, known) if known else "derive it from tutelage.studies.Study"
        raise InputError(f"study: no study {name!r} in {module!r}; {hint}")
    return found[name]


def _is_study(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Study) and hasattr(value, "card")


__all__ = ["ENTRY_POINTS", "available", "cards", "find_study", "load_study", "path_of", "study_class"]

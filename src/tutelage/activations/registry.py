"""Which activation a written form means: built-in names, registered classes, ``module:Class``.

Nothing here imports what a text names. A network file, a certificate or a stored sweep may come from a stranger: they
reach only classes that this process has imported or registered, and those of installed packages that announce
themselves as entry points of the group ``tutelage.activations``.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from typing import TypeVar

from tutelage.activations.base import ACTIVATIONS, Activation
from tutelage.base.check import nearest
from tutelage.base.errors import InputError
from tutelage.base.spec import build_spec, is_class_path, split_spec

ENTRY_POINTS = "tutelage.activations"

Family = TypeVar("Family", bound=type[Activation])


def register_activation(family: Family, name: str | None = None) -> Family:
    """Make a class of activations known by its ``name`` in this process: a decorator, or a call.

    Parameters
    ----------
    family : type
        A frozen dataclass derived from :class:`Activation`; its fields are the parameters of the written form.
    name : str, optional
        A word, or ``module:Class``; by default the class's own ``name``.

    Raises
    ------
    InputError
        Not such a class, no name, or the name of another one.

    Examples
    --------
    >>> from tutelage.activations import Sin
    >>> @register_activation
    ... class Ripple(Sin):
    ...     name = "ripple"
    >>> parse_activation("ripple")
    Ripple()
    """
    who = "register_activation"
    if not (isinstance(family, type) and issubclass(family, Activation) and dataclasses.is_dataclass(family)):
        raise InputError(f"{who}: expected a frozen dataclass derived from Activation, got {family!r}")
    name = getattr(family, "name", None) if name is None else name
    if not isinstance(name, str) or not (name.isidentifier() or is_class_path(name)):
        raise InputError(
            f"{who}: expected a word as name of {family.__qualname__}, got {name!r}; give it a name"
        )
    known = ACTIVATIONS.get(name, family)
    # A cell of a notebook that is run again defines its class again.
    if (known.__module__, known.__qualname__) != (family.__module__, family.__qualname__):
        raise InputError(f"{who}: {name!r} is the name of {known.__qualname__} already; choose another")
    ACTIVATIONS[name] = family
    return family


def parse_activation(text: str) -> Activation:
    """The activation a written form names.

    For example ``"erf"``, ``"quadratic:alpha=0.7"``, ``"polynomial:coefficients=0,1,-0.3"``, or
    ``"module:Class:key=value"`` for a class of a module that is imported already.
    """
    head, parameters = split_spec(text, ACTIVATIONS)
    return build_spec(_family(head), head, parameters, "activation")


def as_activation(value: Activation | str) -> Activation:
    """An activation from itself or its written form."""
    if isinstance(value, Activation):
        return value
    if isinstance(value, str):
        return parse_activation(value)
    raise InputError(
        f"activation: expected an Activation or its name, got {type(value).__name__}; "
        "wrap a plain function as Numerical(fn)"
    )


def importable_spec(activation: Activation) -> str:
    """The written form that another process understands once it has imported the module of the class."""
    family = type(activation)
    if family.__module__.startswith("tutelage."):
        return activation.spec
    _, parameters = split_spec(activation.spec, ACTIVATIONS)
    return f"{family.__module__}:{family.__qualname__}" + (":" + parameters if parameters else "")


def _family(head: str) -> type[Activation]:
    if head in ACTIVATIONS:
        return ACTIVATIONS[head]
    if is_class_path(head):
        return _loaded_class(head)
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name=head):
        return register_activation(entry.load(), head)
    raise InputError(f"activation: unknown name {head!r}; {nearest(head, ACTIVATIONS)}")


def _loaded_class(head: str) -> type[Activation]:
    """``module:Class`` of a module in memory, by plain dictionaries: a module's ``__getattr__`` may import."""
    name, _, path = head.partition(":")
    found: object = sys.modules.get(name)
    if found is None:
        raise InputError(
            f"activation: {name!r} of {head!r} is not imported, and the name of an activation imports nothing (it may "
            f"come from a stranger's file): import {name} first, or write --activation {head} on the command line"
        )
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    if not (isinstance(found, type) and issubclass(found, Activation) and dataclasses.is_dataclass(found)):
        raise InputError(
            f"activation: no activation {path!r} in {name!r}; define it at the top of the module, as a frozen "
            "dataclass, or register it: tutelage.register_activation(Class)"
        )
    return found

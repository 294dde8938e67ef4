"""The examples in the docstrings of the quadratic room are run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tutelage.quadratic as room

MODULES = [f"{room.__name__}.{module.name}" for module in pkgutil.iter_modules(room.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_every_function_of_the_room_is_documented():
    for name in room.__all__:
        value = getattr(room, name)
        assert not callable(value) or (value.__doc__ and len(value.__doc__) > 20), name

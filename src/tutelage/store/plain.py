"""Values as JSON can hold them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tutelage.base.errors import InputError


def plain(value: object, who: str = "plain") -> Any:
    """``value`` as JSON can hold it: mappings, lists, numbers, text, dataclasses as mappings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.longdouble):
        return float(value)  # its own item
    if isinstance(value, np.generic):
        return plain(value.item(), who)
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), who)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name), who) for f in dataclasses.fields(value)}
        return {"type": f"{type(value).__module__}.{type(value).__qualname__}", **fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item, who) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, who) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item, who) for item in value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise InputError(
        f"{who}: expected numbers, text, arrays, lists, mappings or dataclasses, got {type(value).__name__}; "
        "convert it first"
    )

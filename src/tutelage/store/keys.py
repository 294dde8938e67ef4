"""Keys from parameters and code, and a folder of datasets under such keys."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base.errors import InputError, StoreError

if TYPE_CHECKING:
    import xarray as xr

SUFFIX = ".zarr.zip"


def default_directory() -> Path:
    """Where results go unless told: ``$TUTELAGE_STORE`` if set, else ``store`` in the current folder.

    A visible folder beside the user's work, rather than a hidden cache, because it holds results, not copies.
    """
    return Path(os.environ.get("TUTELAGE_STORE") or "store")


def plain(value: Any, who: str = "plain") -> Any:
    """``value`` as JSON can hold it: mappings, lists, numbers, text, dataclasses as mappings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
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


def dataset_key(name: str, parameters: Any, code: str | None = None) -> str:
    """``name-<16 hexadecimal digits>``: equal for equal parameters and code, different otherwise.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``.
    parameters : mapping or dataclass
        Everything the result depends on.
    code : str, optional
        :func:`code_version` of the modules it depends on; the whole package by default.
    """
    from tutelage.store.provenance import code_version

    _check_key(name, "dataset_key", "name")
    content = {
        "parameters": plain(parameters, "dataset_key"),
        "code": code_version() if code is None else code,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _check_key(key: str, who: str, what: str) -> None:
    if not re.fullmatch(r"[a-z0-9_][a-z0-9_.-]*", key):
        raise InputError(
            f"{who}: expected a {what} of lower-case letters, digits, '_', '.', '-', got {key!r}; rename it"
        )


@dataclasses.dataclass(frozen=True)
class Store:
    """Datasets in a folder, one file per key.

    Examples
    --------
    >>> import tempfile, xarray
    >>> store = Store(tempfile.mkdtemp())
    >>> key = dataset_key("example", {"d": 10}, code="0")
    >>> store.get(key) is None
    True
    >>> _ = store.put(key, xarray.Dataset({"loss": ("time", [1.0, 0.5])}))
    >>> store.get(key).loss.values
    array([1. , 0.5])
    """

    directory: Path

    def __init__(self, directory: str | os.PathLike | None = None) -> None:
        object.__setattr__(self, "directory", default_directory() if directory is None else Path(directory))

    def path(self, key: str) -> Path:
        """The file of a key, whether or not it exists."""
        _check_key(key, "Store.path", "key")
        return self.directory / f"{key}{SUFFIX}"

    def __contains__(self, key: str) -> bool:
        return self.path(key).exists()

    def get(self, key: str) -> xr.Dataset | None:
        """The dataset of a key, or None if it was never stored; a corrupt file raises :class:`StoreError`."""
        from tutelage.store.datasets import load_dataset

        return load_dataset(self.path(key)) if key in self else None

    def put(self, key: str, dataset: xr.Dataset) -> Path:
        """Store a dataset, durable when this returns; one that stood there is replaced in one step."""
        from tutelage.store.datasets import save_dataset

        self.prepare()
        return save_dataset(dataset, self.path(key))

    def prepare(self) -> None:
        """Make the folder and try to write there, so that a bad one is refused BEFORE long work, not after it."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            # os.access says yes to root on read-only mounts, so try it.
            with tempfile.TemporaryFile(dir=self.directory):
                pass
        except OSError as error:
            raise StoreError(
                f"store: expected a writable folder, cannot write in {str(self.directory)!r} "
                f"({error.strerror}); choose another (--store or TUTELAGE_STORE)"
            ) from None

    def keys(self) -> list[str]:
        """The keys that are stored, sorted."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.directory.glob(f"*{SUFFIX}"))

"""Keys from parameters and code, and a folder of datasets under such keys."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base.errors import InputError
from tutelage.base.files import check_folder, own_name
from tutelage.store.datasets import load_dataset, save_dataset
from tutelage.store.plain import plain
from tutelage.store.provenance import code_version

if TYPE_CHECKING:
    import xarray as xr

SUFFIX = ".zarr.zip"


def default_directory() -> Path:
    """Where results go unless told: ``$TUTELAGE_STORE`` if set, else ``store`` in the current folder.

    A visible folder beside the user's work, rather than a hidden cache, because it holds results, not copies.
    """
    return Path(os.environ.get("TUTELAGE_STORE") or "store")


def dataset_key(name: str, parameters: object, code: str | None = None) -> str:
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
        return load_dataset(self.path(key)) if key in self else None

    def put(self, key: str, dataset: xr.Dataset) -> Path:
        """Store a dataset, durable when this returns; one that stood there is replaced in one step."""
        self.prepare()
        return save_dataset(dataset, own_name(self.path(key)))

    def kept(
        self, name: str, parameters: object, modules: Iterable[str], compute: Callable[[], xr.Dataset]
    ) -> xr.Dataset:
        """The dataset of a question, from the store or computed now and stored.

        Its key is made of name, parameters and the code of ``modules`` (:func:`dataset_key`, :func:`code_version`).
        """
        key = dataset_key(name, parameters, code_version(modules))
        found = self.get(key)
        if found is None:
            found = compute()
            self.put(key, found)
        return found

    def prepare(self) -> None:
        """Make the folder and try to write there, so that a bad one is refused BEFORE long work, not after it."""
        check_folder(self.directory, "store (--store or TUTELAGE_STORE)")

    def keys(self) -> list[str]:
        """The keys that are stored, sorted."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.directory.glob(f"*{SUFFIX}"))

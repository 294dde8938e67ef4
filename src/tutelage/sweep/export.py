"""A sweep's points as one file: netCDF, a zarr folder, or parquet with one row per point."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base import check
from tutelage.base.errors import MissingExtraError
from tutelage.base.files import atomic_path, write_error
from tutelage.store.datasets import storable
from tutelage.store.ownership import check_replaceable, marked, replace_arrays

if TYPE_CHECKING:
    import xarray as xr


def export(dataset: xr.Dataset, path: str | os.PathLike) -> Path:
    """Write to ``path``: the suffix, .nc, .zarr or .parquet, names the format; complete or absent.

    In parquet an array-valued quantity is a column of lists, without the NaN that pads it in the dataset.

    Raises
    ------
    InputError
        Another suffix, a folder in place of a file.
    StoreError
        A zarr folder that we did not write or that holds files of others, an unwritable place or full disk.
    """
    path, who = Path(path), "export"
    kind = check.choice(path.suffix.lower(), f"export to {str(path)!r}", "file ending", _WRITERS)
    try:
        if kind == ".zarr":
            _export_folder(dataset, path, who)
        else:
            with atomic_path(path, who) as temporary:
                _WRITERS[kind](dataset, temporary)
    except ImportError as error:
        raise MissingExtraError(f"export: {error}; pip install 'tutelage[sweep]'") from error
    return path


def _export_folder(dataset: xr.Dataset, path: Path, who: str) -> None:
    check_replaceable(path, who)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            temporary = Path(folder) / path.name
            _zarr(dataset, temporary)
            replace_arrays(temporary, path, who)
    except OSError as error:
        raise write_error(who, path, error) from None


def _netcdf(dataset: xr.Dataset, path: Path) -> None:
    import json

    plain = storable(dataset.compute())
    # netCDF attributes are numbers and text: tables become JSON.
    plain.attrs = {k: json.dumps(v) if isinstance(v, (dict, list)) else v for k, v in plain.attrs.items()}
    for name in plain.variables:
        if plain[name].dtype.kind in "TO":
            plain[name] = (plain[name].dims, plain[name].values.astype(object))
    plain.to_netcdf(path, engine="netcdf4")


def _zarr(dataset: xr.Dataset, path: Path) -> None:
    marked(dataset).to_zarr(path, mode="w", zarr_format=3, consolidated=False)


def _parquet(dataset: xr.Dataset, path: Path) -> None:
    import numpy as np
    import pandas as pd

    loaded = dataset.compute()
    columns = {}
    for name, variable in loaded.variables.items():
        if variable.dims[:1] != ("point",):
            continue
        values = variable.values
        if values.ndim > 1:
            values = [np.ravel(row[np.isfinite(row)]) for row in values]
        elif values.dtype.kind in "TU":
            values = values.astype(object)
        columns[str(name)] = values
    pd.DataFrame(columns).to_parquet(path)


_WRITERS = {".nc": _netcdf, ".zarr": _zarr, ".parquet": _parquet}

"""A sweep's points as one file: netCDF, a zarr folder, or parquet with one row per point."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.base import check
from tutelage.base.errors import InputError, MissingExtraError
from tutelage.store.atomic import write_error
from tutelage.store.datasets import storable
from tutelage.store.ownership import check_replaceable, marked, replace_arrays

if TYPE_CHECKING:
    import xarray as xr

FORMATS = {".nc": "netcdf", ".zarr": "zarr", ".parquet": "parquet"}


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
    path = Path(path)
    check.choice(path.suffix.lower(), f"export to {str(path)!r}", "file ending", FORMATS)
    kind = FORMATS[path.suffix.lower()]
    if path.is_dir() and kind != "zarr":
        raise InputError(f"export: expected a file name, got the folder {str(path)!r}; add a name")
    if kind == "zarr":
        check_replaceable(path, "export")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            temporary = Path(folder) / path.name
            _WRITERS[kind](dataset, temporary)
            if kind == "zarr":
                replace_arrays(temporary, path, "export")
            else:
                os.replace(temporary, path)
    except ImportError as error:
        raise MissingExtraError(f"export: {error}; pip install 'tutelage[sweep]'") from error
    except OSError as error:
        raise write_error("export", path, error) from None
    return path


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


_WRITERS = {"netcdf": _netcdf, "zarr": _zarr, "parquet": _parquet}

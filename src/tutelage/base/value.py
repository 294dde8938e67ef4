"""What every result can do: show itself as a table in a notebook, and become a table of pandas or a CSV file."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.base.printable import printable

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SHOWN = 60
"""Letters of a field shown in a notebook's table."""


class Shown:
    """Shows itself in a notebook as a table of its fields."""

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, {name: _short(value) for name, value in _fields(self)})


class Value(Shown):
    """A result: a table in a notebook, for pandas and as a file."""

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame: a column for every array and a row for every entry of theirs, numbers repeated.

        What has several kinds of rows (atoms and the points of a density, eigenvalues and a trajectory) has them one below
        the other, and nothing where a column does not apply. Arrays of more axes are columns ``name[0]``, ``name[1]``, ...

        Examples
        --------
        >>> from tutelage.measure import Measure
        >>> Measure([1.0, 2.0], [0.25, 0.75]).to_pandas().weight.tolist()
        [0.25, 0.75]
        """
        import pandas as pd

        to_xarray = getattr(self, "to_xarray", None)
        blocks = _blocks_of_fields(self) if to_xarray is None else _blocks_of_dataset(to_xarray())
        frames = [pd.DataFrame(block) for block in blocks]
        return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]

    def to_csv(self, path: str | Path) -> None:
        """The same table as a CSV file, numbers with all their digits; the file appears whole or not at all."""
        from tutelage.base.files import atomic_write

        with atomic_write(path, "w", f"{type(self).__name__}.to_csv") as stream:
            self.to_pandas().to_csv(stream, index=False)


def html_of_tuple(value: Any) -> str:
    """What :class:`Shown` shows, for a named tuple, which can have no other parent: ``_repr_html_ = html_of_tuple``."""
    return html_table(type(value).__name__, {name: _short(found) for name, found in value._asdict().items()})


def html_table(title: str, rows: Mapping[str, str]) -> str:
    """A table of names and values with a title, escaped.

    Examples
    --------
    >>> html_table("a", {"k": "<1"})
    '<table><caption>a</caption><tr><th>k</th><td>&lt;1</td></tr></table>'
    """
    body = "".join(f"<tr><th>{_safe(name)}</th><td>{_safe(value)}</td></tr>" for name, value in rows.items())
    return f"<table><caption>{_safe(title)}</caption>{body}</table>"


def _safe(words: str) -> str:
    return html.escape(printable(words))


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(value):
        found = getattr(value, field.name)
        if found is not None and field.repr:
            yield field.name, found


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim and value.size > 1:
        ends = f", {np.nanmin(value):.6g} to {np.nanmax(value):.6g}" if value.dtype.kind in "if" else ""
        return f"array {value.shape}{ends}"
    if isinstance(value, float):
        return f"{value:.6g}"
    words = repr(value)
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"


Block = dict[str, Any]
"""Columns of one length, or numbers to repeat."""


def _blocks_of_fields(value: Any) -> list[Block]:
    """Arrays by their length, with the numbers and words beside them."""
    single: Block = {}
    arrays: dict[int, Block] = {}
    for name, found in _fields(value):
        if isinstance(found, (str, int, float, np.number)):
            single[name] = found
        elif isinstance(found, np.ndarray) and found.ndim:
            arrays.setdefault(len(found), {}).update(_columns(name, found))
    return [single | block for block in arrays.values()] or [
        {name: [entry] for name, entry in single.items()}
    ]


def _blocks_of_dataset(dataset: xr.Dataset) -> list[Block]:
    """Variables by the dimension their rows run along: the one with coordinates, where there is one."""
    found: dict[str, Block] = {}
    for variable in dataset.data_vars.values():
        along = next((str(d) for d in variable.dims if d in dataset.coords), str(variable.dims[0]))
        rows = found.setdefault(along, {along: dataset[along].values} if along in dataset.coords else {})
        rows.update(_columns(str(variable.name), variable.transpose(along, ...).values))
    return list(found.values())


def _columns(name: str, values: np.ndarray) -> Block:
    if values.ndim == 1:
        return {name: values}
    flat = values.reshape(len(values), -1)
    return {f"{name}[{i}]": column for i, column in enumerate(flat.T)}

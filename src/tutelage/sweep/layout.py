"""How the values of many points become variables: one layout for each name, and what does not fit is said at its point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

Labelled: TypeAlias = tuple[tuple[str, ...], np.ndarray]
"""Dimension names and a float64 or text array."""

Layout: TypeAlias = tuple[tuple[str, ...], str]
"""Dimension names (without ``point``) and the kind of the values: f, a number, or U, a text."""


def layout_of(value: Labelled) -> Layout:
    """The layout of the value of one point."""
    return value[0], value[1].dtype.kind


def agreed(rows: Iterable[tuple[Mapping[str, Layout], int]]) -> dict[str, Layout]:
    """For each name the layout that most points have, from the layouts of rows and how many points each stands for.

    A name that is also a dimension has none: no dataset could hold both.
    """
    votes: dict[str, Counter[Layout]] = {}
    for row, points in rows:
        for name, layout in row.items():
            votes.setdefault(name, Counter())[layout] += points
    chosen = {name: counter.most_common(1)[0][0] for name, counter in votes.items()}
    dimensions = {dim for dims, _ in chosen.values() for dim in dims}
    return {name: layout for name, layout in chosen.items() if name not in dimensions}


def alike(rows: Sequence[Mapping[str, Labelled]]) -> list[range]:
    """The rows cut into ranges in which each name has one layout, and no dimension has the name of a variable."""
    parts: list[range] = []
    seen: dict[str, Layout] = {}
    for index, row in enumerate(rows):
        own = {name: layout_of(value) for name, value in row.items()}
        both = seen | own
        fits = parts and (own == seen or (both == own | seen and len(agreed([(both, 1)])) == len(both)))
        parts[-1:] = [range(parts[-1].start, index + 1)] if fits else [*parts[-1:], range(index, index + 1)]
        seen = both if fits else own
    return parts


def misfit(name: str, own: Layout, layouts: Mapping[str, Layout]) -> str:
    """What is wrong with a value of this layout; empty when it fits."""
    if name not in layouts:
        return f"{name}: expected a name of its own, got that of a dimension; rename one of them"
    if own != layouts[name]:
        return f"{name}: expected {_words(layouts[name])} as at other points, got {_words(own)}"
    return ""


def _words(layout: Layout) -> str:
    dims, kind = layout
    return "a text" if kind == "U" else f"an array over {', '.join(dims)}" if dims else "a number"


def stack(rows: Sequence[Mapping[str, Labelled]]) -> dict[str, Labelled]:
    """Rows of named arrays of one layout to (dims, array) variables along ``point``; ragged ends and gaps are NaN."""
    sizes: dict[str, int] = {}
    for dims, array in (value for row in rows for value in row.values()):
        sizes.update({dim: max(n, sizes.get(dim, 0)) for dim, n in zip(dims, array.shape, strict=True)})
    variables = {}
    for name, (dims, example) in {
        name: value for row in reversed(rows) for name, value in row.items()
    }.items():
        if example.dtype.kind == "U":
            full = np.array([str(row[name][1]) if name in row else "" for row in rows])
        else:
            full = np.full((len(rows), *(sizes[dim] for dim in dims)), np.nan)
            for index, row in enumerate(rows):
                if name in row:
                    full[(index, *(slice(n) for n in row[name][1].shape))] = row[name][1]
        variables[name] = (("point", *dims), full)
    return variables

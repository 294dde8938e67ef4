"""What a ``done`` marker says of the chunk beside it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tutelage.sweep.layout import Layout

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class Marker:
    """A task that is done; ``variables`` is name -> (dimensions, kind of its values).

    Raises
    ------
    ValueError
        Something of another type, or no range: whoever wrote it, its task counts as not done.
    """

    start: int
    stop: int
    bytes: int
    crc32: int
    failed: int
    seconds: float
    sizes: dict[str, int] = dataclasses.field(default_factory=dict)
    variables: dict[str, Layout] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = (self.start, self.stop, self.bytes, self.crc32, self.failed)
        if not (isinstance(self.sizes, dict) and isinstance(self.variables, dict)):
            raise ValueError("expected tables")
        if any(type(count) is not int or count < 0 for count in (*counts, *self.sizes.values())):
            raise ValueError("expected counts")
        if type(self.seconds) not in (int, float) or not self.start < self.stop or self.failed > len(self):
            raise ValueError("expected a range of points")
        layouts = {name: (tuple(dims), str(kind)) for name, (dims, kind) in self.variables.items()}
        if any(not isinstance(dim, str) for dims, _ in layouts.values() for dim in dims):
            raise ValueError("expected names")
        object.__setattr__(self, "variables", layouts)

    def __len__(self) -> int:
        return self.stop - self.start


def described(dataset: xr.Dataset) -> dict[str, Layout]:
    """The ``variables`` of the marker of a chunk."""
    return {
        str(name): (
            tuple(map(str, variable.dims[1:])),
            "U" if variable.dtype.kind in "OTU" else variable.dtype.kind,
        )
        for name, variable in dataset.data_vars.items()
    }

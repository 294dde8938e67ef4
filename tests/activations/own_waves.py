"""A user's module: a class of activations that no test file imports by itself."""

import dataclasses

from tutelage.activations import ODD, Sin


@dataclasses.dataclass(frozen=True)
class Wave(Sin):
    """sin u, with parameters of every kind a written form can hold."""

    name = "own_wave"
    reflection = ODD
    phases: tuple[float, ...] = (0.5, 1.0)
    count: int = 2

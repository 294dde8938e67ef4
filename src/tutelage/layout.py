"""Layout: where every layer stands in θ. All slicing of parameter vectors goes through it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import Array, Trainable
from tutelage.base.value import Shown

A = TypeVar("A", bound=Array)


@dataclasses.dataclass(frozen=True)
class Layout(Shown):
    r"""Which layers there are, of which shapes, and which of them are trained: the coordinates of θ.

    θ joins the trained layers, each row-major, in the order of ``shapes``. A hashable value, so that it can be a
    static part of compiled code; NumPy arrays give NumPy arrays, traced ones traced ones. Axes in front of θ's stay
    in front: a matrix (n, P) is split into n layers of each name.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        For a two-layer network ``W`` (k, d), ``b`` (k,), ``a`` (k,) or (m, k), ``c`` () or (m,): those it has.
    trained : str or sequence of str, optional
        All of them by default.

    Raises
    ------
    InputError
        A trained layer that does not exist or is named twice, or none.

    Examples
    --------
    >>> layout = Layout({"W": (2, 3), "a": (2,)})
    >>> layout.size, layout.slices["a"], layout.only("a").size
    (8, slice(6, 8, None), 2)
    """

    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    trained: tuple[str, ...]

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], trained: Trainable = None):
        check.instance(shapes, Mapping, "Layout", "shapes by name")
        names = layer_names(trained, tuple(shapes), "Layout")
        object.__setattr__(self, "shapes", tuple((name, tuple(shape)) for name, shape in shapes.items()))
        object.__setattr__(self, "trained", tuple(shapes) if names is None else names)

    @property
    def size(self) -> int:
        """P: the number of trained parameters."""
        return sum(math.prod(shape) for name, shape in self.shapes if name in self.trained)

    @property
    def slices(self) -> dict[str, slice]:
        """Where each trained layer stands in θ."""
        found, start = {}, 0
        for name, shape in self.shapes:
            if name in self.trained:
                found[name] = slice(start, start := start + math.prod(shape))
        return found

    @property
    def is_complete(self) -> bool:
        """Whether every layer is trained."""
        return len(self.trained) == len(self.shapes)

    def shape(self, name: str) -> tuple[int, ...]:
        """Of one layer, trained or not."""
        return dict(self.shapes)[name]

    def only(self, trained: Trainable) -> Layout:
        """The same layers with these trained."""
        return self if trained is None else Layout(dict(self.shapes), trained)

    def reshaped(self, **shapes: tuple[int, ...]) -> Layout:
        """The same layers with some of other shapes."""
        return Layout(dict(self.shapes) | shapes, self.trained)

    def split(self, theta: A, frozen: Mapping[str, A] | None = None) -> dict[str, A]:
        """The layers of θ (..., P), with ``frozen`` ones beside them."""
        front, shapes = theta.shape[:-1], dict(self.shapes)
        found = {name: theta[..., at].reshape((*front, *shapes[name])) for name, at in self.slices.items()}
        return {**(frozen or {}), **cast("dict[str, A]", found)}

    def flatten(self, layers: Mapping[str, A]) -> A:
        """θ (..., P) from layers, of which the trained ones are taken: the inverse of :meth:`split`."""
        parts = []
        for name, shape in self.shapes:
            if name in self.trained:
                layer = layers[name]
                front = layer.shape[: layer.ndim - len(shape)]
                parts.append(layer.reshape((*front, math.prod(shape))))
        return _joined(parts)

    def select(self, theta: A, trained: Trainable) -> A:
        """Those entries along the last axis (..., P) that belong to the layers ``trained``."""
        slices = self.slices
        return _joined([cast("A", theta[..., slices[name]]) for name in self.only(trained).trained])

    def block(self, matrix: A, row: str, column: str) -> A:
        """The entries of a (P, P) matrix between two layers."""
        return cast("A", matrix[self.slices[row], self.slices[column]])


def layer_names(trained: Trainable, known: Iterable[str], who: str) -> tuple[str, ...] | None:
    """Names of trained layers in the order of ``known``, checked; None, which stands for all, stays."""
    if trained is None:
        return None
    known = tuple(known)
    names = (trained,) if isinstance(trained, str) else tuple(trained)
    for name in names:
        check.choice(name, who, "trainable layer", known)
    if not names or len(set(names)) != len(names):
        words = ", ".join(repr(name) for name in known)
        raise InputError(f"{who}: expected one or more of {words} as trainable, each once, got {names}")
    return tuple(name for name in known if name in names)


def _joined(parts: list[A]) -> A:
    if len(parts) == 1:
        return parts[0]
    traced = any(isinstance(part, jax.Array) for part in parts)
    return cast("A", (jnp if traced else np).concatenate(parts, axis=-1))

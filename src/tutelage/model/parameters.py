"""Parameters: a user's pytree as named layers of θ, frozen arrays and constants."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import GetAttrKey, KeyPath

from tutelage.base import check
from tutelage.base.errors import InputError
from tutelage.base.types import Array, ArrayLike, PyTree, Trainable
from tutelage.layout import Layout


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Which leaf of a pytree is what: trained, frozen, or a constant (a function, a switch). Hashable.

    Attributes
    ----------
    tree : PyTreeDef
    names : tuple of str
        Of the leaves, in order: ``layers.0.weight``.
    constants : tuple of (str, object)
        Leaves that are no arrays.
    layout : Layout
        Of the leaves of floats.
    """

    tree: Any  # JAX gives PyTreeDef as a variable, which is no type
    names: tuple[str, ...]
    constants: tuple[tuple[str, Hashable], ...]
    layout: Layout

    def arrays(self, params: PyTree, dtype: np.dtype, who: str) -> dict[str, jax.Array]:
        """All leaves that are arrays by name, those of floats in ``dtype``; refused where they do not fit; 64-bit mode."""
        if jax.tree.structure(params) != self.tree:
            raise InputError(
                f"{who}: expected params in the tree of the problem's, {self.tree}, got {jax.tree.structure(params)}"
            )
        leaves = dict(zip(self.names, jax.tree.leaves(params), strict=True))
        constants, shapes = dict(self.constants), dict(self.layout.shapes)
        found = {}
        for name, leaf in leaves.items():
            if name in constants:
                continue
            if name in shapes and np.shape(leaf) != shapes[name]:
                raise InputError(f"{who}: expected {name} of shape {shapes[name]}, got {np.shape(leaf)}")
            found[name] = jnp.asarray(leaf, dtype) if name in shapes else jnp.asarray(leaf)
            if name in shapes:
                check.finite(np.asarray(found[name]), who, f"params {name}")
        return found

    def assemble(self, layers: Mapping[str, Array]) -> PyTree:
        """The pytree with these arrays in it, traced ones too."""
        return jax.tree.unflatten(
            self.tree, [{**dict(self.constants), **layers}[name] for name in self.names]
        )

    def unravel(self, vector: ArrayLike, frozen: Mapping[str, Array]) -> PyTree:
        """A vector (P,) as the pytree; what is frozen does not move: zeros stand there."""
        still = {name: np.zeros(array.shape) for name, array in frozen.items()}
        return self.assemble(self.layout.split(np.asarray(vector), still))


def parameters(params: PyTree, only: Trainable, who: str) -> Parameters:
    """The parameters of a pytree: its arrays of floats; ``only`` names those that are trained, None all.

    A name picks every leaf in whose path it stands: ``"hidden"``, ``"layers.0"``, ``"bias"``. Python floats are
    parameters in containers and constants in modules, where they are settings.
    """
    leaves = jax.tree_util.tree_leaves_with_path(params)
    names = tuple(_name(path) for path, _ in leaves)
    if len(set(names)) != len(names):
        raise InputError(f"{who}: expected leaves of params with names of their own, got {sorted(names)}")
    constants, shapes, others = [], {}, {}
    for name, (path, leaf) in zip(names, leaves, strict=True):
        kind = _kind(path, leaf)
        if kind == "constant":
            constants.append((name, _hashable(leaf, name, who)))
        elif kind == "parameter":
            shapes[name] = np.shape(leaf)
        else:
            others[name] = getattr(leaf, "dtype", type(leaf).__name__)
    for name, kind in others.items():
        if only is None or (kind not in ("int", "bool") and not isinstance(kind, np.dtype)):
            raise InputError(
                f"{who}: expected params of floats, got {name} of type {kind}; keep what is not trained out of params, or "
                "name what is by only="
            )
    if not shapes:
        raise InputError(f"{who}: expected params with arrays of floats, got none in {type(params).__name__}")
    trained = tuple(shapes) if only is None else picked(only, tuple(shapes), who)
    return Parameters(jax.tree.structure(params), names, tuple(constants), Layout(shapes, trained))


def _name(path: KeyPath) -> str:
    """``layers.0.weight``."""
    return jax.tree_util.keystr(path, simple=True, separator=".") or "params"


def _kind(path: KeyPath, leaf: object) -> str:
    """What a leaf is: a parameter, a constant, or another array, which cannot be trained."""
    if isinstance(leaf, (np.ndarray, np.generic, jax.Array)) or hasattr(leaf, "__array__"):
        return "parameter" if jnp.issubdtype(np.asarray(leaf).dtype, np.floating) else "other"
    in_module = bool(path) and isinstance(path[-1], GetAttrKey)
    if isinstance(leaf, float) and not in_module:
        return "parameter"
    return "constant" if in_module or callable(leaf) else "other"


def _hashable(leaf: object, name: str, who: str) -> Hashable:
    try:
        hash(leaf)
    except TypeError:
        raise InputError(
            f"{who}: expected arrays and settings in params, got {name} of type {type(leaf).__name__}; keep it out of params"
        ) from None
    return leaf


def picked(only: str | Sequence[str], known: tuple[str, ...], who: str) -> tuple[str, ...]:
    """The leaves in whose path one of the names stands, whole steps of it."""
    wanted = (only,) if isinstance(only, str) else tuple(only)
    for name in wanted:
        if not any(f".{name}." in f".{leaf}." for leaf in known):
            steps = {step for leaf in known for step in leaf.split(".")}
            raise InputError(f"{who}: no parameters {name!r}; {check.nearest(name, {*known, *steps})}")
    return tuple(leaf for leaf in known if any(f".{name}." in f".{leaf}." for name in wanted))

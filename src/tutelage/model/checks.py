"""Whether a model, its data and its loss fit together, said before anything is computed."""

from __future__ import annotations

import types
from collections.abc import Mapping

import jax
import numpy as np

from tutelage.base.errors import InputError
from tutelage.base.types import Array, PyTree
from tutelage.model.losses import Loss
from tutelage.model.point import Apply, Model

_SAMPLES = 3
"""Samples that the model is tried on."""


def hashable(apply: Apply, who: str) -> Apply:
    """The function as a static part of compiled code; modules full of arrays are wrapped."""
    if not callable(apply):
        raise InputError(
            f"{who}: expected a function apply(params, X), got {type(apply).__name__}; of a module pass "
            "lambda params, X: ... beside its parameters"
        )
    if isinstance(apply, (types.FunctionType, types.MethodType)):
        return apply
    return lambda params, X: apply(params, X)


def outputs(model: Model, arrays: Mapping[str, Array], X: PyTree, who: str) -> tuple[int, ...]:
    """The shape of the outputs of some samples; refused where it is no batch, or samples see each other."""
    few = jax.tree.map(lambda leaf: leaf[:_SAMPLES], X)
    n = len(jax.tree.leaves(few)[0])
    found = _tried(model, arrays, few, who)
    if not isinstance(found, (jax.Array, np.ndarray)) or found.ndim < 1 or len(found) != n:
        shape = getattr(found, "shape", type(found).__name__)
        raise InputError(
            f"{who}: expected apply(params, X) to give outputs ({n}, ...) of {n} samples, got {shape}; a function of one "
            "sample becomes one of a batch by jax.vmap(apply, (None, 0)), and one of several results must return one array"
        )
    if found.dtype != model.dtype:
        raise InputError(
            f"{who}: expected outputs in {model.dtype}, got {found.dtype}; take away the casts in the model, or pass "
            "dtype='float32'"
        )
    alone = _tried(model, arrays, jax.tree.map(lambda leaf: leaf[:1], few), who)
    slack = 1e3 * np.finfo(model.dtype).eps * (1 + float(np.abs(found).max()))
    if not np.all(np.abs(alone[0] - found[0]) <= slack):
        raise InputError(
            f"{who}: expected outputs of a sample that do not depend on its batch, got others for it alone; set batch "
            "normalisation and dropout to inference"
        )
    return found.shape


def _tried(model: Model, arrays: Mapping[str, Array], X: PyTree, who: str) -> Array:
    # Whatever the user's function raises is told with what it was given; its own traceback stays attached.
    try:
        return model.apply(model.parameters.assemble(arrays), X)
    except Exception as error:
        shapes = jax.tree.map(np.shape, X)
        raise InputError(
            f"{who}: apply(params, X) failed on X of shape {shapes} ({type(error).__name__}: {error}); it takes a batch: of "
            "a function of one sample make jax.vmap(apply, (None, 0))"
        ) from error


def losses(loss: Loss, outputs: tuple[int, ...], dtype: np.dtype, y: np.ndarray, who: str) -> None:
    """Refuse a loss that is not one real number a sample."""
    n = outputs[0]
    try:
        found = jax.eval_shape(
            loss.value,
            jax.ShapeDtypeStruct(outputs, dtype),
            jax.ShapeDtypeStruct((n, *y.shape[1:]), y.dtype),
        )
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError):
        raise InputError(
            f"{who}: expected a loss written in JAX, got one that JAX cannot trace; use jax.numpy in it"
        ) from None
    shape = getattr(found, "shape", None)
    if shape != (n,) or found.dtype.kind != "f":
        one = f"shape {shape[1:]}" if shape else type(found).__name__
        raise InputError(
            f"{who}: expected a loss that gives one real number of one sample's output and target, got {one}; sum or "
            "average over outputs in it"
        )

"""What a model's outputs are compared with the targets by: half squares, cross entropy, a function of the user's."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.errors import InputError, NotAvailableError
from tutelage.base.types import Array

Shape: TypeAlias = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Loss(abc.ABC):
    """A loss of each sample's output (c, ...) and target (c, ...), which a problem averages."""

    name: ClassVar[str]
    convex: ClassVar[bool]
    """In the outputs: whether the outer part of the Hessian is semidefinite."""

    @abc.abstractmethod
    def value(self, outputs: Array, targets: Array) -> Array:
        """The loss of each sample, shape (c,), in JAX."""

    @abc.abstractmethod
    def targets(self, outputs: Shape, y: np.ndarray, dtype: np.dtype, who: str) -> np.ndarray:
        """The targets for outputs of this shape (n, ...), or what was wrong with them."""

    def root(self, outputs: Array, jacobian: Array) -> Array:
        """S J for J (c, C, P), where SᵀS is the second derivative of the loss in the outputs (c, C)."""
        raise NotAvailableError(f"model: no root of the second derivative of {self.name} is known")


class HalfSquare(Loss):
    """½ |f − y|²: minus the log-likelihood of y ~ N(f, I)."""

    name = "half_square"
    convex = True

    def value(self, outputs: Array, targets: Array) -> Array:
        return 0.5 * jnp.sum((outputs - targets) ** 2, axis=tuple(range(1, outputs.ndim)))

    def targets(self, outputs: Shape, y: np.ndarray, dtype: np.dtype, who: str) -> np.ndarray:
        if y.shape != outputs:
            reshaped = f"pass y.reshape{outputs}, or " if y.size == np.prod(outputs, dtype=int) else ""
            raise InputError(
                f"{who}: expected y of the shape of the outputs, {outputs}, got {y.shape}; {reshaped}let the model return "
                "outputs of the shape of y"
            )
        return y.astype(dtype)

    def root(self, outputs: Array, jacobian: Array) -> Array:
        return jacobian


class CrossEntropy(Loss):
    """−Σ_c y_c log softmax(f)_c: minus the log-likelihood of a label; y are labels (n,) or probabilities (n, C)."""

    name = "cross_entropy"
    convex = True

    def value(self, outputs: Array, targets: Array) -> Array:
        logs = jax.nn.log_softmax(outputs)
        if targets.ndim == 1:
            return -jnp.take_along_axis(logs, targets[:, None], axis=1)[:, 0]
        return -jnp.sum(targets * logs, axis=1)

    def targets(self, outputs: Shape, y: np.ndarray, dtype: np.dtype, who: str) -> np.ndarray:
        if len(outputs) != 2:
            raise InputError(
                f"{who}: expected outputs (n, classes) under cross_entropy, got {outputs}; write the loss as a function of "
                "one sample's output and target"
            )
        n, classes = outputs
        if y.shape == (n,) and y.dtype.kind in "iu":
            if y.min() < 0 or y.max() >= classes:
                raise InputError(
                    f"{who}: expected labels from 0 to {classes - 1}, got {y.min()} to {y.max()}; the model has "
                    f"{classes} outputs"
                )
            return y.astype(np.int64)
        if y.shape != outputs:
            raise InputError(
                f"{who}: expected integer labels ({n},) or probabilities {outputs} as y, got {y.dtype} of shape {y.shape}"
            )
        if y.min() < 0 or np.abs(y.sum(axis=1) - 1).max() > 1e-5:
            raise InputError(
                f"{who}: expected rows of y that are probabilities, got some that do not sum to 1"
            )
        return y.astype(dtype)

    def root(self, outputs: Array, jacobian: Array) -> Array:
        # diag(p) − p pᵀ = SᵀS with S = diag(√p) (I − 1 pᵀ).
        p = jax.nn.softmax(outputs)[:, :, None]
        return jnp.sqrt(p) * (jacobian - jnp.sum(p * jacobian, axis=1, keepdims=True))


@dataclasses.dataclass(frozen=True)
class OwnLoss(Loss):
    """A function of one sample's output and target, written for the library of the model."""

    function: Callable[..., Any]  # of JAX's arrays or torch's
    name = "a function"
    convex = False  # not known, so not declared

    def value(self, outputs: Array, targets: Array) -> Array:
        return jax.vmap(self.function)(outputs, targets)

    def targets(self, outputs: Shape, y: np.ndarray, dtype: np.dtype, who: str) -> np.ndarray:
        return y.astype(dtype) if y.dtype.kind == "f" else y


LOSSES: dict[str, Loss] = {"half_square": HalfSquare(), "cross_entropy": CrossEntropy()}


def as_loss(loss: str | Callable[..., Any], who: str) -> Loss:
    """The loss of this name, or the user's own."""
    if callable(loss):
        return OwnLoss(loss)
    return LOSSES[check.choice(loss, who, "loss", LOSSES)]

"""ModelHessian: the Hessian of a model's loss in its two parts, by products chunk after chunk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.base import check
from tutelage.base.precision import float64, require_64_bit
from tutelage.base.types import Array, ArrayLike, PyTree
from tutelage.layout import Layout
from tutelage.model.chunked_operator import ChunkedOperator
from tutelage.model.point import Point, weighted_rows
from tutelage.operators import Entries, Factor, LossHessian, Structure

_ROWS_BYTES = 1e8
"""Derivatives of single samples held at once, where these are summed."""

Outputs = Callable[[Array], Array]
Risk = Callable[[Array], Array]


def _whole(f: Outputs, risk: Risk, theta: Array, v: Array) -> Array:
    return jax.jvp(jax.grad(lambda t: risk(f(t))), (theta,), (v,))[1]


def _outer(f: Outputs, risk: Risk, theta: Array, v: Array) -> Array:
    outputs, along = jax.jvp(f, (theta,), (v,))
    curved = jax.jvp(jax.grad(risk), (outputs,), (along,))[1]
    return jax.vjp(f, theta)[1](curved)[0]


def _functional(f: Outputs, risk: Risk, theta: Array, v: Array) -> Array:
    slope = jax.grad(risk)(f(theta))
    return jax.jvp(jax.grad(lambda t: jnp.sum(slope * f(t))), (theta,), (v,))[1]


PARTS = {"whole": _whole, "outer": _outer, "functional": _functional}


class ModelHessian(ChunkedOperator, LossHessian):
    r"""Mean over samples of :math:`J^T \ell'' J` (outer) :math:`+ \sum_c \ell'_c \nabla^2 f_c` (functional).

    ℓ', ℓ'' are derivatives of the loss in the outputs f and J = ∂f/∂θ. The outer part is the generalised Gauss-Newton
    matrix, for half squares and cross entropy the Fisher information (Martens, JMLR 2020, section 9).
    """

    point: Point
    part: str = eqx.field(static=True)
    n_samples: int = eqx.field(static=True)
    columns: int = eqx.field(static=True)

    @property
    def layout(self) -> Layout:
        return self.point.model.layout

    @property
    def semidefinite(self) -> bool:
        """The outer part of a loss that is convex in the outputs is."""
        return self.part == "outer" and self.point.model.loss.convex

    @property
    def outer(self) -> ModelHessian:
        return dataclasses.replace(self, part="outer")

    @property
    def functional(self) -> ModelHessian | None:
        return None if self.part == "outer" else dataclasses.replace(self, part="functional")

    def product(self, vector: Array) -> Array:
        require_64_bit("ModelHessian.product")
        point, act = self.point, PARTS[self.part]
        direction = jnp.asarray(vector, point.model.dtype)

        def term(X: PyTree, y: Array, weight: Array) -> Array:
            return act(
                lambda theta: point.outputs(theta, X),
                lambda outputs: point.risk(outputs, y, weight),
                point.theta,
                direction,
            ).astype(jnp.float64)

        return point.summed(term, jnp.zeros(self.size, jnp.float64))

    def unravel(self, vector: ArrayLike) -> PyTree:
        """A vector (P,) as the user's pytree, zeros where parameters are frozen."""
        return self.point.model.parameters.unravel(vector, _host(self.point.frozen))

    @property
    def structure(self) -> Structure:
        rounding = float(np.finfo(self.point.model.dtype).eps)

        def entries() -> Entries:
            return Entries(relative=rounding if rounding > np.finfo(float).eps else 0.0)

        if not self.semidefinite:
            return Structure(entries=entries)
        factor = Factor(self.n_samples * self._outputs(), self.factor_rows, self._gram)
        return Structure(factor=factor, entries=entries)

    def _outputs(self) -> int:
        first = jax.tree.map(lambda leaf: leaf[0], self.point.X)
        with jax.enable_x64(True):
            shape = jax.eval_shape(self.point.outputs, self.point.theta, first).shape
        return int(np.prod(shape[1:], dtype=int))

    # --- from the derivatives of single samples, where these are known to give the part -----------------------
    def factor_rows(self) -> np.ndarray:
        """S J/√n, shape (n C, P), with SᵀS = ℓ''."""
        rows = self.n_samples * self._outputs()
        check.fits_in_memory(
            16.0 * rows * self.size, "ModelHessian.factor_rows", f"derivatives of {rows} outputs",
            f"{int(0.9 * check.available_bytes() / 16 / self.size)} outputs", "use products: method='lanczos' or 'slq'",
        )  # fmt: skip
        return np.concatenate(list(self._rows()))

    def dense(self) -> np.ndarray:
        if not self.semidefinite:
            return super().dense()
        self.require_memory()
        total = np.zeros((self.size, self.size))
        for rows in self._rows():
            total += rows.T @ rows
        return total

    def trace(self) -> float:
        if not self.semidefinite:
            return super().trace()
        return float(sum(np.vdot(rows, rows) for rows in self._rows()))

    def _gram(self) -> np.ndarray:
        rows = self.factor_rows()
        return rows @ rows.T

    @float64
    def _rows(self) -> Iterator[np.ndarray]:
        """Rows of the factor, as many samples at once as their derivatives leave room for."""
        point = self.on_device.point
        size = max(1, int(_ROWS_BYTES / (16 * self.size * self._outputs())))
        flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (point.X, point.weight))
        for start in range(0, self.n_samples, size):
            here = slice(start, min(start + size, self.n_samples))
            X, weight = jax.tree.map(lambda leaf, here=here: leaf[here], flat)
            with jax.enable_x64(True):
                yield np.asarray(weighted_rows(point, X, weight), dtype=np.float64)


def _host(frozen: Mapping[str, Array]) -> dict[str, np.ndarray]:
    return {name: np.asarray(array) for name, array in frozen.items()}

"""EmpiricalHessian: the Hessian of given data as an operator, chunked over samples."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tutelage.activations import Activation
from tutelage.empirical.derivatives import derivative_tables, derivatives
from tutelage.operators import HessianOperator

_DENSE_CHUNK_BYTES = 2e8
"""Largest slice of the Jacobian held at once by ``dense`` and ``factor``."""


class EmpiricalHessian(HessianOperator):
    r"""Mean over samples of :math:`\nabla f\,\nabla f^T + (f - y)\nabla^2 f` ([C25] (3)-(5) as printed).

    Attributes
    ----------
    X : ndarray (chunks, size, d)
        Samples, the last chunk padded with zeros.
    residual : ndarray (chunks, size)
        f(x) − y; zero on padding.
    weight : ndarray (chunks, size)
        1/n on samples, 0 on padding.
    with_outer, with_functional : bool
        Which parts are summed.
    """

    W: Any
    a: Any
    X: Any
    residual: Any
    weight: Any
    activation: Activation = eqx.field(static=True)
    trainable: tuple[str, ...] = eqx.field(static=True, default=("W", "a"))
    with_outer: bool = eqx.field(static=True, default=True)
    with_functional: bool = eqx.field(static=True, default=True)

    @property
    def n_params(self) -> int:
        return self.W.size * ("W" in self.trainable) + self.a.size * ("a" in self.trainable)

    @property
    def outer(self) -> HessianOperator:
        return self._part(True, False)

    @property
    def functional(self) -> HessianOperator | None:
        return self._part(False, True) if self.with_functional else None

    def _part(self, outer: bool, functional: bool) -> EmpiricalHessian:
        return EmpiricalHessian(
            self.W,
            self.a,
            self.X,
            self.residual,
            self.weight,
            self.activation,
            self.trainable,
            outer,
            functional,
        )

    def product(self, vector: Any) -> Any:
        W, a = jnp.asarray(self.W), jnp.asarray(self.a)
        V = vector[: W.size].reshape(W.shape) if "W" in self.trainable else jnp.zeros_like(W)
        b = vector[vector.shape[0] - a.size :] if "a" in self.trainable else jnp.zeros_like(a)

        def add(total: tuple[Any, Any], chunk: tuple[Any, Any, Any]) -> tuple[tuple[Any, Any], None]:
            x, residual, weight = chunk
            value, slope, curvature = derivatives(self.activation, x @ W.T)
            along = x @ V.T
            to_u, to_a = jnp.zeros_like(along), jnp.zeros_like(value)
            if self.with_outer:
                change = weight * (jnp.sum(a * slope * along, 1) + value @ b)
                to_u, to_a = to_u + change[:, None] * a * slope, to_a + change[:, None] * value
            if self.with_functional:
                r = (weight * residual)[:, None]
                to_u = to_u + r * (a * curvature * along + slope * b)
                to_a = to_a + r * slope * along
            return (total[0] + to_u.T @ x, total[1] + to_a.sum(0)), None

        chunks = (jnp.asarray(self.X), jnp.asarray(self.residual), jnp.asarray(self.weight))
        (out_W, out_a), _ = jax.lax.scan(add, (jnp.zeros_like(W), jnp.zeros_like(a)), chunks)
        kept = {"W": out_W.reshape(-1), "a": out_a}
        return jnp.concatenate([kept[name] for name in self.trainable])

    def dense(self) -> np.ndarray:
        self.require_memory()
        out = np.zeros((self.n_params, self.n_params))
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            if self.with_outer:
                jacobian = self._jacobian(x, value, slope) * np.sqrt(weight)[:, None]
                out += jacobian.T @ jacobian
            if self.with_functional:
                self._add_functional(out, x, residual * weight, slope, curvature)
        return (out + out.T) / 2

    def factor_rows(self) -> np.ndarray:
        """J/√n, shape (n, P): its Gram matrices are the outer-product Hessian and the NTK."""
        slices = [(x, weight, self._derivatives(x)) for x, _, weight in self._slices()]
        return np.concatenate([self._jacobian(x, v, s) * np.sqrt(w)[:, None] for x, w, (v, s, _) in slices])

    def factor(self) -> np.ndarray | None:
        size = self.factor_size()
        return self.factor_rows() if size is not None and size < self.n_params else None

    def factor_size(self) -> int | None:
        return int(np.sum(self.weight > 0)) if not self.with_functional else None

    def trace(self) -> float:
        total = 0.0
        for x, residual, weight in self._slices():
            value, slope, curvature = self._derivatives(x)
            norms = np.sum(x * x, 1)
            if "W" in self.trainable:
                if self.with_outer:
                    total += np.sum(weight * norms * np.sum((self.a * slope) ** 2, 1))
                if self.with_functional:
                    total += np.sum(weight * residual * norms * (curvature @ self.a))
            if "a" in self.trainable and self.with_outer:
                total += np.sum(weight * np.sum(value**2, 1))
        return float(total)

    def frobenius_norm(self) -> float:
        if not self.with_functional and (factor := self.factor()) is not None:
            return float(np.linalg.norm(factor @ factor.T))
        return float(np.linalg.norm(self.dense()))

    def blocks(self) -> dict[str, np.ndarray]:
        dense, n = self.dense(), self.W.size
        if len(self.trainable) == 1:
            return {self.trainable[0].lower() * 2: dense}
        return {"ww": dense[:n, :n], "wa": dense[:n, n:], "aa": dense[n:, n:]}

    # --- samples, slice by slice ------------------------------------------------------------------------------
    def _slices(self) -> Any:
        X = self.X.reshape(-1, self.X.shape[-1])
        residual, weight = self.residual.reshape(-1), self.weight.reshape(-1)
        n = int(np.sum(weight > 0))
        size = max(1, int(_DENSE_CHUNK_BYTES / (8 * self.n_params)))
        for start in range(0, n, size):
            here = slice(start, min(start + size, n))
            yield X[here], residual[here], weight[here]

    def _derivatives(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return derivative_tables(self.activation, x @ self.W.T)

    def _jacobian(self, x: np.ndarray, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
        parts = {"W": ((self.a * slope)[:, :, None] * x[:, None, :]).reshape(len(x), -1), "a": value}
        return np.concatenate([parts[name] for name in self.trainable], axis=1)

    def _add_functional(
        self, out: np.ndarray, x: np.ndarray, r: np.ndarray, slope: np.ndarray, curvature: np.ndarray
    ) -> None:
        k, d = self.W.shape
        for i in range(k):
            rows = slice(i * d, (i + 1) * d)
            if "W" in self.trainable:
                out[rows, rows] += (x * (r * self.a[i] * curvature[:, i])[:, None]).T @ x
            if len(self.trainable) == 2:
                column = x.T @ (r * slope[:, i])
                out[rows, k * d + i] += column
                out[k * d + i, rows] += column
